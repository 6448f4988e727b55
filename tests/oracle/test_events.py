"""Searches of events over real recordings: replay and a second reader and searcher keep the same events, and no others."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

import splreplay
from splreplay.parser import parse
from splreplay.run import Run
from splreplay.run.events import FILE
from splreplay.run.execute import execute, transform
from splreplay.run.stages import Table
from splreplay.times import TimeRange
from tests.conftest import REPO
from tests.oracle import commands, recordings
from tests.oracle.content import event_searches
from tests.oracle.event_searches import Events, Predicate
from tests.replay.searches import new_run

pytestmark = pytest.mark.slow

DATA, CONTENT = REPO.parent / "shared" / "data", REPO.parent / "shared" / "content" / "security_content"
XML = ["installutil_recording_otrf_2020-09-19_sysmon_all.xml.gz", "installutil_security_otrf_2020-09-19.xml"]
SHOWN = ["EventCode", "EventID", "Channel", "Computer", "host", "source", "sourcetype", "index", "EventRecordID"]
HIDDEN = {"eventtype"}  # an event has others, too
VECTORS = tomllib.loads((REPO / "tests" / "vectors" / "event_searches.toml").read_text(encoding="utf-8"))
APP = splreplay.App(REPO)
Rows = list[dict[str, Any]]


# Which fields the add-ons make of Windows' own is the business of tests/cim: a search that names one is left to it.
OWN = frozenset({"host", "source", "sourcetype", "index", "eventtype"})


def public() -> Iterator[tuple[str, str, Predicate]]:
    """Yield the name, text and predicate of the public searches that name no field of an add-on's."""
    for name, text in event_searches(CONTENT):
        try:
            predicate = Predicate(text)
        except (ValueError, AssertionError):
            continue
        made = {field for field in predicate.fields - OWN if field[0].islower() or "_" in field}
        if not made and not predicate.fields & recordings.UNSURE:
            yield name, text, predicate


class Read(NamedTuple):
    """The same recordings, read by replay and by the oracle.

    Args:
        recording: As replay read them, with every value and the text of each event.
        run: A run over them, and all their events in it: to take them out of the log anew for each search would cost half a second.
        events: As the oracle read them.
    """

    recording: splreplay.Recording
    run: Run
    every: Table
    events: Events


@pytest.fixture(scope="module")
def read(shared_data) -> Read:
    """All recordings, read once each; an event of the oracle knows which one it is from."""
    paths = [*sorted((shared_data / "otrf").iterdir()), *(shared_data / name for name in XML)]
    rows = [row | {FILE: str(path)} for path in paths for row in recordings.read(path)]
    recording = splreplay.record([str(path) for path in paths], splreplay.plan(APP, "search word").fields)
    named = {name for case in VECTORS["search"] for name in Predicate(case["spl"]).fields}
    named |= {name for _, _, predicate in public() for name in predicate.fields}
    text = f"search * | table _raw {' '.join(sorted({FILE, *SHOWN, *named}))}"
    run = new_run(recording.connection.cursor(), APP, TimeRange.of())
    run.naming = text  # no other fields need be made
    every = execute(parse(text), run)
    return Read(recording, run, every, Events(rows))


def replayed(read: Read, search: str) -> Rows:
    """Return the rows of a search, behind all events, as replay has them."""
    return list(read.run.stages.fetch(transform(read.every, parse(f"| makeresults | {search}")[1:], read.run)))


def expected(read: Read, predicate: Predicate, names: Iterable[str]) -> Rows:
    """Return the events that the oracle keeps, with some of their fields."""
    kept = [read.events.rows[place] for place in predicate.kept(read.events)]
    return [{name: row[name] for name in names if name in row} for row in kept]


def outcomes(rows: Rows) -> dict[str, str]:
    """Return, for each recording with a hit, how many there are, and a digest of their fields."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(_name(row), []).append(json.dumps(row, sort_keys=True))
    return {name: f"{len(one)} {_digest(one)}" for name, one in sorted(found.items())}


def _name(row: Mapping[str, Any]) -> str:
    """Return the name of the recording that an event is from."""
    return str(row[FILE]).rpartition("/")[2].partition(".")[0]


def _digest(rows: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()[:12]


@pytest.mark.parametrize("case", VECTORS["search"], ids=lambda case: case["spl"])
def test_search(case: Mapping[str, Any], read: Read) -> None:
    """An analyst's search keeps so many events of each recording, the same ones for both, with the same values."""
    predicate = Predicate(case["spl"])
    assert not predicate.fields & recordings.UNSURE
    names = list(dict.fromkeys([FILE, *SHOWN, *sorted(predicate.fields - HIDDEN)]))
    rows = replayed(read, f"search {case['spl']} | table {' '.join(names)}")
    assert outcomes(expected(read, predicate, names)) == outcomes(rows)
    counts = Counter(_name(row) for row in rows if "/otrf/" in row[FILE])
    assert case["hits"] == [f"{name} {count}" for name, count in sorted(counts.items())]


@pytest.mark.parametrize("case", VECTORS["pipeline"], ids=lambda case: case["spl"])
def test_pipeline(case: Mapping[str, Any], read: Read) -> None:
    """Commands behind a search of events give the same rows for both."""
    predicate, _, behind = case["spl"].partition("|")
    kept = [read.events.rows[place] for place in sorted(Predicate(predicate).kept(read.events))]
    wanted = commands.run(parse(f"| makeresults | {behind}")[1:], commands.Results(sorted(read.events.fields), kept))
    rows = list(splreplay.replay(splreplay.plan(APP, f"search {case['spl']}"), read.recording).results.rows)
    assert _sorted(commands.shown(wanted)) == _sorted(rows)
    assert case["rows"] == len(rows)


def _sorted(rows: Rows) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def test_public_searches(read: Read) -> None:
    """The first search of public detections keeps the same events of each recording for both: hits and misses."""
    if not CONTENT.is_dir():
        pytest.skip("the public detections (../shared/content) are not on this machine")
    wanted, found = {}, {}
    for name, text, predicate in public():
        names = list(dict.fromkeys([FILE, *SHOWN, *sorted(predicate.fields - HIDDEN)]))
        wanted[name] = outcomes(expected(read, predicate, names))
        found[name] = outcomes(replayed(read, f"search {text} | table {' '.join(names)}"))
    assert wanted == found
    hits = sum(map(len, found.values()))
    assert (160, 75) <= (len(found), hits) and sum(not one for one in found.values()) >= 100
