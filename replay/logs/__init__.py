"""Recorded logs into the table `event`, which the data models are views of.

Each reader (xml, evtx, jsonl) yields Arrow record batches of one shape, so that a faster one fits in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa

from replay.errors import DataError
from replay.logs import evtx, fast, jsonl
from replay.logs.events import Item
from replay.logs.opening import Log
from replay.logs.report import BadEvent, EventKind, FileReport, LoadReport

__all__ = ["BadEvent", "FileReport", "LoadReport", "load"]

READERS: Mapping[str, Callable[[Log, Sequence[str]], Iterator[Item]]] = {
    "xml": fast.read,
    "evtx": evtx.read,
    "jsonl": jsonl.read,
}
BAD_EVENTS_LISTED = 20


def load(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], fields: Sequence[str]) -> LoadReport:
    """Create the table `event` and fill it with the Windows events of some files.

    The table has provider, event_id, time (seconds since 1970, of System/TimeCreated), computer, channel,
    source (the file), and a VARCHAR column for each of *fields*: NULL where the event lacks it, '' where it
    is empty.

    Args:
        connection: A database that has no table `event` yet.
        paths: Files of any kind that replay reads; "-" is standard input.
        fields: Names of EventData/Data elements, in their own case.

    Returns:
        What was read, and what could not be.

    Raises:
        DataError: A file cannot be read, or has no event; names the file and what to do.
    """
    create_table(connection, fields)
    return LoadReport(tuple(_load_file(connection, path, fields) for path in paths))


def create_table(connection: duckdb.DuckDBPyConnection, fields: Sequence[str]) -> None:
    """Create the empty table `event` that load fills."""
    columns = "".join(f', "{field}" VARCHAR' for field in fields)
    connection.execute(
        "CREATE TABLE event (provider VARCHAR, event_id INTEGER, time DOUBLE, "
        f"computer VARCHAR, channel VARCHAR, source VARCHAR{columns})"
    )


def _load_file(connection: duckdb.DuckDBPyConnection, path: str, fields: Sequence[str]) -> FileReport:
    log = Log(path)
    counts: Counter[EventKind] = Counter()
    bad: list[BadEvent] = []
    bad_events = 0
    for item in READERS[log.kind](log, fields):
        if isinstance(item, BadEvent):
            bad_events += 1
            bad.append(item)
            del bad[BAD_EVENTS_LISTED:]
        else:
            counts.update(_insert(connection, item, path))
    if log.flaw:
        bad_events += 1
        bad.append(BadEvent("end", log.flaw))
    if not counts:
        seen = f" (at {bad[0].place}: {bad[0].reason})" if bad else ""
        raise DataError(f"no Windows event was found in this file{seen}; {HELP[log.kind]}", path)
    return FileReport(path, log.kind, counts, bad_events, tuple(bad))


HELP = {
    "xml": "expected is one <Event …>…</Event> after another, without a prefix such as <e:Event>",
    "evtx": "expected is an .evtx file that holds records",
    "jsonl": "expected is one JSON object a line, as Winlogbeat or NXLog writes it, with EventID and time",
}


def _insert(connection: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, path: str) -> dict[EventKind, int]:
    table = pa.Table.from_batches([batch])
    names = ", ".join(f'"{name}"' for name in table.column_names)
    connection.register("batch", table)
    connection.execute(f"INSERT INTO event ({names}, source) SELECT {names}, ? FROM batch", [path])
    kinds = connection.execute("SELECT provider, event_id, count(*) FROM batch GROUP BY ALL").fetchall()
    connection.unregister("batch")
    return {(provider, event_id): count for provider, event_id, count in kinds}
