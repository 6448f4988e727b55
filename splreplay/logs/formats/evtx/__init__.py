"""Native .evtx files: the `evtx` package decodes each record to XML, which is then read as other XML.

`records` decodes a file with the package; for a large file, `decoder` does so in a process of its own. `exact` reads one record
at a time, `fast` reads blocks of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from splreplay.logs.events import Columns, Item
from splreplay.logs.opening import Log

NAME = "evtx"
EXPECTED = "expected is an .evtx file that holds records"
MAGIC = b"ElfFile\0"


def recognises(head: bytes) -> bool:
    """Return whether a log begins like an .evtx file."""
    return head.lstrip().startswith(MAGIC)


# The readers are imported when a log has this format, because importing them takes longer than reading many a log.


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log fast."""
    from splreplay.logs.formats.evtx import fast

    return fast.read(log, columns)


def read_exactly(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log event by event."""
    from splreplay.logs.formats.evtx import exact

    return exact.read(log, columns)
