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
    """Logs, loaded: a database with the events, what was read, and the folder where the events lie."""

    connection: duckdb.DuckDBPyConnection
    report: LoadReport
    folder: tempfile.TemporaryDirectory[str] | None = None


@dataclass(frozen=True)
class Replayed:
    """One search, run: its plan, its results, and what each command did."""

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
        fields: The fields that will be read, as plans tell them; others are then not there.
        cache: A folder where later runs find them read, with all fields, as those may search for others.
        progress: Called now and then while a log is read.
    """
    connection = connect()
    folder = tempfile.TemporaryDirectory(prefix="replay-", ignore_cleanup_errors=True)
    kept = cim.FIELDS if cache else fields
    report = logs.load(connection, paths, kept, Path(folder.name), cache=cache, progress=progress)
    return Recording(connection, report, folder)


def nothing() -> Recording:
    """Return a recording of no events, over which a search can be planned."""
    connection = connect()
    logs.create_table(connection, cim.FIELDS)
    return Recording(connection, LoadReport(()))


def connect() -> duckdb.DuckDBPyConnection:
    """Return an empty database in memory that knows what our SQL calls, and never reaches for the network."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    connection = duckdb.connect(":memory:", config=settings)
    # It would go to standard output, among the results.
    connection.execute("SET enable_progress_bar = false")
    # The database is thrown away: writing checkpoints of it costs seconds per half million events.
    connection.execute("SET checkpoint_threshold = '1TB'")
    values.create_macros(connection)
    functions.create_functions(connection)
    return connection


def replay(plan: Plan, recording: Recording, means: Means | None = None) -> Replayed:
    """Run a search over a recording; SplError for whatever is wrong with the search or the logs, in words for the user."""
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
    # Where a search is blind is said last: it explains the results.
    notices = sorted(run.notices, key=lambda notice: notice.kind == "blind")
    return Replayed(plan, Results(list(rows.columns), results, notices), run.steps)


def app_folder() -> Path:
    """Return the app that this checkout is."""
    return Path(__file__).resolve().parent.parent
