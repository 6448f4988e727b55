"""CSV: what a search of Splunk or Kibana, or a table of Sentinel, was exported to: a header, then a row an event."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from splreplay.logs.events import Columns, Item
from splreplay.logs.opening import Log

NAME = "csv"
EXPECTED = "expected is a header with _raw, or with EventCode or EventID and a time, and a row an event"
# A first line with fewer names, or longer ones, is rather a sentence; so many are shown.
FEWEST, LONGEST, SHOWN = 3, 40, 8
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


def shape(head: bytes) -> str:
    """Return what a table of another kind looks like: its columns; empty for what is no table."""
    first, _, rest = head.partition(b"\n")
    names = header(first)
    if len(names) < FEWEST or not rest.strip() or any(not 0 < len(name.strip()) <= LONGEST for name in names):
        return ""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"this is CSV with the columns {', '.join(names[:SHOWN])}{more}"


# The reader is imported when a log has this format.


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log; there is no faster way."""
    return read_exactly(log, columns)


def read_exactly(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log row by row."""
    from splreplay.logs.formats.csv import exact

    return exact.read(log, columns)
