"""A replay from the log to the results, on one page."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from splreplay import cim, logs, reads, times
from splreplay.app import App
from splreplay.cim.blind import blind_spots, outside
from splreplay.commands import external
from splreplay.errors import UnsupportedError, UsageError
from splreplay.logs import LoadReport, Log
from splreplay.output import Results
from splreplay.run import Run, Step
from splreplay.sql import functions, values


@dataclass
class Recording:
    """Logs, loaded: a database with the events, what was read, and the folder where the events lie."""

    connection: duckdb.DuckDBPyConnection
    report: LoadReport
    folder: tempfile.TemporaryDirectory[str] | None = None


@dataclass(frozen=True)
class Replayed:
    """One search, run: its expanded text, its results, and what each command did."""

    expanded: str
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
        fields: The fields that will be read, as reads.fields tells them; others are then not there.
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


def replay(
    recording: Recording,
    app: App,
    search: str,
    addon: str,
    *,
    earliest: str | None = None,
    latest: str | None = None,
    now: float | None = None,
    python: str | None = sys.executable,
    collect: Path | None = None,
) -> Replayed:
    """Run one search over a recording.

    Args:
        recording: The events.
        app: Whose macros, lookups and commands the search uses.
        search: SPL, macros and all.
        addon: How Sysmon is mapped to the CIM: current, cim5 or legacy.
        earliest: Start of the time range: epoch seconds, a relative time or an ISO date; None for all time.
        latest: End of the time range, exclusive; None for all time.
        now: The time of the run in epoch seconds; the clock's by default.
        python: The interpreter for custom commands; None plans a search without them.

    Raises:
        SplError: Whatever is wrong with the search or the logs, in words for the user.
    """
    moment = time.time() if now is None else now
    try:
        pipeline = app.parse(search)
        connection = recording.connection.cursor()
        run = Run(
            connection,
            app,
            cim.datasets(connection, addon),
            moment,
            *time_range(earliest, latest, moment),
            python,
            collect,
            reads.shared(pipeline),
        )
        with external.started(pipeline, run):
            rows = run.execute(pipeline)
        found = run.fetch(rows)
        blind = [*run.blind, *blind_spots(connection, run.datamodels, run.decided_by)]
        if not found:
            blind += outside(connection, run.earliest, run.latest)
        for warning in blind:
            run.warn(warning)
        results = Results(list(rows.columns), found, run.warnings, run.limits, blind)
    except RecursionError as error:
        raise UnsupportedError("the search nests deeper than replay reads") from error
    return Replayed(pipeline[0].segment.text, results, run.steps)


def time_range(earliest: str | None, latest: str | None, now: float) -> tuple[float | None, float | None]:
    """Return --earliest and --latest in epoch seconds; UsageError for one that is no time, and for a range that is empty."""
    start, end = _time(earliest, "--earliest", now), _time(latest, "--latest", now)
    if start is not None and end is not None and start >= end:
        raise UsageError(f"--latest {latest!r} is not after --earliest {earliest!r}, so no event lies between them")
    return start, end


def _time(text: str | None, option: str, now: float) -> float | None:
    if text is None:
        return None
    epoch = times.time_argument(text, now) if text.strip() else None
    if epoch is None:
        raise UsageError(f"{option} {text!r} is not a time; write epoch seconds, -24h@h or 2020-09-20T01:00:00")
    return epoch


def app_folder() -> Path:
    """Return the app that this checkout is."""
    return Path(__file__).resolve().parent.parent
