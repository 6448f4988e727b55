"""JSON: one record a line, or arrays, records over several lines, and the answers of a search, which hold records.

`forms` say what event a record is. `exact` reads one record at a time. `fast` reads a block of lines at once: the first line shows
where its `places` are, and DuckDB then takes the `values` out of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from splreplay.logs.events import Columns, Item
from splreplay.logs.opening import Log

NAME = "json"
EXPECTED = "expected are records of Winlogbeat, NXLog, Splunk, evtx_dump … with an event id and a time"
RECORD = re.compile(rb"\A\s*\[\s*[\[{\]]|^\s*\{", re.MULTILINE)


def recognises(head: bytes) -> bool:
    """Return whether a log, or a line of it, begins with an object or an array; the first line may be incomplete."""
    return RECORD.search(head) is not None


# The readers are imported when a log has this format, because importing them takes longer than reading many a log.


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log fast."""
    from splreplay.logs.formats.json import fast

    return fast.read(log, columns)


def read_exactly(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log event by event."""
    from splreplay.logs.formats.json import exact

    return exact.read(log, columns)
