"""Logs that were read: the database with their events, and what is known of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from splreplay import cim, interrupt, logs, resources
from splreplay.logs import LoadReport, Log
from splreplay.logs.facts import Facts
from splreplay.logs.names import Wanted
from splreplay.logs.report import Passed
from splreplay.sql import functions, values
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

    @cached_property
    def facts(self) -> Facts:
        """What is known of the events."""
        return Facts(self.connection)

    def datasets(self, addon: str) -> Mapping[str, cim.Dataset]:
        """Return the datasets that searches read."""
        return self.facts.once(("datasets", addon), lambda: cim.datasets(self.facts.kinds, addon))


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
    cached = EVERYTHING if fields.every else DATA_MODELS
    report = logs.load(
        connection, paths, fields, Path(folder.name), cache=cache, cached=cached, progress=progress, passed=passed
    )
    return Recording(connection, report, folder)


def nothing() -> Recording:
    """Return a recording without events, to try a search on."""
    connection = connect()
    logs.create_table(connection, cim.FIELDS)
    return Recording(connection, LoadReport(()))


def connect(folder: Path | None = None, share: int = 1) -> duckdb.DuckDBPyConnection:
    """Return an empty database that has the functions that our SQL calls, and never uses the network.

    It is in memory, within `resources`; what does not fit goes into *folder*, if there is one. Of *share* processes that share the
    machine, each has its part of the memory, and one thread.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    connection = interrupt.stoppable(duckdb.connect(":memory:", config=settings))
    # Given to `connect`, the bound of the disk is not kept to.
    for name, value in resources.settings(folder, share).items():
        connection.execute(f"SET {name} = {literal(value)}")
    if share > 1:
        connection.execute("SET threads = 1")
    # What queries have freed goes back to the system within seconds, and not only when it is much.
    connection.execute("SET allocator_background_threads = true")
    # The progress bar would be written to standard output, between the results.
    connection.execute("SET enable_progress_bar = false")
    # The database is thrown away, and checkpoints of it would cost seconds per half million events.
    connection.execute("SET checkpoint_threshold = '1TB'")
    values.create_macros(connection)
    functions.create_functions(connection)
    return connection
