"""With --write: the shipped recording is sent to an index, and what the searches find in it is compared, finding by finding.

The recording's hosts are invented, so that no event of the site is among what is compared and kept. Its day is moved to the last one
on which all its events lie in the past.

Source: REST API Reference Manual, "Input endpoint descriptions" (receivers/simple), "Index endpoint descriptions" (data/indexes).
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from splreplay import engine
from splreplay.app import App
from splreplay.ask.answer import Answer, comparable, told
from splreplay.ask.app import OURS, RUN
from splreplay.ask.client import RefusedError, SlowError, Splunk
from splreplay.errors import DataError, UsageError
from splreplay.planning import plan
from splreplay.times import TimeRange

RECORDING = Path("tests/recordings/installutil_attack.xml")
DAY, LAST = "2025-06-17", "10:00:00"  # of the recording, and when it is over
HOSTS = ("DEV-007.corp.example.com", "WKS-014.corp.example.com")
SOURCE, SOURCETYPE = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational", "XmlWinEventLog"
NEEDED = (OURS, "Splunk_SA_CIM", "Splunk_TA_microsoft_sysmon")
# Those that do not depend on a site's lookups, or on when its search ran.
FIELDS = (
    "dest, user, parent_process_name, process_name, process, process_id, process_guid, connection_to_CNC, dest_port"
)
WAITS, WAIT_S = 30, 2.0  # how often it is looked whether all events are there, and how long between


@dataclass(frozen=True)
class Moved:
    """The recording, moved to another day: its events, and the day's start and end in epoch seconds."""

    events: list[str]
    start: int
    end: int


def moved(text: str, now: float) -> Moved:
    """Return the recording *text*, moved to the last day on which all of it lies before *now*."""
    at = datetime.fromtimestamp(now, UTC)
    day = at.date() if at.strftime("%H:%M:%S") > LAST else at.date() - timedelta(days=1)
    events = re.findall(r"<Event .*?</Event>", text.replace(DAY, day.isoformat()), re.S)
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    return Moved(events, start, start + 86_400)


def compare(
    splunk: Splunk,
    app: App,
    index: str,
    answer: Answer,
    installed: Mapping[str, str],
    now: Callable[[], float] = time.time,
) -> list[str]:
    """Send the recording to *index*, unless it is there, compare what is found, and return what was not done and why.

    Raises:
        UsageError: For an index that is not there, or holds some of the recording's events and not all.
        DataError: If Splunk does not answer, or the events do not arrive.
    """
    if lacking := [name for name in NEEDED if name not in installed]:
        return [f"nothing was sent; what is not installed there: {', '.join(lacking)}"]
    if index not in splunk.names("data/indexes", "search"):
        raise UsageError(f"there is no index {index}", "make an empty one for this, and name it with --write")
    if not (app.folder / RECORDING).is_file():
        raise UsageError("the recording is not here", "run in a checkout, which has it")
    recording = moved((app.folder / RECORDING).read_text(encoding="utf-8"), now())
    _send(splunk, index, recording)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "recording.xml")
        log.write_text("\n".join(recording.events), encoding="utf-8")
        for name, saved in app.saved_searches.items():
            if name.endswith(RUN):
                _compare(splunk, app, name, saved.search, log, recording, answer)
    answer.write()
    return []


def narrowed(search: str) -> str:
    """Return a search that finds what is on the recording's hosts alone, in the fields that are compared."""
    return f"{search}\n| search dest IN ({', '.join(HOSTS)}) | table {FIELDS}"


def _send(splunk: Splunk, index: str, recording: Moved) -> None:
    """Send the events, unless they are there, and wait until all are found."""
    there = _count(splunk, index, recording)
    wanted = len(recording.events)
    if there not in (0, wanted):
        raise UsageError(
            f"the index {index} holds {there} of the recording's {wanted} events", "name an empty index with --write"
        )
    if not there:
        for event in recording.events:
            host = next(host for host in HOSTS if f"<Computer>{host}</Computer>" in event)
            splunk.send(event, index, host, SOURCE, SOURCETYPE)
    for _ in range(WAITS):
        if _count(splunk, index, recording) == wanted:
            return
        time.sleep(WAIT_S)
    raise DataError(
        f"not all {wanted} events are found in the index {index}", remedy="run the same command again in a minute"
    )


def _count(splunk: Splunk, index: str, recording: Moved) -> int:
    """Return how many events of the recording's hosts and source type the index has on its day."""
    text = f'index="{index}" sourcetype={SOURCETYPE} ({" OR ".join(f"host={host}" for host in HOSTS)}) | stats count'
    try:
        rows = splunk.search(text, "search", str(recording.start), str(recording.end))
    except (RefusedError, SlowError) as error:
        raise DataError(f"Splunk does not search the index {index}: {told(str(error))}") from error
    return int(rows[0]["count"]) if rows else 0


def _compare(splunk: Splunk, app: App, name: str, search: str, log: Path, recording: Moved, answer: Answer) -> None:
    """Put into *answer* whether a search finds the same in both."""
    text = narrowed(search)
    planned = plan(app, text, time=TimeRange.of(str(recording.start), str(recording.end), recording.end))
    ours = engine.replay(planned, engine.record([str(log)], planned.fields)).results.rows
    try:
        found = splunk.search(text, OURS, str(recording.start), str(recording.end))
    except SlowError:
        answer.add("written", name, text, "slow")
    except RefusedError as error:
        answer.add("written", name, text, "refused", message=told(str(error)))
    else:
        theirs, expected = comparable(found, ours), comparable(ours, ours)
        more = {} if theirs == expected else {"splunk": theirs, "replay": expected}
        answer.add("written", name, text, "differs" if more else "agrees", **more)
