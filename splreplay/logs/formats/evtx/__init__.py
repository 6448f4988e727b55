"""Native .evtx files: the `evtx` package decodes each record to XML, which is then read as any other.

`records` has the package decode a file, a large one by `decoder` in a process of its own. `exact` reads one record at a time,
`fast` a block of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from splreplay.logs.events import Item
from splreplay.logs.opening import Log

NAME = "evtx"
EXPECTED = "expected is an .evtx file that holds records"
MAGIC = b"ElfFile\0"


def recognises(head: bytes) -> bool:
    """Tell whether a log begins as an .evtx file does."""
    return head.lstrip().startswith(MAGIC)


# The readers are imported when a log of this format is met: what they need takes longer to import than many a log to read.


def read(log: Log, fields: Sequence[str]) -> Iterator[Item]:
    """Read a log fast."""
    from splreplay.logs.formats.evtx import fast

    return fast.read(log, fields)


def read_exactly(log: Log, fields: Sequence[str]) -> Iterator[Item]:
    """Read a log event by event."""
    from splreplay.logs.formats.evtx import exact

    return exact.read(log, fields)
