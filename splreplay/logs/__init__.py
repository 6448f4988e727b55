"""Read recorded logs into the table `event`, from which the data models are made.

The reader of each format (in `formats`) yields Arrow record batches, which go into Parquet files: those of all logs into one table
(`reading`), or, where they are kept for later runs, those of each log into its own (`cache`). Every value has a column of its own:
see `names.column`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import duckdb

from splreplay.errors import DataError
from splreplay.logs.names import RAW, Wanted, column
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent, FileReport, LoadReport, Passed
from splreplay.sql.values import identifier

__all__ = ["BadEvent", "FileReport", "LoadReport", "Log", "load"]

# The events of more files than this become a table of the database, and so do no more events than this: a view opens each file in
# each query, which takes longer than a small log.
MANY, FEW = 16, 4096


class Store(Protocol):
    """Takes the events of one log after the other; OSError where they cannot be written."""

    def read(self, path: str) -> FileReport:
        """Read a log; DataError where it cannot be read or holds no event, and then none of its events are here."""

    def rows(self) -> str:
        """Return the SQL of all events in the order of the logs, when there are no more; it has the columns that events fill."""

    @property
    def files(self) -> int:
        """How many files the rows are in."""


def load(
    connection: duckdb.DuckDBPyConnection,
    paths: Sequence[str],
    wanted: Wanted,
    folder: Path,
    *,
    cache: Path | None = None,
    cached: Wanted | None = None,
    progress: Callable[[Log], None] = lambda log: None,
    passed: list[Passed] | None = None,
) -> LoadReport:
    """Create the view `event` of the Windows events of some files.

    Its columns are provider, event_id, time (System/TimeCreated in seconds since 1970), computer, channel, source (the file), a
    VARCHAR for each value (`names.column` of its name): NULL where the event lacks it, '' where it is empty; and raw, if wanted.

    Args:
        connection: A database that has no table `event` yet.
        paths: Files of any kind that replay reads; "-" is standard input.
        wanted: Which values the view has.
        folder: Where the events are kept for as long as the database.
        cache: Where they are also kept for later runs.
        cached: Which values are kept there, if not only those wanted.
        progress: Called now and then while a log is read.
        passed: Where files are put that cannot be read, or have no event, if they are to be passed over.

    Returns:
        What was read, and what could not be read.

    Raises:
        DataError: If a file cannot be read, or has no event, or, where such are passed over, none can be read and has; names the
            file and what to do. If the events cannot be written to *folder*.
    """
    store: Store
    reports = []
    try:
        if cache:
            from splreplay.logs.cache import Cache  # few runs use one, and it looks up installed packages

            store = Cache(cache, cached or wanted, folder, progress)
        else:
            from splreplay.logs.reading import Reader  # with Arrow and numpy, which a run over a cache does not need

            store = Reader(wanted, folder, progress)
        for path in paths:
            try:
                reports.append(store.read(path))
            except DataError as error:
                if passed is None or len(paths) + len(passed) == 1:
                    raise
                passed.append(Passed(path, error.reason))
        rows = store.rows()
    except OSError as error:
        raise DataError(f"the events of the logs cannot be written to {folder}: {error}") from None
    if not reports and passed:
        path, reason = passed[0]
        raise DataError(f"none of the {len(passed):,} files that are there can be read; the first: {path}: {reason}")
    loaded = LoadReport(tuple(reports), tuple(passed or ()))
    made = "TABLE" if store.files > MANY or loaded.events <= FEW else "VIEW"
    _create_event(connection, made, rows, wanted)
    return loaded


def _create_event(connection: duckdb.DuckDBPyConnection, made: str, rows: str, wanted: Wanted) -> None:
    """Create `event`, a VIEW or a TABLE, of the SQL of events; it has the wanted values in any case."""
    known = [name for name, *_ in connection.execute(f"DESCRIBE {rows}").fetchall()]
    values = list(map(column, wanted.names))
    # A cache may hold values that are not wanted, and reading them would cost more than the search.
    columns = [identifier(name) for name in known if wanted.every or "#" not in name or name in values]
    columns += [f"CAST(NULL AS VARCHAR) AS {identifier(name)}" for name in values if name not in known]
    connection.execute(f"CREATE {made} event AS SELECT {', '.join(columns)} FROM ({rows})")


def create_table(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Create `event` as an empty table, for no events or for events that come from elsewhere; it has the values of some names."""
    columns = "".join(f", {identifier(column(name))} VARCHAR" for name in names)
    connection.execute(
        "CREATE TABLE event (provider VARCHAR, event_id INTEGER, time DOUBLE, "
        f"computer VARCHAR, channel VARCHAR, source VARCHAR, {RAW} VARCHAR{columns})"
    )
