"""Windows event XML, read fast: what has a known shape by `shapes`, the rest by the exact reader, `xml`.

Nothing but speed is lost without this module: `xml.read` yields the same rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from replay.logs import xml
from replay.logs.events import Item, Row, batches, schema
from replay.logs.opening import Log, whole
from replay.logs.report import BadEvent
from replay.logs.shapes import REACH, Block, Found, Integers, Shape, learn

THREADS = 2
# More events than this of shapes yet unknown are read exactly, block by block.
LESSONS = 50
MAX_SHAPES = 500

# What of the view of a short text belongs to it, by its length.
SHORT = 12
MASKS = np.frombuffer(
    b"".join((b"\xff" * (4 + length)).ljust(16, b"\0") for length in range(SHORT + 1)), "<u4"
).reshape(-1, 4)


def read(log: Log, fields: Sequence[str]) -> Iterator[Item]:
    """Read a log; raises DataError where it has a DTD, as the exact reader does."""
    reader = Reader(log.path, fields)
    results: deque[Future[list[Item]]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for offset, content in whole(log.blocks, xml.EVENT_END, xml.END):
            results.append(pool.submit(reader.read, offset, content))
            if len(results) > THREADS:
                yield from results.popleft().result()
        for result in results:
            yield from result.result()


class Reader:
    """Reads blocks of one log, and learns on the way."""

    def __init__(self, path: str, fields: Sequence[str]) -> None:
        """Keep the values of *fields*."""
        self._path = path
        self._fields = fields
        self._shapes: dict[int, list[Shape]] = {}

    def read(self, offset: int, content: bytes) -> list[Item]:
        """Return the bad events and the rows, in one batch, of a block of whole events that begins at *offset*."""
        parser = xml.Parser(self._fields)
        if len(content) <= REACH or not content.endswith(xml.EVENT_END):
            return list(batches(xml.rows(parser, self._path, offset, content), self._fields))
        block = Block(content)
        found = list(self._find(block, parser))
        unknown = np.ones(len(block.end), np.bool_)
        for _, events in found:
            unknown[events.events] = False
        bad: list[Item] = []
        exact: dict[int, list[Row]] = {}
        for event in np.flatnonzero(unknown).tolist():
            start = int(block.end[event - 1]) if event else 0
            exact[event] = []
            for item in xml.rows(parser, self._path, offset + start, content[start : block.end[event]]):
                if isinstance(item, BadEvent):
                    bad.append(item)
                else:
                    exact[event].append(item)
        batch = _batch(block, found, exact, self._fields)
        return [*bad, batch] if batch.num_rows else bad

    def _find(self, block: Block, parser: xml.Parser) -> Iterator[tuple[Shape, Found]]:
        """Yield the events that have a shape, known or learned from the first of them."""
        left = np.where(block.plain(), block.count, 0)
        for count in np.unique(left[left > 0]).tolist():
            shapes = self._shapes.setdefault(count, [])
            events = np.flatnonzero(left == count)
            number = lessons = 0
            while len(events):
                if number == len(shapes):
                    # None of the known shapes: learn from the first event, which then has it, or is read exactly.
                    if lessons == LESSONS or len(shapes) == MAX_SHAPES:
                        break
                    lessons += 1
                    first = int(events[0])
                    shape = learn(block.content[block.tags[block.first[first]] : block.end[first]], parser)
                    if not shape or shape.tags != count:
                        events = events[1:]
                        continue
                    shapes.append(shape)
                shape = shapes[number]
                number += 1
                found = shape.find(block, events)
                if len(found.events):
                    yield shape, found
                    left[found.events] = 0
                    events = np.flatnonzero(left == count)


def _batch(
    block: Block, found: Sequence[tuple[Shape, Found]], exact: Mapping[int, Sequence[Row]], fields: Sequence[str]
) -> pa.RecordBatch:
    """Put the rows into the order of the log; the text of those found stays where it stands in the block."""
    rows_of = np.ones(len(block.end), np.int64)
    for event, rows in exact.items():
        rows_of[event] = len(rows)
    at = np.cumsum(rows_of) - rows_of
    count = int(rows_of.sum())
    ids, times = np.zeros(count, np.int32), np.zeros(count)
    texts = Texts(block, len(fields) + 3, count)
    for shape, events in found:
        place = at[events.events]
        ids[place], times[place] = shape.event_id, events.time
        texts.point(shape.columns, place, events.start, events.length)
        for column, text in shape.constants.items():
            texts.write(column, place, text)
    for event, rows in exact.items():
        for number, (provider, event_id, time, *others) in enumerate(rows, int(at[event])):
            ids[number], times[number] = event_id, time
            for column, value in enumerate((provider, *others)):
                if value is not None:
                    texts.write(column, number, value)
    provider, computer, channel, *values = texts.arrays()
    columns = [provider, pa.array(ids), pa.array(times), computer, channel, *values]
    return pa.RecordBatch.from_arrays(columns, names=schema(fields).names)


class Texts:
    """Columns of Arrow string views: a text of up to 12 bytes stands in its view, a longer one where that points.

    Source: Arrow Columnar Format, "Variable-size Binary View Layout".
    """

    def __init__(self, block: Block, columns: int, rows: int) -> None:
        """Start with no value anywhere: their views are zero, as some readers look at them all the same."""
        self._block = block
        self._views = np.zeros((columns, rows, 2), np.uint64)
        self._valid = np.zeros((columns, rows), np.bool_)
        self._written = bytearray()

    def point(self, columns: Sequence[int], rows: Integers, start: Integers, length: Integers) -> None:
        """Set values to text of the block; *start* and *length* have a row a column, a column a row."""
        view = self._block.at(start - 4, 16).view(np.uint32)
        view[..., 0] = length
        view &= MASKS[np.minimum(length, SHORT)]
        long = length > SHORT
        np.copyto(view[..., 2], 0, where=long)
        np.copyto(view[..., 3], start, where=long, casting="unsafe")
        place = np.array(columns, np.int64)[:, None], rows
        self._views[place] = view.view(np.uint64)
        self._valid[place] = True

    def write(self, column: int, rows: Integers | int, text: str) -> None:
        """Set the value of some rows to a text that does not stand in the block."""
        data = text.encode()
        head = len(data) | int.from_bytes(data[:4], "little") << 32
        if len(data) <= SHORT:
            tail = int.from_bytes(data[4:], "little")
        else:
            tail = 1 | len(self._written) << 32
            self._written += data
        self._views[column, rows] = (head, tail)
        self._valid[column, rows] = True

    def arrays(self) -> list[pa.Array]:
        """Return the columns."""
        buffers = [pa.py_buffer(self._block.content), pa.py_buffer(bytes(self._written))]
        return [
            pa.Array.from_buffers(
                pa.string_view(),
                len(views),
                [pa.py_buffer(np.packbits(valid, bitorder="little")), pa.py_buffer(views), *buffers],
            )
            for views, valid in zip(self._views, self._valid, strict=True)
        ]
