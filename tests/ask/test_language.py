"""The vectors of the language as searches that make their own rows."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from splreplay import engine
from splreplay.ask.language import Vector, made, vectors
from splreplay.planning import plan
from tests.ask.server import APP_HERE, nothing
from tests.conftest import REPO

FOLDER = REPO / "tests" / "vectors"
ALL = list(vectors(FOLDER, APP_HERE))
EXPECTED = {
    f"{path.stem.removeprefix('spl_')}: {case['claim']}": case.get("expect")
    for path in FOLDER.glob("spl_*.toml")
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
}


def replayed(search: str) -> Any:
    """Return what replay finds without a log."""
    return engine.replay(plan(APP_HERE, search), nothing()).results.rows


def test_many() -> None:
    """Most vectors need no log, and are asked."""
    assert len(ALL) > 450


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.name) for vector in ALL[::40]])
def test_as_a_search_of_its_own(vector: Vector) -> None:
    """A vector that makes its rows itself finds what it finds behind them; each 40th is tried."""
    assert EXPECTED[vector.name] == replayed(vector.search)


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
