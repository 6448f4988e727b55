"""Replay and a second executor, made from the documentation alone, agree on searches and rows made at random."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from splreplay.app import App
from splreplay.errors import UnsupportedError
from splreplay.parser import parse
from splreplay.recording import connect
from splreplay.run.execute import execute
from splreplay.times import TimeRange
from tests.conftest import REPO
from tests.oracle import beside, commands, expressions, pipelines, tables
from tests.replay.rows import dataset
from tests.replay.searches import behind, new_run

pytestmark = pytest.mark.slow

assert tables and beside, "their meanings are registered"
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "30"))
CONNECTION = connect()
CONNECTION.execute("SET threads = 1")  # a handful of rows need no more
APP = App(REPO)
Rows = list[dict[str, Any]]


def agree(text: str, rows: Rows) -> None:
    """Fail unless both give the same rows in the same order, with the same fields."""
    pipeline = parse(f"| makeresults | {text}")[1:]
    names = list(dict.fromkeys(name for row in rows for name in row))
    run = new_run(CONNECTION.cursor(), APP, TimeRange(expressions.NOW))
    try:
        found = behind(run, text, rows)
    except UnsupportedError as error:
        # Refused for what the rows hold, which the oracle does not look at.
        if "multivalue" in str(error) or "order of their _time" in str(error):
            return
        raise
    expected = commands.run(pipeline, commands.Results(names, rows))
    assert rounded(commands.shown(expected)) == rounded(run.stages.fetch(found))
    assert expected.fields == list(found.columns)


def rounded(rows: Rows) -> Rows:
    """Fractions to nine digits, as the two add up in different orders."""
    return [{name: _nine(value) for name, value in row.items()} for row in rows]


def _nine(value: Any) -> Any:
    long = isinstance(value, str) and re.fullmatch(r"-?\d+\.\d{9,}(e[-+]\d+)?", value)
    return f"{float(value):.9g}" if long else value


given_rows = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@given_rows
@given(pipelines.VALUE, pipelines.ROWS)
def test_values(value: str, rows: Rows) -> None:
    """An eval expression has the same value for both."""
    agree(f"eval r={value}", rows)


@pytest.mark.parametrize("name", pipelines.COMMANDS)
@given_rows
@given(st.data(), pipelines.ROWS)
def test_command(name: str, data: st.DataObject, rows: Rows) -> None:
    """A command gives the same rows, in the same order, with the same fields."""
    agree(data.draw(pipelines.COMMANDS[name]), rows)


@given_rows
@given(pipelines.PIPELINE, pipelines.ROWS)
def test_pipelines(pipeline: str, rows: Rows) -> None:
    """Commands one behind the other give the same rows, in the same order, with the same fields."""
    agree(pipeline, rows)


@given_rows
@given(pipelines.TSTATS, pipelines.MODEL_ROWS)
def test_tstats(search: str, rows: Rows) -> None:
    """A tstats over a data model gives the same rows, in the same order."""
    names = ["_time", "a", "b", "c"]
    cursor = CONNECTION.cursor()
    run = new_run(cursor, APP, TimeRange(expressions.NOW), {"Endpoint.Processes": dataset(cursor, names, rows)})
    found = execute(parse(search), run)
    expected = commands.run(parse(search), commands.Results(names, rows))
    assert rounded(commands.shown(expected)) == rounded(run.stages.fetch(found))


@pytest.mark.parametrize("part", ["a", "the same"])
def test_alone(part: str) -> None:
    """What replay makes of a row does not depend on the rows beside it: here a row with several values."""
    rows: Rows = [{"a": "1", "m": part}, {"a": "1", "m": ["x", "y"]}]
    agree("where m=a OR NOT m=b", rows)
