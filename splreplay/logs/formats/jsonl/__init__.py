"""JSON lines: one event a line, as NXLog or Winlogbeat writes it, or in the names of the event log itself.

`exact` reads one line at a time. `fast` reads a block of lines at once: the first of them tells their `form`, by which DuckDB
takes the `values` out of all of them.
"""

from __future__ import annotations

import re

from splreplay.logs.formats.jsonl.exact import read as read_exactly
from splreplay.logs.formats.jsonl.fast import read

__all__ = ["EXPECTED", "NAME", "read", "read_exactly", "recognises"]

NAME = "jsonl"
EXPECTED = "expected is one JSON object a line, as Winlogbeat or NXLog writes it, with EventID and time"
OBJECT = re.compile(rb"^\s*\{", re.MULTILINE)


def recognises(head: bytes) -> bool:
    """Tell whether a line of a log begins an object; the first may have lost its beginning."""
    return OBJECT.search(head) is not None
