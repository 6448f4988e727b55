"""Read recorded logs into the table `event`, from which the data models are made.

The reader of each format (in `formats`) yields Arrow record batches, which go into Parquet files. Every value has a column of its
own: see `names.column`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from splreplay.errors import DataError
from splreplay.logs.names import RAW, Wanted, column
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent, FileReport, LoadReport, Passed
from splreplay.sql.values import identifier, literal

__all__ = ["BadEvent", "FileReport", "LoadReport", "Log", "load"]


# The events of more files than this become one table, and so do no more events than this.
MANY, FEW = 16, 4096


def load(
    connection: duckdb.DuckDBPyConnection,
    paths: Sequence[str],
    wanted: Wanted,
    folder: Path,
    *,
    cache: Path | None = None,
    progress: Callable[[Log], None] = lambda log: None,
    passed: list[Passed] | None = None,
) -> LoadReport:
    """Create the view `event` of the Windows events of some files.

    Its columns are provider, event_id, time (System/TimeCreated in seconds since 1970), computer, channel, source (the file), a
    VARCHAR for each value (`names.column` of its name): NULL where the event lacks it, '' where it is empty; and raw, if wanted.

    Args:
        connection: A database that has no table `event` yet.
        paths: Files of any kind that replay reads; "-" is standard input.
        wanted: Which values are kept.
        folder: Where the events are kept for as long as the database.
        cache: Where they are also kept for later runs.
        progress: Called now and then while a log is read.
        passed: Where files are put that cannot be read, or have no event, if they are to be passed over.

    Returns:
        What was read, and what could not be read.

    Raises:
        DataError: If a file cannot be read, or has no event, or, where such are passed over, none can be read and has; names the
            file and what to do.
    """
    kept = None
    if cache:
        from splreplay.logs.cache import Cache  # few runs use one, and it looks up installed packages

        kept = Cache(cache, wanted)
    files: dict[str, str] = {}
    reports = []
    for number, path in enumerate(paths):
        table = folder / str(number)

        def read(path: str = path, table: Path = table) -> tuple[Sequence[Path], FileReport]:
            from splreplay.logs import (
                reading,  # with Arrow and numpy, which a run over a cache needs as little as a check
            )

            table.mkdir()
            report = reading.read(path, wanted, table, progress)
            return sorted(table.iterdir()), report

        try:
            parts, report = kept.table(path, read) if kept and os.path.isfile(path) else read()
        except DataError as error:
            if passed is None or len(paths) + len(passed) == 1:
                raise
            passed.append(Passed(path, error.reason))
            continue
        reports.append(report)
        files |= {str(part): path for part in parts}
    if not reports and passed:
        path, reason = passed[0]
        raise DataError(f"none of the {len(passed):,} files that are there can be read; the first: {path}: {reason}")
    loaded = LoadReport(tuple(reports), tuple(passed or ()))
    _create_view(connection, files, wanted.names, loaded.events)
    return loaded


def _create_view(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, str], names: Sequence[str], events: int
) -> None:
    """Create the view `event` of Parquet files, each with the path of its log; it has the values of *names* in any case."""
    listed = ", ".join(map(literal, files))
    if len(set(files.values())) == 1:
        source, options = literal(next(iter(files.values()))), ""
    else:
        listed_sources = ", ".join(f"{literal(file)}: {literal(path)}" for file, path in files.items())
        source, options = f"MAP {{{listed_sources}}}[filename]", ", filename = true"
    without = " EXCLUDE (filename)" if options else ""
    rows = f"FROM read_parquet([{listed}], union_by_name = true{options})"
    known = {name for name, *_ in connection.execute(f"DESCRIBE {rows}").fetchall()}
    absent = "".join(
        f", CAST(NULL AS VARCHAR) AS {identifier(name)}" for name in map(column, names) if name not in known
    )
    # A view opens each file in each query, which takes longer than a small log.
    made = "TABLE" if len(files) > MANY or events <= FEW else "VIEW"
    connection.execute(f"CREATE {made} event AS SELECT *{without}, {source} AS source{absent} {rows}")


def create_table(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Create `event` as an empty table, for no events or for events that come from elsewhere; it has the values of some names."""
    columns = "".join(f", {identifier(column(name))} VARCHAR" for name in names)
    connection.execute(
        "CREATE TABLE event (provider VARCHAR, event_id INTEGER, time DOUBLE, "
        f"computer VARCHAR, channel VARCHAR, source VARCHAR, {RAW} VARCHAR{columns})"
    )
