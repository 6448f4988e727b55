"""Windows event XML: one <Event …>…</Event> after another.

`exact` reads one event at a time, with lxml. `fast` reads a block of events at once, by the `shapes` that it has learned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from splreplay.logs.events import Columns, Item
from splreplay.logs.opening import Log, peek

NAME = "xml"
EXPECTED = "expected is one <Event …>…</Event> after another, without a prefix such as <e:Event>"
# An event that has lost its beginning still has tags, but so may a value in JSON.
BEGINNING = re.compile(rb"\s*(?:<|(?!\{|\[\s*[\[{])\S.*?<(?:\w+:)?Event[\s>])", re.DOTALL)
# So small a log is read exactly sooner than its shapes are learned.
SMALL_BYTES = 32 << 10


def recognises(head: bytes) -> bool:
    """Return whether a log begins with a tag, or has the tag of an event."""
    return BEGINNING.match(head) is not None


# The readers are imported when a log has this format, because importing them takes longer than reading many a log.


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log fast, if it is not small."""
    head, log.blocks = peek(log.blocks)
    if len(head) <= SMALL_BYTES:
        return read_exactly(log, columns)
    from splreplay.logs.formats.xml import fast

    return fast.read(log, columns)


def read_exactly(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log event by event."""
    from splreplay.logs.formats.xml import exact

    return exact.read(log, columns)
