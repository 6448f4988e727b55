"""The values of a block of JSON lines, by a scanner that numba compiles; an optional extra, requirements/scanner.in says.

It knows all of JSON but what the exact reader reads in a way of its own (half a surrogate pair, NaN, deep nesting,
values that are objects or arrays); a line with such is not sure.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa

from splreplay.logs import jsonl_compiled as compiled
from splreplay.logs.fast import view_arrays
from splreplay.logs.jsonl import Piece
from splreplay.logs.jsonl_compiled import Columns, Gaps, Keys, Levels, Text
from splreplay.logs.jsonl_form import Form, Place, Values, form
from splreplay.logs.shapes import Bytes, Words, is_utf8


def values(piece: Piece, form: Form) -> Values:
    """Return what stands in the places of a form, as jsonl_duckdb.values does."""
    _, count, content = piece
    places, keys = _wanted(form)
    unescaped = np.empty(len(content) + compiled.WORD, np.uint8)
    columns = Columns(
        np.zeros((len(places), count, 2), np.uint64),
        np.zeros((len(places), count), np.bool_),
        np.zeros(len(keys.length), np.int64),
        unescaped,
        _words(unescaped),
    )
    sure, ends = np.zeros(count, np.bool_), np.zeros(count, np.int64)
    gaps, levels = _nothing_read(), Levels(*np.zeros((2, compiled.MAX_DEPTH), np.int64))
    row = used = 0
    for text in _texts(content):
        row, used = compiled.scan(text, keys, gaps, levels, columns, sure, ends, row, used)
    arrays = view_arrays(columns.views, columns.valid, content, unescaped[:used].tobytes())
    found = dict(zip(places, arrays, strict=True))
    for place in form.empty:
        sure &= np.asarray(found[place].is_null())
    nothing = pa.nulls(count, pa.string_view())
    return Values({name: found[place] if place else nothing for name, place in form.values}, sure, ends)


def prepare() -> None:
    """Compile now, as numba keeps what it compiles beside the module, so that no run waits for it."""
    values(Piece(1, 1, b"{}"), form(b"{}", ()))


def _texts(content: bytes) -> list[Text]:
    """Return the lines as they stand in the piece, and the last of them in a copy that has room behind it."""
    unsure = np.uint64(0) if is_utf8(content) else compiled.HIGHS
    last = content.rfind(b"\n", 0, max(len(content) - compiled.PADDING, 0)) + 1
    rest = content[last:].removesuffix(b"\n") + b"\n"
    padded = rest + bytes(compiled.PADDING)
    return [
        Text(np.frombuffer(text, np.uint8), _words(text), size, start, unsure)
        for text, size, start in ((content, last, 0), (padded, len(rest), last))
        if size
    ]


def _words(content: bytes | Bytes) -> Words:
    """Return the eight bytes from each place on."""
    return np.ndarray((len(content) - compiled.WORD + 1,), np.uint64, content, strides=(1,))


def _nothing_read() -> Gaps:
    size = compiled.MAX_GAPS
    words, length, behind = np.zeros((size, compiled.GAP_WORDS), np.uint64), *np.zeros((2, size), np.int64)
    parent, key, following, other = np.full((4, size), -1)
    return Gaps(words, length, behind, parent, key, following, other, np.ones(1, np.int64))


@cache
def _wanted(form: Form) -> tuple[list[Place], Keys]:
    """Return the places that the columns are of, and the keys to them."""
    places = list(dict.fromkeys([*(place for _, place in form.values if place), *form.empty]))
    objects: dict[Place, int] = {(): 0}
    for place in places:
        for depth in range(1, len(place)):
            objects.setdefault(place[:depth], len(objects))
    # To a column or to an object: where, and its number.
    to_columns = [(place, number, -1) for number, place in enumerate(places)]
    to_objects = [(place, -1, number) for place, number in objects.items() if place]
    all_ = [*to_columns, *to_objects]
    texts = [place[-1].encode() for place, _, _ in all_]
    width = max(map(len, texts)) // compiled.WORD + 1
    words = np.array([np.frombuffer(text.ljust(width * compiled.WORD, b"\0"), np.uint64) for text in texts])
    # At most a quarter is full.
    slots = np.full(4 << len(all_).bit_length(), -1, np.int64)
    for number, text in enumerate(texts):
        slot = compiled.slot.py_func(words[number, 0], len(text), slots)
        while slots[slot] >= 0:
            slot = (slot + 1) % len(slots)
        slots[slot] = number
    keys = Keys(
        slots,
        words,
        np.array([len(text) for text in texts]),
        np.array([objects[place[:-1]] for place, _, _ in all_]),
        np.array([column for _, column, _ in all_]),
        np.array([inner for _, _, inner in all_]),
    )
    return places, keys
