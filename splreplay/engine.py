"""A replay from the log to the results, on one page."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from splreplay import cim, interrupt, logs, resources
from splreplay.cim.blind import blind_spots, outside
from splreplay.errors import SplError, UnsupportedError
from splreplay.logs import LoadReport, Log
from splreplay.logs.names import Wanted
from splreplay.logs.report import Passed
from splreplay.output import Notice, Results
from splreplay.planning import Plan
from splreplay.run import Means, Models, Run, Step
from splreplay.run.execute import execute, shown
from splreplay.run.stages import Compiled, Stages
from splreplay.sql import functions, pcre, values
from splreplay.sql.values import literal

# What the data models read.
DATA_MODELS = Wanted(cim.FIELDS)
EVERYTHING = Wanted(cim.FIELDS, every=True, raw=True)


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
    fields: Wanted = DATA_MODELS,
    *,
    cache: Path | None = None,
    progress: Callable[[Log], None] = lambda log: None,
    passed: list[Passed] | None = None,
) -> Recording:
    """Return the logs at *paths* loaded; DataError for one that cannot be read or holds no event.

    Args:
        paths: The logs.
        fields: The fields that the plans read; no others are kept.
        cache: A folder that keeps the events for later runs. It gets what all data models read, or, for a search that may read any
            value, every value and the text of each event, so that later searches find theirs.
        progress: Called now and then while a log is read.
        passed: Where logs are put that cannot be read, if the others are to be; then it is an error if none can.
    """
    folder = interrupt.temporary_folder()
    connection = connect(Path(folder.name) / "results")
    kept = fields if not cache else EVERYTHING if fields.every else DATA_MODELS
    report = logs.load(connection, paths, kept, Path(folder.name), cache=cache, progress=progress, passed=passed)
    return Recording(connection, report, folder)


def nothing() -> Recording:
    """Return a recording without events, to try a search on."""
    connection = connect()
    logs.create_table(connection, cim.FIELDS)
    return Recording(connection, LoadReport(()))


def connect(folder: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return an empty database that has the functions that our SQL calls, and never uses the network.

    It is in memory, within `resources`; what does not fit goes into *folder*, if there is one.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    connection = interrupt.stoppable(duckdb.connect(":memory:", config=settings))
    # Given to `connect`, the bound of the disk is not kept to.
    for name, value in resources.settings(folder).items():
        connection.execute(f"SET {name} = {literal(value)}")
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
    try:
        return _replay(plan, recording, means or Means())
    except RecursionError as error:
        raise UnsupportedError("the search nests deeper than replay reads") from error
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise resources.exceeded(error) from error


def _replay(plan: Plan, recording: Recording, means: Means) -> Replayed:
    connection = interrupt.stoppable(recording.connection.cursor())
    models = Models(cim.datasets(connection, plan.addon), plan.shared)
    pcre.begin()
    run = Run(
        Stages(connection),
        plan.app,
        plan.time,
        models,
        means,
        addon=plan.addon,
        raw=plan.fields.raw,
        naming=plan.naming,
    )
    with run.ending, run.failing:
        for command in plan.pipeline:
            command.prepare(run)
        rows = shown(execute(plan.pipeline, run), run)
        run.failing.pop_all()  # it has not failed
    results = run.stages.fetch(rows)
    for spot in blind_spots(connection, models.datasets, models.decided_by):
        run.say(spot.kind, spot.text)
    if not results:
        for text in outside(connection, plan.time.earliest, plan.time.latest):
            run.say("blind", text)
    # Blind spots come last, because they explain the results.
    notices = sorted(run.notices, key=lambda notice: notice.kind.endswith("blind"))
    return Replayed(plan, Results(list(rows.columns), results, notices), run.steps)


def trial(plan: Plan, recording: Recording) -> tuple[list[SplError], list[Notice]]:
    """Compile every command of a search, run none, and return all that keeps it from being run, and the notices.

    Args:
        plan: The search.
        recording: A recording without events.
    """
    models = Models(cim.described(plan.addon), plan.shared)
    # What a search collects goes nowhere, because there is nothing to collect.
    means = Means(None, Path(os.devnull))
    run = Run(Compiled(recording.connection), plan.app, plan.time, models, means, addon=plan.addon, raw=plan.fields.raw)
    try:
        execute(plan.pipeline, run)
    except RecursionError:
        run.errors.append(UnsupportedError("the search nests deeper than replay reads"))
    return [*plan.errors, *run.errors], run.notices


def app_folder() -> Path:
    """Return the app that this checkout is."""
    return Path(__file__).resolve().parent.parent
