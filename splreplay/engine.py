"""A replay from the log to the results, on one page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from splreplay import cim, logs
from splreplay.cim.blind import blind_spots, outside
from splreplay.errors import UnsupportedError
from splreplay.logs import LoadReport, Log
from splreplay.output import Results
from splreplay.planning import Plan
from splreplay.run import Means, Models, Run, Step
from splreplay.run.execute import execute
from splreplay.run.stages import Stages
from splreplay.sql import functions, values


@dataclass
class Recording:
    """Logs that were read: the database with their events, a report, and the folder that holds the events."""

    connection: duckdb.DuckDBPyConnection
    report: LoadReport
    folder: tempfile.TemporaryDirectory[str] | None = None


@dataclass(frozen=True)
class Replayed:
    """A search that was run: its plan, its results, and what each command did."""

    plan: Plan
    results: Results
    steps: Sequence[Step] = field(default_factory=tuple)


def record(
    paths: Sequence[str],
    fields: Sequence[str] = cim.FIELDS,
    *,
    cache: Path | None = None,
    progress: Callable[[Log], None] = lambda log: None,
) -> Recording:
    """Return the logs at *paths* loaded; DataError for one that cannot be read or holds no event.

    Args:
        paths: The logs.
        fields: The fields that the plans read; no others are kept.
        cache: A folder that keeps the events for later runs. It gets all fields, since later searches may read others.
        progress: Called now and then while a log is read.
    """
    connection = connect()
    folder = tempfile.TemporaryDirectory(prefix="replay-", ignore_cleanup_errors=True)
    kept = cim.FIELDS if cache else fields
    report = logs.load(connection, paths, kept, Path(folder.name), cache=cache, progress=progress)
    return Recording(connection, report, folder)


def nothing() -> Recording:
    """Return a recording without events, to try a search on."""
    connection = connect()
    logs.create_table(connection, cim.FIELDS)
    return Recording(connection, LoadReport(()))


def connect() -> duckdb.DuckDBPyConnection:
    """Return an empty database in memory that has the functions that our SQL calls, and never uses the network."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    connection = duckdb.connect(":memory:", config=settings)
    # The progress bar would be written to standard output, between the results.
    connection.execute("SET enable_progress_bar = false")
    # The database is thrown away, and checkpoints of it would cost seconds per half million events.
    connection.execute("SET checkpoint_threshold = '1TB'")
    values.create_macros(connection)
    functions.create_functions(connection)
    return connection


def replay(plan: Plan, recording: Recording, means: Means | None = None) -> Replayed:
    """Run a search over a recording; SplError, in words for the user, for whatever is wrong with the search or the logs."""
    for error in plan.errors:
        raise error
    connection = recording.connection.cursor()
    models = Models(cim.datasets(connection, plan.addon), plan.shared)
    run = Run(Stages(connection), plan.app, plan.time, models, means or Means())
    try:
        with run.ending, run.failing:
            for command in plan.pipeline:
                command.prepare(run)
            rows = execute(plan.pipeline, run)
            run.failing.pop_all()  # it has not failed
    except RecursionError as error:
        raise UnsupportedError("the search nests deeper than replay reads") from error
    results = run.stages.fetch(rows)
    for text in blind_spots(connection, models.datasets, models.decided_by):
        run.say("blind", text)
    if not results:
        for text in outside(connection, plan.time.earliest, plan.time.latest):
            run.say("blind", text)
    # Blind spots come last, because they explain the results.
    notices = sorted(run.notices, key=lambda notice: notice.kind == "blind")
    return Replayed(plan, Results(list(rows.columns), results, notices), run.steps)


def app_folder() -> Path:
    """Return the app that this checkout is."""
    return Path(__file__).resolve().parent.parent
