"""The vectors of the language as searches that make their own rows."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from splreplay import engine
from splreplay.ask import language
from splreplay.ask.language import Vector, made, vectors
from splreplay.planning import plan
from splreplay.times import TimeRange
from tests.ask.server import APP_HERE, no_events
from tests.conftest import REPO

FOLDER = REPO / "tests" / "vectors"
EVERY = list(vectors(FOLDER, APP_HERE))
ALL = [vector for vector in EVERY if not vector.left]
EXPECTED = {
    f"{path.stem.removeprefix('spl_')}: {case['claim']}": case.get("expect")
    for path in FOLDER.glob("spl_*.toml")
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
}


def replayed(search: str, time: TimeRange | None = None) -> Any:
    """Return what replay finds without a log."""
    return engine.replay(plan(APP_HERE, search, time=time), no_events()).results.rows


def test_many() -> None:
    """Every vector has a search of its own or a reason why not, and most have a search."""
    assert (True, set(EXPECTED)) == (len(ALL) > 600, {vector.name for vector in EVERY})


# The vectors that need no log, give rows, and are no search of their own all the same.
LEFT_OUT = {
    language.WRITES: {
        "collect: collect writes a result as its time, the time of the run, and its fields",
        "collect: collect writes several values as one, a line each",
        "collect: collect puts a backslash before a quote",
        "collect: collect keeps a _raw as it is",
        "collect: collect marker stands behind each event",
        "collect: collect takes info_min_time for the time before it takes _time",
        "collect: collect takes the time of the run where a result has none",
        "collect: collect output_format=hec writes JSON, several values as an array",
        "collect: collect output_format=hec takes host, source and sourcetype from the result, and no index or splunk_server",
        "collect: collect output_format=hec has the time of the run by default",
        "collect: collect output_format=hec escapes what would end a value",
    },
    language.LOOKUP: {
        "datamodel: from lookup:name gives the rows of a lookup",
        "other: lookup adds the other fields of the row that matches",
        "other: lookup outputnew keeps the values that are there",
        "other: lookup with several matches gives several values",
        "other: inputlookup reads a lookup and keeps what its predicate asks for",
        "other: inputlookup append puts its rows behind",
        "other: lookup local= and update= say where a lookup runs and whether it is read again, and change nothing here",
        "other: inputlookup takes its options behind the name too",
    },
    language.CLOCK: {
        "eval: now is the time of the run",
        "other: addinfo puts the time range on every result, all time here",
        "other: makeresults gives the time of the run",
        "search: earliest and latest cut _time, the latter exclusive",
        "search: earliest and latest take relative times, counted from the run",
    },
}


def test_left_out() -> None:
    """Of the vectors that need no log and give rows, these are no search of their own."""
    left = {
        why: {one.name for one in EVERY if one.left == why}
        for why in {one.left for one in EVERY} - {"", language.LOG, language.REFUSED}
    }
    assert LEFT_OUT == left


def test_refused() -> None:
    """Those that replay refuses are those that expect an error."""
    refused = {vector.name for vector in EVERY if vector.left == language.REFUSED}
    assert {name for name, rows in EXPECTED.items() if rows is None} == refused


@pytest.mark.parametrize(
    "vector", [pytest.param(vector, id=vector.name) for vector in ALL[::40] if vector.latest == "now"]
)
def test_as_a_search_of_its_own(vector: Vector) -> None:
    """A vector that makes its rows itself finds what it finds behind them; each 40th is tried."""
    assert EXPECTED[vector.name] == replayed(vector.search)


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.name) for vector in ALL if vector.latest != "now"])
def test_in_a_time_range(vector: Vector) -> None:
    """So does one with a time range."""
    time = TimeRange.of(vector.earliest, vector.latest, float(vector.latest))
    assert EXPECTED[vector.name] == replayed(vector.search, time)


ROWS: list[dict[str, Any]] = [
    {"a": 'x"y\\d\n%41`é', "_time": "12.5", "b c": ["1", "two, three"]},
    {"a": "", "#k0": "{}"},
    {"_raw": "text"},
]


def test_made() -> None:
    """Rows are made as they are, whatever their names and values."""
    assert ROWS == replayed(made(ROWS))


@pytest.mark.parametrize("rows", [[], [{}], [{}, {}]])
def test_made_of_nothing(rows: list[dict[str, Any]]) -> None:
    """So are no rows, and rows without a value."""
    assert rows == replayed(made(rows))


def test_what_is_not_asked() -> None:
    """A vector is not asked that writes, or that reads events, a lookup, a data model or the clock."""
    words = (
        "collect",
        "outputlookup",
        "inputlookup",
        "lookup ",
        "| tstats",
        "datamodel",
        "now()",
        "addinfo",
        "[search",
        "| search index",
    )
    assert [] == [vector.name for vector in ALL if any(word in vector.search for word in words)]
