"""JSON, read exactly: one record a line, or cut by `documents`; `forms` say what event a record is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np

from splreplay.logs.arrays import CACHED
from splreplay.logs.events import Columns, Event, Item, UnreadableEventError, batches
from splreplay.logs.formats.json import documents, forms
from splreplay.logs.formats.json.documents import PADDING
from splreplay.logs.formats.json.forms.text import parsed
from splreplay.logs.opening import Log, gather, whole
from splreplay.logs.report import LISTED, UNLISTED, BadEvent

NEWLINE = re.compile(rb"\n")
# The most lines of a piece: even the shortest line takes a value in each column.
MAX_LINES = 1 << 16
# An event with an EventID and a time has more bytes.
EVENT_BYTES = 32
# Whether a log has one record a line is seen in so many of its bytes, and of lines that may be one.
HEAD_BYTES, HEAD_LINES = 1 << 20, 100
LINE = re.compile(rb"^(\{[^\n]{30,}\})[ \t\r\0]*$", re.MULTILINE)


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log, record by record."""
    if not of_lines(log):
        return batches(document_rows(log), columns)
    return batches(
        (item for piece in pieces(log) for item in rows(enumerate(lines(piece.content), piece.number))), columns
    )


def of_lines(log: Log) -> bool:
    """Return whether a log has one record a line: it begins with no array, and one of its first lines is an object."""
    head, log.blocks = gather(log.blocks, HEAD_BYTES)
    start = head.lstrip(PADDING)
    if start.startswith(b"["):
        return False
    for line in islice(LINE.finditer(start), HEAD_LINES):
        try:
            parsed(line[1].decode("utf-8", "replace"))
        except UnreadableEventError:
            continue
        return True
    return False


def document_rows(log: Log) -> Iterator[Event | BadEvent]:
    """Read a log whose records are not one a line."""
    return _rows((f"record {number}", text) for number, text in enumerate(documents.records(log), start=1))


class Piece(NamedTuple):
    """Some lines of a log: the number of the first, how many there are, and their bytes."""

    number: int
    lines: int
    content: bytes


def pieces(log: Log) -> Iterator[Piece]:
    """Cut a log into large pieces of whole lines."""
    number = 1
    for _, content in whole(log, b"\n", NEWLINE):
        count = _line_ends(content) + (not content.endswith(b"\n"))
        cuts = [0, len(content)]
        if count > MAX_LINES:
            cuts[1:1] = (np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")) + 1)[
                MAX_LINES - 1 : count - 1 : MAX_LINES
            ]
        for start, end in pairwise(cuts):
            yield Piece(number, min(count, MAX_LINES), content[start:end])
            number += min(count, MAX_LINES)
            count -= MAX_LINES


def _line_ends(content: bytes) -> int:
    """Return the number of line feeds, without stopping other threads."""
    all_ = np.frombuffer(content, np.uint8)
    parts = (all_[start : start + CACHED] for start in range(0, len(all_), CACHED))
    return sum(int(np.count_nonzero(part == ord("\n"))) for part in parts)


def lines(content: bytes) -> Iterable[bytes]:
    """Return the lines of a piece, each with its line feed, not as a list, which would take far more memory."""
    return io.BytesIO(content)


def rows(numbered: Iterable[tuple[int, bytes]]) -> Iterator[Event | BadEvent]:
    """Read lines, which come with their numbers; blank lines are skipped."""
    return _rows((f"line {number}", text) for number, line in numbered if (text := line.strip(PADDING)))


def _rows(placed: Iterable[tuple[str, bytes | BadEvent]]) -> Iterator[Event | BadEvent]:
    """Read the texts of records, which come with their places; one that is too short for an event only while it is still listed."""
    bad = 0
    for place, text in placed:
        if isinstance(text, BadEvent):
            yield text
        elif len(text) < EVENT_BYTES and bad >= LISTED:
            yield UNLISTED
        else:
            for item in _events(text, place):
                bad += isinstance(item, BadEvent)
                yield item


def _events(text: bytes, place: str) -> Iterator[Event | BadEvent]:
    try:
        record = parsed(text.decode("utf-8", "replace"))
    except UnreadableEventError as error:
        return iter([BadEvent(place, str(error))])
    return placed_events(record, place)


def placed_events(record: object, place: str) -> Iterator[Event | BadEvent]:
    """Yield the events of a record, and what is wrong with it, at its place."""
    for item in forms.events(record):
        yield BadEvent(place, str(item)) if isinstance(item, UnreadableEventError) else item
