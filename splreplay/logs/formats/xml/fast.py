"""Windows event XML, read fast: `shapes` reads events of a known shape, and the exact reader all others.

Without this module only speed would be lost: `exact.read` gives the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from splreplay.logs.arrays import Booleans, Integers, Words
from splreplay.logs.events import Columns, Event, Item, batch_of, batches, text_of
from splreplay.logs.formats.xml import exact
from splreplay.logs.formats.xml.shapes import (
    CHANNEL,
    COMPUTER,
    PROVIDER,
    REACH,
    TEXT,
    VALUES,
    Block,
    Found,
    Shape,
    learn,
)
from splreplay.logs.opening import Log
from splreplay.logs.report import LISTED, BadEvent, BadEvents
from splreplay.logs.threads import in_threads

Exact: TypeAlias = Callable[[int, int], "Iterable[Event | BadEvent]"]

# In each block, at most so many events of unknown shapes are learned from; the rest is read exactly.
LESSONS = 50
MAX_SHAPES = 500
# Windows writes no event with more tags, and one would cost more to learn than to parse.
MAX_TAGS = 1_000

# Which bytes of a view belong to a short text, by its length.
SHORT = 12
MASKS = np.frombuffer(
    b"".join((b"\xff" * (4 + length)).ljust(16, b"\0") for length in range(SHORT + 1)), "<u4"
).reshape(-1, 4)


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log, as exact.read does."""
    learned = Learned(columns)

    def read_piece(offset: int, content: bytes) -> list[Item]:
        parser = exact.Parser()
        usual = len(content) > REACH and content.endswith(exact.EVENT_END) and exact.DTD not in content
        if not usual or exact.hides_ends(content):
            return list(batches(exact.rows(parser, log.path, offset, content), columns))
        block = Block(content)

        def exactly(first: int, last: int) -> Iterable[Event | BadEvent]:
            start = int(block.end[first - 1]) if first else 0
            return exact.rows(parser, log.path, offset + start, content[start : block.end[last]])

        return learned.read(block, parser, exactly)

    return in_threads(read_piece, exact.pieces(log))


class Learned:
    """The shapes that one log has shown so far."""

    def __init__(self, columns: Columns) -> None:
        """Know none; keep the values of *columns*."""
        self._columns = columns
        self._shapes: dict[int, list[Shape]] = {}

    def read(self, block: Block, parser: exact.Parser, exactly: Exact) -> list[Item]:
        """Return the rows of a block in one batch, and its bad events.

        Args:
            block: Whole events.
            parser: The exact reader's.
            exactly: Reads events exactly, from one number in the block to another.
        """
        of_shapes = list(self._find(block, parser))
        unknown = np.ones(len(block.end), np.bool_)
        for _, events in of_shapes:
            unknown[events.events] = False
        bad = BadEvents()
        # An end without an event is a bad event. There may be millions, so those that would not be listed are only counted.
        ends = np.flatnonzero(unknown & (block.count == 1))[LISTED:]
        unknown[ends] = False
        bad.count = len(ends)
        rows: dict[int, list[Event]] = {}
        edges = np.flatnonzero(np.diff(unknown, prepend=False, append=False))
        for first, behind in edges.reshape(-1, 2).tolist():
            for item in exactly(first, behind - 1):
                if isinstance(item, BadEvent):
                    bad.add(item)
                else:
                    rows.setdefault(first, []).append(item)
        batch = _batch(block, of_shapes, rows, self._columns)
        return [*([batch] if batch.num_rows else []), *([bad] if bad.count else [])]

    def _find(self, block: Block, parser: exact.Parser) -> Iterator[tuple[Shape, Found]]:
        """Yield the events of each shape, which is known, or is learned from the first of them."""
        left = np.where(block.plain() & (block.count <= MAX_TAGS), block.count, 0)
        for count in np.unique(left[left > 0]).tolist():
            shapes = self._shapes.setdefault(count, [])
            events = np.flatnonzero(left == count)
            number = lessons = 0
            while len(events):
                if number == len(shapes):
                    # No known shape fits. Learn from the first event; if that fails, it is read exactly.
                    if lessons == LESSONS or len(shapes) == MAX_SHAPES:
                        break
                    lessons += 1
                    first = int(events[0])
                    shape = learn(
                        block.content[block.tags[block.first[first]] : block.end[first]], parser, self._columns
                    )
                    if not shape or shape.tags != count:
                        events = events[1:]
                        continue
                    shapes.append(shape)
                shape = shapes[number]
                number += 1
                of_shape = shape.find(block, events)
                if len(of_shape.events):
                    yield shape, of_shape
                    left[of_shape.events] = 0
                    events = np.flatnonzero(left == count)


def _batch(
    block: Block, of_shapes: Sequence[tuple[Shape, Found]], others: Mapping[int, Sequence[Event]], columns: Columns
) -> pa.RecordBatch:
    """Return all rows in the order of the log; texts of events with a shape are not copied from the block."""
    rows_of = np.zeros(len(block.end), np.int64)
    for _, events in of_shapes:
        rows_of[events.events] = 1
    for event, rows in others.items():
        rows_of[event] = len(rows)
    at = np.cumsum(rows_of) - rows_of
    count = int(rows_of.sum())
    ids, times = np.zeros(count, np.int32), np.zeros(count)
    texts = Texts(block, count)
    for shape, events in of_shapes:
        place = at[events.events]
        ids[place], times[place] = shape.event_id, events.time
        texts.point(shape.columns, place, events.start, events.length)
        for column, text in shape.constants.items():
            texts.write(column, place, text)
    for event, rows in others.items():
        for number, row in enumerate(rows, int(at[event])):
            ids[number], times[number] = row.event_id, row.time
            for column, value in ((PROVIDER, row.provider), (COMPUTER, row.computer), (CHANNEL, row.channel)):
                if value is not None:
                    texts.write(column, number, value)
            for name, value in row.values.items():
                if (place_ := columns.number(name)) is not None:
                    texts.write(VALUES + place_, number, value)
            if columns.raw:
                texts.write(TEXT, number, text_of(row))
    names = columns.names
    # Where every value is kept, a batch has the columns that its events fill.
    kept = [number for number in range(len(names)) if not columns.every or VALUES + number in texts]
    system = texts.array(PROVIDER), pa.array(ids), pa.array(times), texts.array(COMPUTER), texts.array(CHANNEL)
    values = [texts.array(VALUES + number) for number in kept]
    raw = [texts.array(TEXT)] if columns.raw else []
    return batch_of([*system, *values, *raw], [names[number] for number in kept], columns.raw)


class Texts:
    """Columns of Arrow string views: a view holds a text of up to 12 bytes itself, and points to a longer one.

    Source: Arrow Columnar Format, "Variable-size Binary View Layout".
    """

    def __init__(self, block: Block, rows: int) -> None:
        """Start without values; their views are zero, because some readers look at them nevertheless."""
        self._block = block
        self._rows = rows
        self._columns: dict[int, tuple[Words, Booleans]] = {}
        self._written = bytearray()
        self._buffers: list[pa.Buffer] = []

    def __contains__(self, column: int) -> bool:
        """Return whether a column has a value."""
        return column in self._columns

    def _column(self, column: int) -> tuple[Words, Booleans]:
        if column not in self._columns:
            self._columns[column] = np.zeros((self._rows, 2), np.uint64), np.zeros(self._rows, np.bool_)
        return self._columns[column]

    def point(self, columns: Sequence[int], rows: Integers, start: Integers, length: Integers) -> None:
        """Set values to texts of the block; *start* and *length* have a row for each of *rows* and a column for each of *columns*."""
        view = self._block.at(start - 4, 16).view(np.uint32)
        view[..., 0] = length
        view &= MASKS[np.minimum(length, SHORT)]
        long = length > SHORT
        np.copyto(view[..., 2], 0, where=long)
        np.copyto(view[..., 3], start, where=long, casting="unsafe")
        for number, column in enumerate(columns):
            views, valid = self._column(column)
            views[rows] = view[:, number].view(np.uint64)
            valid[rows] = True

    def write(self, column: int, rows: Integers | int, text: str) -> None:
        """Set the value of some rows to a text that is not in the block."""
        encoded = text.encode()
        head = len(encoded) | int.from_bytes(encoded[:4], "little") << 32
        if len(encoded) <= SHORT:
            tail = int.from_bytes(encoded[4:], "little")
        else:
            tail = 1 | len(self._written) << 32
            self._written += encoded
        views, valid = self._column(column)
        views[rows] = (head, tail)
        valid[rows] = True

    def array(self, column: int) -> pa.Array:
        """Return a column, of whose texts no more are written."""
        self._buffers = self._buffers or [pa.py_buffer(self._block.content), pa.py_buffer(bytes(self._written))]
        views, valid = self._column(column)
        there = pa.py_buffer(np.packbits(valid, bitorder="little"))
        return pa.Array.from_buffers(pa.string_view(), self._rows, [there, pa.py_buffer(views), *self._buffers])
