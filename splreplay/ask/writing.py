"""With --write: the shipped recording is sent to an index, and what each saved search finds in it is compared, finding by finding.

The recording's hosts are invented, so that no event of the site is among what is compared and kept. Its day is moved to the last one
on which all its events lie in the past. The searches read that day up to the hour at which the recording is over, as the scheduled one
would in the run that ends there. Nothing else is written: a search that ends in `collect` runs without it, and one that is run by its
text has no alert action and no throttling.

Source: REST API Reference Manual, "Input endpoint descriptions" (receivers/simple), "Index endpoint descriptions" (data/indexes).
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from splreplay import engine
from splreplay.app import App
from splreplay.ask import questions
from splreplay.ask.answer import Answer
from splreplay.ask.asking import Verdict, judged, verdict
from splreplay.ask.client import NO_SPLUNK, RefusedError, SlowError, Splunk
from splreplay.ask.language import may_write
from splreplay.ask.site import CIM, MODELS, OURS, SYSMON, Site
from splreplay.errors import DataError, UsageError
from splreplay.planning import plan
from splreplay.recording import record
from splreplay.run import Means
from splreplay.times import TimeRange

RECORDING = Path("tests/recordings/installutil_attack.xml")
DAY, LAST = "2025-06-17", "10:00:00"  # of the recording, and when it is over
HOSTS = ("DEV-007.corp.example.com", "WKS-014.corp.example.com")
SOURCE, SOURCETYPE = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational", "XmlWinEventLog"
NEEDED = (OURS, CIM, SYSMON)
# Those of a finding that depend neither on when its search ran nor on the time zone. The last two are those of risk modifiers, and
# depend on the lookups of the app, which a site may have changed.
FIELDS = (
    "dest, user, parent_process_name, process_name, process, process_id, process_guid, connection_to_CNC, dest_port, match_basis, "
    "risk_object, risk_object_type"
)
# For each data model, how many of the recording's events it has; where it has none, the site's macro leaves the index out.
SEEN = {
    "Endpoint": "| tstats count from datamodel=Endpoint.Processes where Processes.dest IN ({})",
    "Network_Traffic": "| tstats count from datamodel=Network_Traffic.All_Traffic where All_Traffic.dvc IN ({})",
}
WAITS, WAIT_S = 30, 2.0  # how often it is looked whether all events are there, and how long between
# Splunk looks for the time of an event in its first 128 characters (props.conf, MAX_TIMESTAMP_LOOKAHEAD); SystemTime is behind them.
LATE = (
    "the index has the events of --write at the time of their arrival, not at their own: "
    "give props.conf the stanza of docs/ask.md, and name another index"
)


@dataclass(frozen=True)
class Moved:
    """The recording, moved to another day: its events, the start of the day, and when it is over, in epoch seconds."""

    events: list[str]
    start: int
    end: int


def moved(text: str, now: float) -> Moved:
    """Return the recording *text*, moved to the last day on which all of it lies before *now*."""
    at = datetime.fromtimestamp(now, UTC)
    day = at.date() if at.strftime("%H:%M:%S") > LAST else at.date() - timedelta(days=1)
    events = re.findall(r"<Event .*?</Event>", text.replace(DAY, day.isoformat()), re.S)
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    hours, minutes, seconds = map(int, LAST.split(":"))
    return Moved(events, start, start + hours * 3600 + minutes * 60 + seconds)


def compare(
    splunk: Splunk,
    app: App,
    index: str,
    answer: Answer,
    site: Site,
    now: Callable[[], float] = time.time,
) -> None:
    """Send what *index* lacks of the recording, and put into *answer* what is found in it.

    That is what each saved search finds, what the questions about the recording answer, and what was not done, and why. What *answer* holds already is not asked again, and the recording not sent for it.

    Raises:
        UsageError: For an index that is not there.
        DataError: If Splunk does not answer, or the events do not arrive.
    """
    needed = (*NEEDED, *MODELS)
    if lacking := [name for name in needed if name not in {**site.apps, **site.models}]:
        answer.left_out = [*answer.left_out, f"the recording was not sent, for {', '.join(lacking)} is not there"]
        return answer.write()
    texts = {name: narrowed(saved.search) for name, saved in app.saved_searches.items()}
    asked = [("written", name, text) for name, text in texts.items() if not may_write(app, text)]
    asked += [("questions", one.id, one.search) for one in questions.load() if one.compare == "recording"]
    open_ = [one for one in asked if not answer.has(*one)]
    left_out = [*answer.left_out, *_left_out(app)]
    if not open_:
        answer.left_out = left_out
        return answer.write()
    if index not in splunk.names("data/indexes", "search"):
        raise UsageError(f"there is no index {index}", "make an empty one for this, and name it with --write")
    if not (app.folder / RECORDING).is_file():
        raise UsageError("the recording is not here", "run in a checkout, which has it")
    recording = moved((app.folder / RECORDING).read_text(encoding="utf-8"), now())
    _send(splunk, index, recording)
    if _missing(splunk, index, recording, recording.start, recording.end):
        answer.lacks = [*answer.lacks, LATE]
        return answer.write()
    if unseen := [name for name in SEEN if not _seen(splunk, name, recording)]:
        macros = " and ".join(f"cim_{name}_indexes" for name in unseen)
        answer.lacks = [*answer.lacks, f"the data models see no event of the index of --write: add it to {macros}"]
        return answer.write()
    answer.left_out = left_out
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "recording.xml")
        log.write_text("\n".join(recording.events), encoding="utf-8")
        for section, name, search in open_:
            found, more = judged(answer, partial(_compared, splunk, app, search, site, recording, log))
            answer.add(section, name, search, found, **more)
            answer.write()


def narrowed(search: str) -> str:
    """Return a search, without a last `collect`, that finds what is on the recording's hosts alone, in the fields that are compared."""
    return f"{_without_collect(search)}\n| search dest IN ({', '.join(HOSTS)}) | table {FIELDS}"


def _without_collect(search: str) -> str:
    before, _, last = search.rpartition("|")
    return before.rstrip() if last.split()[:1] == ["collect"] else search


def _left_out(app: App) -> Iterator[str]:
    """Yield what of the saved searches was not run as it is, and why."""
    for name, saved in app.saved_searches.items():
        if saved.scheduled:
            yield f"{name} was run by its text: its schedule, its throttling and its actions were not asked"
        if may_write(app, narrowed(saved.search)):
            yield f"{name} was not run: it may write, or replay does not read it"
        elif _without_collect(saved.search) != saved.search:
            yield f"{name} was run without its collect: nothing but the recording was written"


def _send(splunk: Splunk, index: str, recording: Moved) -> None:
    """Send the events that are not there, and wait until all are found."""
    for event in _missing(splunk, index, recording):
        splunk.send(event, index, _key(event)[0], SOURCE, SOURCETYPE)
    for _ in range(WAITS):
        if not _missing(splunk, index, recording):
            return
        time.sleep(WAIT_S)
    raise DataError(
        f"not all {len(recording.events)} events are found in the index {index}",
        remedy="run the same command again in a minute",
    )


def _missing(splunk: Splunk, index: str, recording: Moved, start: int = 0, end: int | None = None) -> list[str]:
    """Return the events that the index does not have, at whatever time; or has not from *start* to *end*, in epoch seconds."""
    hosts = " OR ".join(f"host={host}" for host in HOSTS)
    search = (
        f'index="{index}" sourcetype={SOURCETYPE} ({hosts}) | rex "SystemTime=\'(?<at>[^\']+)\'" '
        '| rex "<EventRecordID>(?<record>\\d+)<" | table host record at'
    )
    rows = _rows(splunk, search, start, "now" if end is None else end)
    there = {tuple(str(row.get(name)) for name in ("host", "record", "at")) for row in rows}
    return [event for event in recording.events if _key(event) not in there]


def _key(event: str) -> tuple[str, ...]:
    """Return the host, the number and the time of an event of the recording, which together are those of no other."""
    found = [
        re.search(form, event) for form in ("<Computer>([^<]+)<", "<EventRecordID>([^<]+)<", "SystemTime='([^']+)'")
    ]
    return tuple(one[1] for one in found if one)


def _seen(splunk: Splunk, model: str, recording: Moved) -> bool:
    """Return whether a data model has an event of the recording."""
    try:
        search = SEEN[model].format(", ".join(HOSTS))
        return int(_rows(splunk, search, recording.start, recording.end)[0]["count"]) > 0
    except (ValueError, TypeError, LookupError) as error:
        raise DataError(f"what Splunk counts in the data model {model} is no number", remedy=NO_SPLUNK) from error


def _rows(splunk: Splunk, search: str, start: int, end: int | str) -> list[dict[str, Any]]:
    """Return what a search finds from *start* to *end*; DataError if it does not run."""
    try:
        return splunk.search(search, "search", str(start), str(end))
    except (RefusedError, SlowError) as error:
        remedy = "look whether this user may search the index, or give it more time with --timeout"
        raise DataError("Splunk does not search for the events of the recording", remedy=remedy) from error


def _compared(splunk: Splunk, app: App, search: str, site: Site, recording: Moved, log: Path) -> Verdict:
    """Return whether Splunk finds in the recording what replay finds in *log*, which is the same."""
    start, end = str(recording.start), str(recording.end)
    planned = plan(app, search, site.addon, TimeRange.of(start, end, recording.end))
    ours = engine.replay(planned, record([str(log)], planned.fields), Means(sys.executable)).results.rows
    return verdict(splunk.search(search, OURS, start, end), ours)
