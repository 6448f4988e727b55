"""CSV: what a search of Splunk or Kibana, or a table of Sentinel, was exported to: a header, then a row an event."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from splreplay.logs.events import Columns, Item
from splreplay.logs.opening import Log

NAME = "csv"
EXPECTED = "expected is a header with _raw, or with EventCode or EventID and a time, and a row an event"
# One of these columns has every export that can be read.
TOLD_BY = {"_raw", "EventCode", "EventID", "winlog.event_id"}


def recognises(head: bytes) -> bool:
    """Return whether the first line of a log is such a header."""
    return bool(TOLD_BY.intersection(header(head.split(b"\n", 1)[0])))


def header(line: bytes) -> list[str]:
    """Return the names of the columns; none, where a line is no header."""
    try:
        return next(csv.reader([line.decode("utf-8", "replace").strip()], strict=True), [])
    except csv.Error:
        return []


# The reader is imported when a log has this format.


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log; there is no faster way."""
    return read_exactly(log, columns)


def read_exactly(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log row by row."""
    from splreplay.logs.formats.csv import exact

    return exact.read(log, columns)
