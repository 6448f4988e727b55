"""The formats in which logs are read: one folder each, which says how the format is recognised and how it is read.

A further format is a folder that has what `Format` lists, and a place in FORMATS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from splreplay.errors import DataError
from splreplay.logs.events import Item
from splreplay.logs.formats import evtx, jsonl, xml
from splreplay.logs.opening import Log, peek

KINDS_READ = "replay reads Windows event XML, .evtx and JSON lines, each plain or as .gz"


class Format(Protocol):
    """What the folder of a format has.

    Attributes:
        NAME: What reports call it.
        EXPECTED: What its reader expects; the end of an error of a log without an event.
    """

    NAME: str
    EXPECTED: str

    def recognises(self, head: bytes) -> bool:
        """Tell whether a log is of this format, given its first block, whose first event may be cut off."""

    def read(self, log: Log, fields: Sequence[str]) -> Iterator[Item]:
        """Read a log fast: what is not usual is left to read_exactly, which gives the same."""

    def read_exactly(self, log: Log, fields: Sequence[str]) -> Iterator[Item]:
        """Read a log event by event; raises DataError where it cannot be read at all."""


# The first that recognises a log reads it.
FORMATS: Sequence[Format] = (evtx, xml, jsonl)


def recognised(log: Log) -> Format:
    """Return the format of a log; raises DataError where it has none that replay reads."""
    head, log.blocks = peek(log.blocks)
    start = head.lstrip()
    if not start:
        seen = f"nothing of this file can be read: {log.flaw}" if log.flaw else "this file is empty"
        raise DataError(f"{seen}; {KINDS_READ}", log.path)
    if start.startswith(b"["):
        raise DataError("this is a JSON array: write one event a line (jq -c '.[]')", log.path)
    for format_ in FORMATS:
        if format_.recognises(head):
            return format_
    raise DataError(f"this is no log that replay knows; {KINDS_READ}", log.path)
