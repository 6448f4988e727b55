"""The values of a block of JSON lines, by a scanner that numba compiles; an optional extra, requirements/scanner.in says.

It knows all of JSON but what the exact reader reads in a way of its own (half a surrogate pair, NaN, deep nesting,
values that are objects or arrays); a line with such is not sure. Any byte may be an attacker's and compiled code looks
past no end by itself, so every loop here ends at a line feed, which the text ends with.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from replay.logs.fast import SHORT, view_arrays
from replay.logs.jsonl import Piece
from replay.logs.jsonl_form import Form, Place, Values, form
from replay.logs.shapes import Booleans, Bytes, Integers, is_utf8

MAX_DEPTH = 64
# What a byte is within a string.
PLAIN, QUOTE, BACKSLASH, OTHER = range(4)
LINE_FEED, SPACE, TAB, RETURN = b"\n \t\r"
OPEN, CLOSE, OPEN_ARRAY, CLOSE_ARRAY, COLON, COMMA, SLASH = b"{}[]:,\\"
ZERO, NINE, MINUS, PLUS, POINT = b"09-+."
LETTER_E, LETTER_N, LETTER_U = b"enu"
HIGH_A = ord("A")
# How the first byte of a character begins, by how many it has.
LEADING = np.array([0, 0, 0xC0, 0xE0, 0xF0])
WORDS = tuple(np.frombuffer(word, np.uint8) for word in (b"true", b"false", b"null"))
ONE = np.uint64(1)
# What an escape means, by the byte behind the backslash; 0 where it is none of these.
ESCAPED = np.zeros(256, np.uint8)
ESCAPED[list(b'"\\/bfnrt')] = list(b'"\\/\b\f\n\r\t')

compiled = numba.njit(nogil=True, cache=True)
inlined = numba.njit(nogil=True, cache=True, inline="always")


class Keys(NamedTuple):
    """The keys that are looked for, each in one object.

    Args:
        slots: The number of the key whose hash falls there, or the next one with the same; -1 for none.
        text: All keys, one behind the other.
        start: Of each key, where it begins in *text*.
        length: Of each key, how long it is.
        parent: Of each key, the number of the object that it stands in; 0 is the line's own.
        column: Of each key, the number of the column that its value goes to; -1 for none.
        inner: Of each key, the number of the object that it holds; -1 for none.
    """

    slots: Integers
    text: Bytes
    start: Integers
    length: Integers
    parent: Integers
    column: Integers
    inner: Integers


class Columns(NamedTuple):
    """What is found: Arrow's string views, a column for each place and a row for each line.

    Args:
        views: Four words for each text.
        bytes: The same memory, byte by byte.
        valid: Which text is there.
        seen: Of each key, 1 + the last row that has it: the second of two in a row does not count.
        unescaped: The texts that do not stand in the lines as they are.
    """

    views: NDArray[np.uint32]
    bytes: Bytes
    valid: Booleans
    seen: Integers
    unescaped: Bytes


def values(piece: Piece, form: Form) -> Values:
    """Return what stands in the places of a form, as jsonl_duckdb.values does."""
    _, count, text = piece
    if not text.endswith(b"\n"):
        text += b"\n"
    content = np.frombuffer(text, np.uint8)
    places, keys = _wanted(form)
    views = np.zeros((len(places), count, 4), np.uint32)
    columns = Columns(
        views,
        views.view(np.uint8),
        np.zeros((len(places), count), np.bool_),
        np.zeros(len(keys.start), np.int64),
        np.empty(len(text), np.uint8),
    )
    sure, ends = np.zeros(count, np.bool_), np.zeros(count, np.int64)
    used = _scan(content, _kinds(is_utf8(text)), keys, columns, sure, ends)
    arrays = view_arrays(views, columns.valid, text, columns.unescaped[:used].tobytes())
    found = dict(zip(places, arrays, strict=True))
    for place in form.empty:
        sure &= np.asarray(found[place].is_null())
    nothing = pa.nulls(count, pa.string_view())
    return Values({name: found[place] if place else nothing for name, place in form.values}, sure, ends)


def prepare() -> None:
    """Compile now, as numba keeps what it compiles beside the module, so that no run waits for it."""
    values(Piece(1, 1, b"{}"), form(b"{}", ()))


@cache
def _kinds(utf8: bool) -> Bytes:
    """Return what each byte is within a string; those beyond ASCII are not sure where not all of them are UTF-8."""
    kinds = np.full(256, PLAIN, np.uint8)
    kinds[:SPACE] = OTHER
    kinds[ord('"')], kinds[ord("\\")] = QUOTE, BACKSLASH
    if not utf8:
        kinds[0x80:] = OTHER
    return kinds


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
    parents = [objects[place[:-1]] for place, _, _ in all_]
    # At most a quarter is full.
    slots = np.full(4 << len(all_).bit_length(), -1, np.int64)
    for number, text in enumerate(texts):
        slot = _slot.py_func(text, 0, len(text), slots)
        while slots[slot] >= 0:
            slot = (slot + 1) % len(slots)
        slots[slot] = number
    lengths = np.array([len(text) for text in texts])
    keys = Keys(
        slots,
        np.frombuffer(b"".join(texts), np.uint8),
        np.cumsum(lengths) - lengths,
        lengths,
        np.array(parents),
        np.array([column for _, column, _ in all_]),
        np.array([inner for _, _, inner in all_]),
    )
    return places, keys


@inlined
def _slot(text: Bytes | bytes, start: int, length: int, slots: Integers) -> int:
    """Return the slot of a key: by its length and three of its bytes, as to read all of them takes longer than to compare."""
    last = start + length - 1
    return (length + 31 * text[start] + 17 * text[start + length // 2] + 7 * text[last]) & len(slots) - 1


@compiled
def _scan(text: Bytes, kinds: Bytes, keys: Keys, columns: Columns, sure: Booleans, ends: Integers) -> int:
    """Fill *columns*, *sure* and *ends*; return how much of `unescaped` is used."""
    at = row = used = 0
    closers = np.zeros(MAX_DEPTH, np.uint8)
    parents = np.zeros(MAX_DEPTH, np.int64)
    while at < len(text):
        at, used, known = _line(text, kinds, keys, columns, closers, parents, at, row, used)
        sure[row] = known and text[at] == LINE_FEED
        while text[at] != LINE_FEED:
            at += 1
        at += 1
        ends[row] = at
        row += 1
    return used


@compiled
def _line(
    text: Bytes,
    kinds: Bytes,
    keys: Keys,
    columns: Columns,
    closers: Bytes,
    parents: Integers,
    at: int,
    row: int,
    used: int,
) -> tuple[int, int, bool]:
    """Read one line; return where it is left, how much of `unescaped` is used, and whether it is one whole object."""
    at = _blank(text, at)
    depth = column = -1
    inner = 0
    while True:
        # A value begins here. It goes to *column*, or is the object *inner*, where these are numbers and not -1.
        if inner >= 0 and text[at] != OPEN:
            return at, used, False
        opened = text[at] == OPEN or text[at] == OPEN_ARRAY
        if opened:
            depth += 1
            if column >= 0 or depth == MAX_DEPTH:
                return at, used, False
            closers[depth] = CLOSE if text[at] == OPEN else CLOSE_ARRAY
            parents[depth] = inner
            at += 1
        elif kinds[text[at]] == QUOTE:
            start = at + 1
            at = _plain_end(text, kinds, start)
            if kinds[text[at]] == QUOTE:
                if column >= 0:
                    _put(columns, column, row, text, start, at - start, 0)
            else:
                begun = used
                at, used = _unescape(text, kinds, start, columns.unescaped, used)
                if kinds[text[at]] != QUOTE:
                    return at, begun, False
                if column >= 0:
                    _put(columns, column, row, columns.unescaped, begun, used - begun, 1)
                if column < 0 or used - begun <= SHORT:
                    used = begun
            at += 1
        else:
            start = at
            at = _word(text, at)
            if at == start:
                at = _number(text, at)
            if at == start:
                return at, used, False
            if column >= 0 and text[start] != LETTER_N:
                _put(columns, column, row, text, start, at - start, 0)
        # What comes behind it, or first within what it has opened.
        while True:
            at = _blank(text, at)
            if text[at] != closers[depth]:
                break
            at += 1
            opened = False
            depth -= 1
            if depth < 0:
                return _blank(text, at), used, True
        if not opened:
            if text[at] != COMMA:
                return at, used, False
            at = _blank(text, at + 1)
        column = inner = -1
        if closers[depth] == CLOSE:
            if kinds[text[at]] != QUOTE:
                return at, used, False
            start = at + 1
            at = _plain_end(text, kinds, start)
            if kinds[text[at]] != QUOTE:  # an escape may spell a key that is looked for
                return at, used, False
            key = _find(keys, parents[depth], text, start, at - start)
            if key >= 0 and columns.seen[key] <= row:
                columns.seen[key] = row + 1
                column, inner = keys.column[key], keys.inner[key]
            at = _blank(text, at + 1)
            if text[at] != COLON:
                return at, used, False
            at = _blank(text, at + 1)


@compiled
def _blank(text: Bytes, at: int) -> int:
    """Return the place of what follows white space."""
    while text[at] == SPACE or text[at] == TAB or text[at] == RETURN:
        at += 1
    return at


@compiled
def _plain_end(text: Bytes, kinds: Bytes, at: int) -> int:
    """Return the place of what is not plain in a string."""
    place = np.uint64(at)  # no place that is unsigned is looked at for whether it counts from the end
    while kinds[text[place]] == PLAIN:
        place += ONE
    return np.int64(place)  # type: ignore[return-value]


@inlined
def _find(keys: Keys, parent: int, text: Bytes, start: int, length: int) -> int:
    """Return the number of a key; -1 where it is not looked for."""
    slot = _slot(text, start, length, keys.slots)
    while keys.slots[slot] >= 0:
        key: int = keys.slots[slot]
        if keys.parent[key] == parent and keys.length[key] == length:
            one, other, end = np.uint64(keys.start[key]), np.uint64(start), np.uint64(start + length)
            while other < end and keys.text[one] == text[other]:
                one += ONE
                other += ONE
            if other == end:
                return key
        slot = (slot + 1) & len(keys.slots) - 1
    return -1


@inlined
def _put(columns: Columns, column: int, row: int, source: Bytes, start: int, length: int, buffer: int) -> None:
    """Let a view show a text, which stands in *source*, Arrow's buffer of that number."""
    columns.valid[column, row] = True
    columns.views[column, row, 0] = length
    for index in range(length if length <= SHORT else 4):
        columns.bytes[column, row, 4 + index] = source[start + index]
    if length > SHORT:
        columns.views[column, row, 2] = buffer
        columns.views[column, row, 3] = start


@compiled
def _unescape(text: Bytes, kinds: Bytes, at: int, unescaped: Bytes, used: int) -> tuple[int, int]:
    """Write out a string that begins at *at*; return where it is left, at its quote if all is well, and what is used."""
    while True:
        if kinds[text[at]] == PLAIN:
            begun, end, place = np.uint64(at), np.uint64(_plain_end(text, kinds, at)), np.uint64(used)
            while begun < end:
                unescaped[place] = text[begun]
                begun += ONE
                place += ONE
            at, used = np.int64(end), np.int64(place)  # type: ignore[assignment]
        elif kinds[text[at]] != BACKSLASH:
            return at, used
        elif text[at + 1] == LETTER_U:
            code = _hexadecimal(text, at + 2)
            behind = at + 6
            if 0xD800 <= code <= 0xDBFF and text[at + 6] == SLASH and text[at + 7] == LETTER_U:
                low = _hexadecimal(text, at + 8)
                if 0xDC00 <= low <= 0xDFFF:
                    code = 0x10000 + (code - 0xD800 << 10) + low - 0xDC00
                    behind = at + 12
            if code < 0 or 0xD800 <= code <= 0xDFFF:
                return at, used
            used = _encode(code, unescaped, used)
            at = behind
        else:
            meant = ESCAPED[text[at + 1]]
            if not meant:
                return at, used
            unescaped[used] = meant
            used += 1
            at += 2


@compiled
def _encode(code: int, unescaped: Bytes, used: int) -> int:
    """Write out a character as UTF-8; return what is used then."""
    if code < 0x80:
        unescaped[used] = code
        return used + 1
    length = 2 if code < 0x800 else 3 if code < 0x10000 else 4
    for index in range(length - 1, 0, -1):
        unescaped[used + index] = 0x80 | code & 0x3F
        code >>= 6
    unescaped[used] = LEADING[length] | code
    return used + length


@compiled
def _hexadecimal(text: Bytes, at: int) -> int:
    """Return the number that four digits mean; -1 where they are none."""
    code = 0
    for place in range(at, at + 4):
        if ZERO <= text[place] <= NINE:
            digit = text[place] - ZERO
        elif HIGH_A <= text[place] & 0xDF <= HIGH_A + 5:
            digit = (text[place] & 0xDF) - HIGH_A + 10
        else:
            return -1
        code = code * 16 + digit
    return code


@compiled
def _word(text: Bytes, at: int) -> int:
    """Return the place behind true, false or null; *at* where none of them stands there."""
    for word in WORDS:
        length = 0
        while length < len(word) and text[at + length] == word[length]:
            length += 1
        if length == len(word):
            return at + length
    return at


@compiled
def _number(text: Bytes, at: int) -> int:
    """Return the place behind a number; *at* where none stands there."""
    start = at
    if text[at] == MINUS:
        at += 1
    whole = _digits(text, at)
    if whole == at or (text[at] == ZERO and whole > at + 1):
        return start
    at = whole
    if text[at] == POINT:
        at = _digits(text, at + 1)
        if text[at - 1] == POINT:
            return start
    if text[at] | 0x20 == LETTER_E:
        at += 1
        if text[at] == PLUS or text[at] == MINUS:
            at += 1
        exponent = _digits(text, at)
        if exponent == at:
            return start
        at = exponent
    return at


@compiled
def _digits(text: Bytes, at: int) -> int:
    while ZERO <= text[at] <= NINE:
        at += 1
    return at
