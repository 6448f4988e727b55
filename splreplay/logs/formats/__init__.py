"""The formats of logs. Each has a folder, which says how the format is recognised and how it is read.

To add a format, add a folder that has what `Format` lists, and its name to FORMATS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from splreplay.errors import DataError
from splreplay.logs.events import Columns, Item
from splreplay.logs.formats import csv, evtx, json, xml
from splreplay.logs.opening import Log, peek

# What holds files, by the pattern of how it begins.
ARCHIVES = {
    rb"PK\x03\x04": "zip",
    rb"7z\xbc\xaf\x27\x1c": "7z",
    rb"Rar!\x1a\x07": "rar",
    rb"BZh[1-9]1AY&SY": "bzip2",
    rb"\xfd7zXZ\x00": "xz",
    rb"\x28\xb5\x2f\xfd": "zstd",
}
TAR = slice(257, 262), b"ustar"  # where it says so

KINDS_READ = "replay reads Windows event XML, .evtx, JSON and CSV, each plain or as .gz"


class Format(Protocol):
    """What the folder of a format has.

    Attributes:
        NAME: Its name in reports.
        EXPECTED: What its reader expects, for the error of a log without events.
    """

    NAME: str
    EXPECTED: str

    def recognises(self, head: bytes) -> bool:
        """Return whether a log has this format, by its first block, whose first event may be incomplete."""

    def read(self, log: Log, columns: Columns) -> Iterator[Item]:
        """Read a log fast; the exact reader, which gives the same rows, reads what is unusual."""

    def read_exactly(self, log: Log, columns: Columns) -> Iterator[Item]:
        """Read a log event by event; DataError if it cannot be read at all."""


# The first format that recognises a log reads it.
FORMATS: Sequence[Format] = (evtx, csv, xml, json)


def recognised(log: Log) -> Format:
    """Return the format of a log; DataError if replay does not read it."""
    head, log.blocks = peek(log.blocks)
    start = head.lstrip()
    if not start:
        seen = f"nothing of this file can be read: {log.flaw}" if log.flaw else "this file is empty"
        raise DataError(f"{seen}; {KINDS_READ}", log.path)
    # First, as a format may find an event in a file that is packed as it is, and would lose all others.
    if archive := _archive(head):
        raise DataError(f"this is a {archive} archive; unpack it, and name the folder with its files", log.path)
    for format_ in FORMATS:
        if format_.recognises(head):
            return format_
    if shape := csv.shape(head):
        raise DataError(f"{shape}; {csv.EXPECTED}", log.path)
    raise DataError(f"this is no log that replay knows; {KINDS_READ}", log.path)


def _archive(head: bytes) -> str:
    """Return what kind of archive begins so, or ""."""
    place, magic = TAR
    if head[place] == magic and b"\0" in head[: place.start] and not evtx.recognises(head):  # no text has a NUL
        return "tar"
    return next((name for start, name in ARCHIVES.items() if re.match(start, head)), "")
