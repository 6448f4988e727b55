"""The shape of an event is its text without its values. An event of a known shape needs no parser.

To learn a shape, the exact reader reads the event with a mark in the place of each value, which shows what the value means.
Another event that has the same text between its values, byte for byte, and whose values are plain characters, is well-formed
too and means the same. So its values are taken from their places. numpy compares all events of a block at once.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

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
from splreplay.logs.events import Columns, UnreadableEventError, event_id
from splreplay.logs.formats.xml.exact import EVENT_END, START, Parser

# Text is read and compared in pieces of this many bytes.
WINDOW = 48
# A text that begins earlier in a block cannot become a view, which is read with what stands before it.
VIEW_BYTES = 4
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
MARKED = re.compile(f"{MARK}([0-9]+)[.]([0-9]+){MARK}")

# The columns of text in a block: three common ones, the event's text, and the values, each at VALUES and its number.
PROVIDER, COMPUTER, CHANNEL, TEXT, VALUES = range(5)
# A value's place in a shape: the piece before it, and which of the values between this piece and the next it is.
Place: TypeAlias = tuple[int, int]


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
        self,
        tags: int,
        pieces: Sequence[Piece],
        time_bytes: int,
        event_id: int,
        values: Mapping[int, Place | str],
        start: int | None,
    ) -> None:
        """Prepare the comparison.

        Args:
            tags: How many tags an event has.
            pieces: The event's text without its values.
            time_bytes: How long the time is.
            event_id: The EventID.
            values: For the columns of text that it has: the place of the value, or the value that it always has.
            start: The number of the tag that begins the event's text; None where that is not kept.
        """
        self.tags = tags
        self.event_id = event_id
        places = [(column, place) for column, place in values.items() if isinstance(place, tuple)]
        attributes = {piece for _, (piece, _) in places if pieces[piece].slot is Slot.ATTRIBUTES}
        self.constants = {column: value for column, value in values.items() if isinstance(value, str)}
        # Those between tags come first, then those of attributes, then the event's text.
        between = [(column, piece) for column, (piece, _) in places if piece not in attributes]
        self._values = [piece for _, piece in between]
        self._attributes = [(column, piece, part) for column, (piece, part) in places if piece in attributes]
        self._start = start
        self.columns = [
            *(column for column, _ in between),
            *(column for column, _, _ in self._attributes),
            *([] if start is None else [TEXT]),
        ]
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
        if self._start is not None:
            right = block.tags[block.first[events] + self._start] >= VIEW_BYTES
        quotes: dict[int, Integers] = {}
        for number, piece in enumerate(self._pieces):
            if piece.slot is Slot.TIME:
                time, is_time = times(block.at(start[:, number], TIME_BYTES).view(np.uint8), self._time_bytes)
                right &= is_time & (end[:, number] - start[:, number] == self._time_bytes)
            elif piece.slot is Slot.ATTRIBUTES:
                are, quotes[number] = _are_attributes(block, start[:, number], end[:, number], piece)
                right &= are
        starts, ends = ([edge[right].take(self._values, axis=1)] for edge in (start, end))
        for _, piece_, part in self._attributes:
            starts.append(quotes[piece_][right, 2 * part, None] + 1)
            ends.append(quotes[piece_][right, 2 * part + 1, None])
        if self._start is not None:
            starts.append(block.tags[block.first[events[right]] + self._start][:, None])
            ends.append(block.end[events[right]][:, None])
        begin = np.concatenate(starts, axis=1)
        return Found(events[right], time[right], begin, np.concatenate(ends, axis=1) - begin)

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


def learn(event: bytes, parser: Parser, columns: Columns) -> Shape | None:
    """Return the shape of an event, or None if it is not as simple as most events.

    Args:
        event: From its first tag to the end of its last.
        parser: The exact reader, which says what each value means.
        columns: The values that are kept.
    """
    tags = _tags(event)
    starts = [number for number, (tag, _) in enumerate(tags) if START.match(tag)]
    if MARK.encode() in event or len(starts) != 1:
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
            marked += before + _mark(len(pieces), 0) + rest + behind
            pieces.append(Piece(start, offset, text + before, Slot.TIME))
            start, offset, text = number + 1, -len(rest + behind), rest + behind
        elif VARYING.match(tag):
            parts = _around_attributes(tag)
            if not parts:
                return None
            marks = [_mark(len(pieces), part) for part in range(len(parts) - 1)]
            marked += b"".join(itertools.chain(*zip(parts, [*marks, behind], strict=True)))
            pieces.append(Piece(start, offset, text + parts[0], Slot.ATTRIBUTES, tuple(parts[1:-1])))
            start, offset, text = number + 1, -len(parts[-1] + behind), parts[-1] + behind
        elif (
            name
            and name[1] not in FIXED
            and [b"</" + name[1] + b">"] == [tag for tag, _ in tags[number + 1 : number + 2]]
        ):
            marked += tag + _mark(len(pieces), 0)
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
    texts = {PROVIDER: parts_of.provider, COMPUTER: parts_of.computer, CHANNEL: parts_of.channel}
    texts |= {
        VALUES + kept: text for name, text in parts_of.values.items() if (kept := columns.number(name)) is not None
    }
    values: dict[int, Place | str] = {}
    for column, value in texts.items():
        mark = MARKED.fullmatch(value or "")
        if not mark and MARK in (value or ""):
            return None
        if value is not None:
            values[column] = (int(mark[1]), int(mark[2])) if mark else value
    return Shape(len(tags), pieces, time_bytes, identifier, values, starts[0] if columns.raw else None)


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


def _mark(piece: int, part: int) -> bytes:
    return f"{MARK}{piece}.{part}{MARK}".encode()


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


def _integers(numbers: Iterable[int]) -> Integers:
    return np.array(list(numbers), np.int64)


def _windows(texts: Sequence[bytes]) -> Words:
    padded = b"".join(text.ljust(WINDOW, b"\0") for text in texts)
    return np.frombuffer(padded, "<u8").reshape(len(texts), WINDOW // 8)


def _are_attributes(block: Block, start: Integers, end: Integers, piece: Piece) -> tuple[Booleans, Integers]:
    """Return which slots are values of attributes without quotes in them, with the right text between them.

    Returns:
        Which slots are, and the places of the quotes of each of these.
    """
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
    places = np.zeros((len(start), count), np.int64)
    places[rows] = at + (start[rows] - 1)[:, None]
    return right, places
