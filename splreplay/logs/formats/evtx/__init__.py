"""Native .evtx files: the `evtx` package decodes each record to XML, which is then read as any other.

`records` has the package decode a file, a large one by `decoder` in a process of its own. `exact` reads one record at a time,
`fast` a block of them.
"""

from __future__ import annotations

from splreplay.logs.formats.evtx.exact import read as read_exactly
from splreplay.logs.formats.evtx.fast import read

__all__ = ["EXPECTED", "NAME", "read", "read_exactly", "recognises"]

NAME = "evtx"
EXPECTED = "expected is an .evtx file that holds records"
MAGIC = b"ElfFile\0"


def recognises(head: bytes) -> bool:
    """Tell whether a log begins as an .evtx file does."""
    return head.lstrip().startswith(MAGIC)
