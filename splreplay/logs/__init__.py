"""Recorded logs into the table `event`, which the data models are views of.

The reader of each format (in `formats`) yields Arrow record batches of one shape, which go into a Parquet file a log.
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

    It has provider, event_id, time (seconds since 1970, of System/TimeCreated), computer, channel, source (the
    file), and a VARCHAR column for each of *fields*: NULL where the event lacks it, '' where it is empty.

    Args:
        connection: A database that has no table `event` yet.
        paths: Files of any kind that replay reads; "-" is standard input.
        fields: Names of EventData/Data elements, in their own case.
        folder: Where the events are kept, as long as the database.
        cache: Where they are kept for later runs, too.
        progress: Called now and then while a log is read.

    Returns:
        What was read, and what could not be.

    Raises:
        DataError: A file cannot be read, or has no event; names the file and what to do.
    """
    kept = None
    if cache:
        from splreplay.logs.cache import Cache  # few runs have one, and it asks what is installed

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
    """Create `event` as an empty table, for events that no log holds."""
    columns = "".join(f', "{field}" VARCHAR' for field in fields)
    connection.execute(
        "CREATE TABLE event (provider VARCHAR, event_id INTEGER, time DOUBLE, "
        f"computer VARCHAR, channel VARCHAR, source VARCHAR{columns})"
    )
