"""JSON lines: one event a line, as NXLog or Winlogbeat writes it, or in the names of the event log itself.

`exact` reads one line at a time. `fast` reads a block of lines at once: the first line shows their `form`, and DuckDB then takes
the `values` out of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from splreplay.logs.events import Columns, Item
from splreplay.logs.opening import Log

NAME = "jsonl"
EXPECTED = "expected is one JSON object a line, as Winlogbeat or NXLog writes it, with EventID and time"
OBJECT = re.compile(rb"^\s*\{", re.MULTILINE)


def recognises(head: bytes) -> bool:
    """Return whether a line of a log begins with an object; the first line may be incomplete."""
    return OBJECT.search(head) is not None


# The readers are imported when a log has this format, because importing them takes longer than reading many a log.


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log fast."""
    from splreplay.logs.formats.jsonl import fast

    return fast.read(log, columns)


def read_exactly(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log event by event."""
    from splreplay.logs.formats.jsonl import exact

    return exact.read(log, columns)
