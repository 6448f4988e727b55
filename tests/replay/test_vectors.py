"""What each command of SPL means: cases in tests/vectors/spl_*.toml, each with its claim."""

from __future__ import annotations

import tomllib
from typing import Any

import duckdb
import pytest

from splreplay.app import App
from splreplay.errors import SplError
from splreplay.parser import parse
from splreplay.recording import connect
from splreplay.run import Run
from splreplay.run.execute import execute
from splreplay.times import TimeRange
from tests.conftest import REPO
from tests.replay.network import NOON
from tests.replay.rows import dataset
from tests.replay.searches import behind, new_run

FILES = sorted((REPO / "tests" / "vectors").glob("spl_*.toml"))
CASES = [
    pytest.param(case, id=f"{path.stem.removeprefix('spl_')}: {case['claim']}")
    for path in FILES
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]
PROCESSES = "Endpoint.Processes"


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    """An empty database for all cases: opening one takes ten times as long as running a case."""
    return connect()


def _run(case: dict[str, Any], database: duckdb.DuckDBPyConnection) -> tuple[Run, list[str], Any]:
    """Run a case's search with its own tables: over a data model of its rows if it starts with a pipe, else on them."""
    rows = case.get("rows", [])
    run = new_run(database.cursor(), App(REPO), TimeRange(NOON, case.get("earliest"), case.get("latest")))
    if case["spl"].startswith("|"):
        names = _names(rows) or ["_time"]
        run.models.datasets = {PROCESSES: dataset(run.stages.connection, names, rows)}
        found = execute(parse(case["spl"]), run)
    else:
        found = behind(run, case["spl"], rows)
    return run, list(found.columns), run.stages.fetch(found)


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any], database: duckdb.DuckDBPyConnection) -> None:
    """The search gives exactly the results or the error that its case says; columns and warnings if they are listed."""
    if "error" in case:
        with pytest.raises(SplError) as refused:
            _run(case, database)
        assert case["error"].strip("\n") == str(refused.value)
        return
    run, columns, found = _run(case, database)
    assert case["expect"] == found
    assert case.get("columns", columns) == columns
    warnings = [notice.text for notice in run.notices]
    assert case.get("warnings", warnings) == warnings


def test_claims_are_many_and_distinct() -> None:
    """The specification holds at least four hundred claims, none of them twice."""
    claims = [case.values[0]["claim"] for case in CASES]
    assert len(claims) == len(set(claims)) >= 400


def test_every_file_names_its_source() -> None:
    """Each file of vectors says at its start where its rules come from."""
    heads = {path.name: path.read_text(encoding="utf-8").partition("\n\n")[0] for path in FILES}
    assert [] == [name for name, head in heads.items() if "Source: Search Reference" not in head]
