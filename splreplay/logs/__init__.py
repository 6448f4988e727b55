"""Read recorded logs into the table `event`, from which the data models are made.

The reader of each format (in `formats`) yields Arrow record batches with the same columns, which go into one Parquet file for
each log.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent, FileReport, LoadReport
from splreplay.sql.values import literal

__all__ = ["BadEvent", "FileReport", "LoadReport", "Log", "load"]


def load(
    connection: duckdb.DuckDBPyConnection,
    paths: Sequence[str],
    fields: Sequence[str],
    folder: Path,
    *,
    cache: Path | None = None,
    progress: Callable[[Log], None] = lambda log: None,
) -> LoadReport:
    """Create the view `event` of the Windows events of some files.

    Its columns are provider, event_id, time (System/TimeCreated in seconds since 1970), computer, channel, source (the
    file), and a VARCHAR for each of *fields*: NULL where the event lacks it, '' where it is empty.

    Args:
        connection: A database that has no table `event` yet.
        paths: Files of any kind that replay reads; "-" is standard input.
        fields: Names of EventData/Data elements, in their own case.
        folder: Where the events are kept for as long as the database.
        cache: Where they are also kept for later runs.
        progress: Called now and then while a log is read.

    Returns:
        What was read, and what could not be read.

    Raises:
        DataError: If a file cannot be read, or has no event; names the file and what to do.
    """
    kept = None
    if cache:
        from splreplay.logs.cache import Cache  # few runs use one, and it looks up installed packages

        kept = Cache(cache, fields)
    selects, reports = [], []
    for number, path in enumerate(paths):
        file = folder / f"{number}.parquet"

        def read(file: Path, path: str = path) -> FileReport:
            from splreplay.logs import (
                reading,  # with Arrow and numpy, which a run over a cache needs as little as a check
            )

            return reading.read(path, fields, file, progress)

        if kept and os.path.isfile(path):
            file, report = kept.table(path, file, read)
        else:
            report = read(file)
        reports.append(report)
        selects.append(f"SELECT *, {literal(path)} AS source FROM read_parquet({literal(str(file))})")
    connection.execute(f"CREATE VIEW event AS {' UNION ALL '.join(selects)}")
    return LoadReport(tuple(reports))


def create_table(connection: duckdb.DuckDBPyConnection, fields: Sequence[str]) -> None:
    """Create `event` as an empty table, for no events or for events that come from elsewhere."""
    columns = "".join(f', "{field}" VARCHAR' for field in fields)
    connection.execute(
        "CREATE TABLE event (provider VARCHAR, event_id INTEGER, time DOUBLE, "
        f"computer VARCHAR, channel VARCHAR, source VARCHAR{columns})"
    )
