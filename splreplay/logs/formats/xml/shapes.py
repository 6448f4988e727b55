"""The shape of an event is its text without its values. An event of a known shape needs no parser.

To learn a shape, the exact reader reads the event with a mark in the place of each value, which shows what the value means.
Another event that has the same text between its values, byte for byte, and whose values are plain characters, is well-formed
too and means the same. So its values are taken from their places. numpy compares all events of a block at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import NamedTuple

import numpy as np

from splreplay.logs.arrays import (
    CACHED,
    TIME_BYTES,
    Booleans,
    Bytes,
    Floats,
    Integers,
    Words,
    is_utf8,
    times,
    windows,
)
from splreplay.logs.events import UnreadableEventError, event_id
from splreplay.logs.formats.xml.exact import EVENT_END, Parser

# Text is read and compared in pieces of this many bytes.
WINDOW = 48
# No read goes further beyond the end of an event.
REACH = 2 * WINDOW

TAG = re.compile(rb"""<[^<>'"]*(?:(?:'[^<']*'|"[^<"]*")[^<>'"]*)*>""")
OPENING = re.compile(rb"<([^\s/!?>]+)(?:[^>]*[^/])?>")
# The text of these elements belongs to the kind of event, so it is part of the shape.
FIXED = (b"EventID", b"Version", b"Level", b"Task", b"Opcode", b"Keywords", b"Channel")
# The attributes of these tags differ from event to event; those of other tags are part of the shape.
TIME_CREATED = re.compile(
    rb"""(<TimeCreated\s+SystemTime=['"])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)(['"]\s*/?>)"""
)
VARYING = re.compile(rb"<(?:Execution|Security|Correlation)\s")
ATTRIBUTE = re.compile(rb"""(?<==)(?:'[^']*'|"[^"]*")""")
MARK = "\ue000"
MARKED = re.compile(f"{MARK}([0-9]+){MARK}")


class Block:
    """The bytes of whole events, and the places of their tags.

    Args:
        content: More than REACH bytes; each event ends with `</Event>`, and so does the content.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.bytes: Bytes = np.frombuffer(content, np.uint8)
        self.tags: Integers = np.flatnonzero(self.bytes == ord("<"))
        ends = np.flatnonzero(self.bytes[np.minimum(self.tags + 2, len(content) - 1)] == ord("E"))
        ends = ends[self.at(np.minimum(self.tags[ends], len(content) - 8), 8)[:, 0] == _word(EVENT_END)]
        # For each event: its first tag, how many tags it has, and where it ends.
        self.first: Integers = np.concatenate(([0], ends[:-1] + 1))
        self.count: Integers = ends + 1 - self.first
        self.end: Integers = self.tags[ends] + len(EVENT_END)

    def at(self, places: Integers, size: int) -> Words:
        """Return the *size* bytes from each place on, as words of 8, which become the last axis."""
        return windows(self.content, places, size)

    def plain(self) -> Booleans:
        """Return which events have only characters that mean themselves, and end REACH bytes or more before the block does."""
        at = np.concatenate(
            [
                part + start
                for start in range(0, len(self.bytes), CACHED)
                for part in [_special(self.bytes[start : start + CACHED])]
            ]
        )
        byte, following = self.bytes[at], self.bytes[np.minimum(at + 1, len(self.content) - 1)]
        harmless = (
            (byte == ord("\n"))
            | (byte == ord("\t"))
            | ((byte == ord("]")) & (following != ord("]")))  # else it may be ]]>
            | ((byte == 0xEF) & (following != 0xBF))  # else it may be U+FFFE
        )
        at = at[~harmless]
        event = np.searchsorted(self.end, at, "right")
        plain: Booleans = self.end <= len(self.content) - REACH
        plain[event[at > self.tags[self.first[event]]]] = False
        if not is_utf8(self.content):
            start = 0
            for number, end in enumerate(self.end.tolist()):
                try:
                    self.content[start:end].decode()
                except UnicodeDecodeError:
                    plain[number] = False
                start = end
        return plain


def _special(content: Bytes) -> Integers:
    """Return the places of bytes that may not mean themselves in XML."""
    special = content < 0x20
    same = np.empty_like(special)
    for char in b"&]\xef":
        np.logical_or(special, np.equal(content, char, out=same), out=special)
    return np.flatnonzero(special)


class Slot(Enum):
    """What is between two pieces of text that all events of a shape have."""

    TEXT = auto()
    TIME = auto()
    ATTRIBUTES = auto()


class Piece(NamedTuple):
    """Text that all events of a shape have, *offset* bytes from one of the event's tags, and what follows it.

    Args:
        tag: The number of the tag in the event.
        offset: 0, or negative if the text begins with the end of the previous tag.
        text: The text.
        slot: What is between this piece and the next.
        between: The text between the values of attributes, if the slot has such; all values are in the quotes with which
            *text* ends.
    """

    tag: int
    offset: int
    text: bytes
    slot: Slot = Slot.TEXT
    between: tuple[bytes, ...] = ()


class Found(NamedTuple):
    """The events of a block that have one shape.

    Args:
        events: Their numbers in the block.
        time: In seconds since 1970.
        start: Where each value begins, in a row for each event and a column for each of the shape's `columns`.
        length: How many bytes each value has.
    """

    events: Integers
    time: Floats
    start: Integers
    length: Integers


class Shape:
    """What the events of one kind have in common, and where their values are.

    Attributes:
        tags: How many tags an event has.
        event_id: Its EventID.
        columns: The numbers of the columns of text whose value varies.
        constants: The values of the columns that are always the same; the other columns are absent.
    """

    def __init__(
        self, tags: int, pieces: Sequence[Piece], time_bytes: int, event_id: int, values: Sequence[int | str | None]
    ) -> None:
        """Prepare the comparison.

        Args:
            tags: How many tags an event has.
            pieces: The event's text without its values.
            time_bytes: How long the time is.
            event_id: The EventID.
            values: For each column of text: the piece before its value, the value that it always has, or None.
        """
        self.tags = tags
        self.event_id = event_id
        self.columns = [column for column, value in enumerate(values) if isinstance(value, int)]
        self.constants = {column: value for column, value in enumerate(values) if isinstance(value, str)}
        self._values = [value for value in values if isinstance(value, int)]
        self._time_bytes = time_bytes
        self._pieces = pieces
        self._tags = _integers(piece.tag for piece in pieces)
        self._starts = _integers(piece.offset for piece in pieces)
        self._ends = _integers(piece.offset + len(piece.text) for piece in pieces)
        windows = [
            (number, start) for number, piece in enumerate(pieces) for start in range(0, len(piece.text), WINDOW)
        ]
        texts = [pieces[number].text[start : start + WINDOW] for number, start in windows]
        self._window_pieces = [number for number, _ in windows]
        self._window_offsets = _integers(pieces[number].offset + start for number, start in windows)
        self._text = _windows(texts)
        self._mask = _windows([b"\xff" * len(text) for text in texts])

    def find(self, block: Block, events: Integers) -> Found:
        """Return which of some plain events, which have this number of tags, have this shape."""
        # Arrays have a row for each event throughout, so that what is read together is close together in the block.
        tags = block.tags[block.first[events][:, None] + self._tags]
        right = self._has_text(block, tags)
        events, tags = events[right], tags[right]
        start, end = tags[:, :-1] + self._ends[:-1], tags[:, 1:] + self._starts[1:]
        right = np.ones(len(events), np.bool_)
        for number, piece in enumerate(self._pieces):
            if piece.slot is Slot.TIME:
                time, is_time = times(block.at(start[:, number], TIME_BYTES).view(np.uint8), self._time_bytes)
                right &= is_time & (end[:, number] - start[:, number] == self._time_bytes)
            elif piece.slot is Slot.ATTRIBUTES:
                right &= _are_attributes(block, start[:, number], end[:, number], piece)
        start, end = (edge[right].take(self._values, axis=1) for edge in (start, end))
        return Found(events[right], time[right], start, end - start)

    def _has_text(self, block: Block, tags: Integers) -> Booleans:
        places = tags.take(self._window_pieces, axis=1) + self._window_offsets
        # An event of another shape may have a tag near an edge of the block, where the text would go beyond it.
        last = len(block.content) - WINDOW
        beyond = (places.min(axis=1) < 0) | (places.max(axis=1) > last)
        text = block.at(places.clip(0, last) if beyond.any() else places, WINDOW)
        text &= self._mask
        text ^= self._text
        different: Booleans = beyond | text.any((1, 2))
        return ~different


def learn(event: bytes, parser: Parser) -> Shape | None:
    """Return the shape of an event, or None if it is not as simple as most events.

    Args:
        event: From its first tag to the end of its last.
        parser: The exact reader, which says what each value means.
    """
    tags = _tags(event)
    if MARK.encode() in event:
        return None
    pieces: list[Piece] = []
    marked = bytearray()
    time_bytes = 0
    # The current piece: the tag from which its place is counted, its offset from it, and its text.
    start, offset, text = 0, 0, b""
    for number, (tag, behind) in enumerate(tags):
        name = OPENING.fullmatch(tag)
        if match := TIME_CREATED.fullmatch(tag):
            if time_bytes:
                return None
            before, moment, rest = match.groups()
            time_bytes = len(moment)
            marked += before + _mark(len(pieces)) + rest + behind
            pieces.append(Piece(start, offset, text + before, Slot.TIME))
            start, offset, text = number + 1, -len(rest + behind), rest + behind
        elif VARYING.match(tag):
            parts = _around_attributes(tag)
            if not parts:
                return None
            marked += tag + behind
            pieces.append(Piece(start, offset, text + parts[0], Slot.ATTRIBUTES, tuple(parts[1:-1])))
            start, offset, text = number + 1, -len(parts[-1] + behind), parts[-1] + behind
        elif (
            name
            and name[1] not in FIXED
            and [b"</" + name[1] + b">"] == [tag for tag, _ in tags[number + 1 : number + 2]]
        ):
            marked += tag + _mark(len(pieces))
            pieces.append(Piece(start, offset, text + tag))
            start, offset, text = number + 1, 0, b""
        else:
            marked += tag + behind
            text += tag + behind
    pieces.append(Piece(start, offset, text))
    try:
        parts_of = parser.parts(bytes(marked))
        identifier = event_id(parts_of.event_id)
    except UnreadableEventError:
        return None
    time = MARKED.fullmatch(parts_of.time)
    if not time or pieces[int(time[1])].slot is not Slot.TIME:
        return None
    values: list[int | str | None] = []
    for value in (parts_of.provider, parts_of.computer, parts_of.channel, *parts_of.values):
        mark = MARKED.fullmatch(value or "")
        if not mark and MARK in (value or ""):
            return None
        values.append(int(mark[1]) if mark else value)
    return Shape(len(tags), pieces, time_bytes, identifier, values)


def _tags(event: bytes) -> list[tuple[bytes, bytes]]:
    """Return an event's tags, each with the text after it; nothing if the event is not made of tags and text."""
    tags = []
    position = 0
    while position < len(event):
        tag = TAG.match(event, position)
        if not tag:
            return []
        position = event.find(b"<", tag.end())
        position = position if position > 0 else len(event)
        tags.append((tag[0], event[tag.end() : position]))
    return tags


def _around_attributes(tag: bytes) -> list[bytes]:
    """Return the text of a tag before, between and after the values of its attributes, with their quotes.

    Returns:
        Nothing if the quotes differ, or a name has a prefix: its value could not be any text.
    """
    values = list(ATTRIBUTE.finditer(tag))
    quotes = {tag[value.start() : value.start() + 1] for value in values}
    if len(quotes) != 1 or tag.count(quotes.pop()) != 2 * len(values):
        return []
    edges = [0, *(edge for value in values for edge in (value.start() + 1, value.end() - 1)), len(tag)]
    parts = [tag[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return [] if any(b":" in part or b"xmlns" in part for part in parts) else parts


def _mark(number: int) -> bytes:
    return f"{MARK}{number}{MARK}".encode()


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


def _integers(numbers: Iterable[int]) -> Integers:
    return np.array(list(numbers), np.int64)


def _windows(texts: Sequence[bytes]) -> Words:
    padded = b"".join(text.ljust(WINDOW, b"\0") for text in texts)
    return np.frombuffer(padded, "<u8").reshape(len(texts), WINDOW // 8)


def _are_attributes(block: Block, start: Integers, end: Integers, piece: Piece) -> Booleans:
    """Return which slots are values of attributes without quotes in them, with the right text between them."""
    # From the quote before the first value to the quote after the last one.
    width = (end + 1 - (start - 1)).clip(0, WINDOW + 1)
    text = block.at(start - 1, WINDOW).view(np.uint8)
    inside = np.arange(WINDOW, dtype=np.uint8) < width.astype(np.uint8)[:, None]
    # Parsers normalise white space in attributes.
    right = (width <= WINDOW) & ~((text < 0x20) & inside).any(1)
    row, at = np.divmod(np.flatnonzero((text == piece.text[-1]) & inside), WINDOW)
    count = 2 * (len(piece.between) + 1)
    right &= np.bincount(row, minlength=len(start)) == count
    at = at[right[row]].reshape(-1, count)
    rows = np.flatnonzero(right)
    for number, part in enumerate(piece.between):
        before, behind = at[:, 2 * number + 1], at[:, 2 * number + 2]
        letters = text[rows[:, None], np.minimum(before[:, None] + np.arange(len(part)), WINDOW - 1)]
        right[rows] &= (behind - before == len(part) - 1) & (letters == np.frombuffer(part, np.uint8)).all(1)
    return right
