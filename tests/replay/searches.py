"""Searches as tests run them: over a recording, or after given rows."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from splreplay import engine
from splreplay.app import App
from splreplay.cim import Dataset
from splreplay.logs.facts import Facts
from splreplay.parser import parse
from splreplay.planning import plan
from splreplay.recording import Recording
from splreplay.run import Means, Models, Run
from splreplay.run.execute import transform
from splreplay.run.stages import Stages, Table
from splreplay.times import TimeRange


def replay(
    recording: Recording,
    app: App,
    search: str,
    addon: str = "current",
    *,
    earliest: str | None = None,
    latest: str | None = None,
    now: float | None = None,
    python: str | None = sys.executable,
    collect: Path | None = None,
) -> engine.Replayed:
    """Plan a search and run it over a recording."""
    planned = plan(app, search, addon, TimeRange.of(earliest, latest, now))
    return engine.replay(planned, recording, Means(python, collect))


def new_run(
    connection: duckdb.DuckDBPyConnection,
    app: App,
    time: TimeRange,
    datasets: Mapping[str, Dataset] | None = None,
) -> Run:
    """Return a run that has not started."""
    return Run(Stages(connection), app, time, Facts(connection), models=Models(datasets or {}))


def behind(run: Run, spl: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the results of commands that follow *rows*."""
    _, *commands = parse(f"| makeresults | {spl}")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return transform(run.stages.from_python(names, rows), commands, run)
