"""CSV, read exactly, row by row, as RFC 4180 says; a row is then a record, as of JSON, whose empty cells are absent."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from splreplay.logs import opening
from splreplay.logs.events import Columns, Event, Item, batches
from splreplay.logs.formats.json.exact import placed_events
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent

# Splunk writes the values of a field once more, under this name, where it has several.
SEVERAL = "__mv_"


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log."""
    return batches(_rows(log), columns)


def _rows(log: Log) -> Iterator[Event | BadEvent]:
    # The limit is the process's, and a cell is an event, which a field of it may nearly fill.
    csv.field_size_limit(opening.MAX_EVENT_BYTES)
    rows = csv.reader(_lines(log), strict=True)
    number = 0
    try:
        names = next(rows, [])
        for number, row in enumerate(rows, start=1):
            if row:
                yield from _events(names, row, f"row {number}")
    except csv.Error as error:
        yield BadEvent(f"row {number + 1}", f"this is not CSV: {error}; what follows is lost")


def _events(names: list[str], row: list[str], place: str) -> Iterator[Event | BadEvent]:
    if len(row) > len(names):
        yield BadEvent(place, f"it has {len(row):,} cells, and the header has {len(names):,}")
        return
    record = {name: cell for name, cell in zip(names, row, strict=False) if cell and not name.startswith(SEVERAL)}
    yield from placed_events(record, place)


def _lines(log: Log) -> Iterator[str]:
    """Yield the lines of a log, each with its end; a line that is larger than an event ends the log."""
    pending = b""
    for block in log.blocks:
        *whole, pending = (pending + block).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace") + "\n"
        if len(pending) > opening.MAX_EVENT_BYTES:
            raise csv.Error(f"a line is larger than {opening.MAX_EVENT_BYTES >> 20} MB")
    if pending:
        yield pending.decode("utf-8", "replace")
