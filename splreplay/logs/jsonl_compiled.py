"""The scanner of JSON lines: what numba compiles, all of it, as what it keeps of a module knows of no change in another.

Any byte may be an attacker's and compiled code looks past no end by itself: every loop here ends at a line feed, which the
text ends with, and looks at no byte that stands PADDING or more behind it.

Text is looked at in words of eight bytes, the first of them the lowest. Most lines have the keys of one before, in the same
order, so what stands between two values is remembered (`Gaps`): what stands there again, byte for byte, means the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from splreplay.logs.fast import SHORT
from splreplay.logs.shapes import Booleans, Bytes, Integers, Words

# What a text has behind its last line feed, at the least.
PADDING = 16
MAX_DEPTH = 64
# A gap that is longer, or beyond these in number, is read anew each time: so are those of a log that has no form.
GAP_WORDS = 8
MAX_GAPS = 2048
MAX_FOLLOWING = 16

WORD = 8
U = np.uint64  # a place that is unsigned is not looked at for whether it counts from the end
LOWS, HIGHS = U(0x0101010101010101), U(0x8080808080808080)
QUOTES, BACKSLASHES, SPACES = U(0x2222222222222222), U(0x5C5C5C5C5C5C5C5C), U(0x2020202020202020)
# Times a word with one bit, the lowest of a byte, its highest byte is the number of that byte.
NUMBERS = U(0x0001020304050607)
ZERO_WORD, ONE, SEVEN, EIGHT, HALF, TOP, HASH = U(0), U(1), U(7), U(8), U(32), U(56), U(29)
# The bytes of a word that belong to a text, by its length.
MASKS = np.array([(1 << 8 * length) - 1 for length in range(WORD + 1)], np.uint64)

LINE_FEED, SPACE, TAB, RETURN = b"\n \t\r"
OPEN, CLOSE, OPEN_ARRAY, CLOSE_ARRAY, COLON, COMMA, QUOTE, SLASH = b'{}[]:,"\\'
ZERO, NINE, MINUS, PLUS, POINT = b"09-+."
LETTER_E, LETTER_N, LETTER_U = b"enu"
HIGH_A = ord("A")
# How the first byte of a character begins, by how many it has.
LEADING = np.array([0, 0, 0xC0, 0xE0, 0xF0])
LITERALS = tuple(np.frombuffer(word, np.uint8) for word in (b"true", b"false", b"null"))
# What an escape means, by the byte behind the backslash; 0 where it is none of these.
ESCAPED = np.zeros(256, np.uint8)
ESCAPED[list(b'"\\/bfnrt')] = list(b'"\\/\b\f\n\r\t')
# What stands before a gap: a value, the bracket that opens the object that the gap is in, or none of these alone.
VALUE, OPENED, OTHER = range(3)

# Nothing is allocated here. Without the last, which its documents do not have, numba counts who refers to which array at
# each turn, which takes as long as all the rest.
compiled = numba.njit(nogil=True, cache=True, _nrt=False)  # type: ignore[call-overload]
inlined = numba.njit(nogil=True, cache=True, _nrt=False, inline="always")  # type: ignore[call-overload]


class Text(NamedTuple):
    """Whole lines.

    Args:
        bytes: Their bytes, and PADDING or more behind them.
        words: The eight bytes from each place on.
        size: How many bytes the lines have.
        start: Where in the piece they begin.
        unsure: 0x80 for each byte of a word where those beyond ASCII may be no UTF-8; 0 where they are.
    """

    bytes: Bytes
    words: Words
    size: int
    start: int
    unsure: np.uint64


class Keys(NamedTuple):
    """The keys that are looked for, each in one object.

    Args:
        slots: The number of the key whose hash falls there, or the next one with the same; -1 for none.
        words: Of each key, its text, with zeros behind it.
        length: Of each key, how many bytes it has.
        parent: Of each key, the number of the object that it stands in; 0 is the line's own.
        column: Of each key, the number of the column that its value goes to; -1 for none.
        inner: Of each key, the number of the object that it holds; -1 for none.
    """

    slots: Integers
    words: Words
    length: Integers
    parent: Integers
    column: Integers
    inner: Integers


class Columns(NamedTuple):
    """What is found: Arrow's string views, a column for each place and a row for each line.

    Args:
        views: Two words for each text.
        valid: Which text is there.
        seen: Of each key, 1 + the last row that has it: the second of two in a row does not count.
        unescaped: The texts that do not stand in the lines as they are.
        unescaped_words: The same memory, the eight bytes from each place on.
    """

    views: Words
    valid: Booleans
    seen: Integers
    unescaped: Bytes
    unescaped_words: Words


class Gaps(NamedTuple):
    """What was read between two values: a comma (none at the beginning of an object), a key and a colon.

    They are a tree: what follows what, from the beginning of a line, which is number 0.

    Args:
        words: Of each gap, its text, with zeros behind it.
        length: Of each gap, how many bytes it has.
        behind: Of each gap, what stands before it: VALUE, OPENED, or OTHER, in which case it is read anew each time.
        parent: Of each gap, the number of the object that it stands in.
        key: Of each gap, the number of its key; -1 for one that is not looked for.
        following: Of each gap, the number of one that followed it; -1 for none.
        other: Of each gap, the number of another one that followed the same; -1 for none.
        used: How many there are, in an array of one.
    """

    words: Words
    length: Integers
    behind: Integers
    parent: Integers
    key: Integers
    following: Integers
    other: Integers
    used: Integers


class Levels(NamedTuple):
    """The objects and arrays that are open where a line is read, the line's own object first.

    Args:
        closer: Of each, the byte that ends it.
        number: Of each, the number of the object, as in `Keys.inner`; -1 for one that holds no key that is looked for.
    """

    closer: Integers
    number: Integers


@inlined
def slot(first: np.uint64, length: int, slots: Integers) -> int:
    """Return the slot of a key, by its first word and its length: to compare is quicker than to read all of it."""
    return np.int64((first ^ first >> HASH ^ U(37 * length)) & U(len(slots) - 1))  # type: ignore[return-value]


@compiled
def scan(
    text: Text,
    keys: Keys,
    gaps: Gaps,
    levels: Levels,
    columns: Columns,
    sure: Booleans,
    ends: Integers,
    row: int,
    used: int,
) -> tuple[int, int]:
    """Read lines into the columns.

    Args:
        text: The lines.
        keys: What is looked for.
        gaps: What was read before.
        levels: Room for MAX_DEPTH of them.
        columns: What is found.
        sure: Of each row, whether the line is one whole object that means but one thing.
        ends: Of each row, where in the piece the next line begins.
        row: The row of the first line.
        used: How much of `unescaped` is used.

    Returns:
        The row behind the last, and how much of `unescaped` is used then.
    """
    at = 0
    while at < text.size:
        at, used, known = _line(text, keys, gaps, levels, columns, at, row, used)
        sure[row] = known and text.bytes[at] == LINE_FEED
        while text.bytes[at] != LINE_FEED:
            at += 1
        at += 1
        ends[row] = text.start + at
        row += 1
    return row, used


@inlined
def _line(
    text: Text, keys: Keys, gaps: Gaps, levels: Levels, columns: Columns, at: int, row: int, used: int
) -> tuple[int, int, bool]:
    """Read one line; return where it is left, how much of `unescaped` is used, and whether it is one whole object."""
    bytes_, words = text.bytes, text.words
    depth = column = -1
    inner = gap = 0
    at = begun = _blank(bytes_, at)
    while True:
        # A value begins here, at *begun* if nothing but a gap stood before it. It goes to *column*, or is the object
        # *inner*, where these are numbers and not -1.
        if inner >= 0 and bytes_[at] != OPEN:
            return at, used, False
        behind = VALUE
        if bytes_[at] == QUOTE:
            start = at + 1
            at = _plain_end(text, start)
            if bytes_[at] == QUOTE:
                if column >= 0:
                    _put(columns, column, row, words, start, at - start, 0, text.start + start)
            else:
                first = used
                at, used = _unescape(text, start, columns, used)
                if bytes_[at] != QUOTE:
                    return at, first, False
                if column >= 0:
                    _put(columns, column, row, columns.unescaped_words, first, used - first, 1, first)
                if column < 0 or used - first <= SHORT:
                    used = first
            at += 1
        elif bytes_[at] == OPEN or bytes_[at] == OPEN_ARRAY:
            depth += 1
            if column >= 0 or depth == MAX_DEPTH:
                return at, used, False
            behind = OPENED if bytes_[at] == OPEN and at == begun else OTHER
            levels.closer[depth] = CLOSE if bytes_[at] == OPEN else CLOSE_ARRAY
            levels.number[depth] = inner
            at += 1
        else:
            start = at
            at = _literal(bytes_, at)
            if at == start:
                at = _number(bytes_, at)
            if at == start:
                return at, used, False
            if column >= 0 and bytes_[start] != LETTER_N:
                _put(columns, column, row, words, start, at - start, 0, text.start + start)
        # What was read behind it before, most often.
        if gap >= 0 and behind != OTHER and levels.closer[depth] == CLOSE:
            found = gaps.following[gap]
            while found >= 0 and not (
                gaps.behind[found] == behind
                and gaps.parent[found] == levels.number[depth]
                and _same(words, at, gaps.words, found, gaps.length[found])
            ):
                found = gaps.other[found]
            if found >= 0:
                gap = found
                # More white space may follow than where it was learned.
                at = begun = _blank(bytes_, at + gaps.length[gap])
                column, inner = _goes_to(keys, columns, gaps.key[gap], row)
                continue
        # Else all that may come behind it, or first within what it has opened.
        column = inner = -1
        gap_start = at
        opened = behind != VALUE
        while True:
            at = _blank(bytes_, at)
            if bytes_[at] != levels.closer[depth]:
                break
            at += 1
            opened = False
            behind = OTHER
            depth -= 1
            if depth < 0:
                return _blank(bytes_, at), used, True
        if not opened:
            if bytes_[at] != COMMA:
                return at, used, False
            at = _blank(bytes_, at + 1)
        if levels.closer[depth] == CLOSE:
            if bytes_[at] != QUOTE:
                return at, used, False
            start = at + 1
            at = _plain_end(text, start)
            if bytes_[at] != QUOTE:  # an escape may spell a key that is looked for
                return at, used, False
            key = _find(keys, levels.number[depth], words, start, at - start)
            column, inner = _goes_to(keys, columns, key, row)
            at = _blank(bytes_, at + 1)
            if bytes_[at] != COLON:
                return at, used, False
            at = begun = _blank(bytes_, at + 1)
            if gap >= 0:
                gap = _learn(gaps, gap, words, gap_start, at - gap_start, behind, levels.number[depth], key)


@compiled
def _blank(text: Bytes, at: int) -> int:
    """Return the place of what follows white space."""
    while text[at] <= SPACE and (text[at] == SPACE or text[at] == TAB or text[at] == RETURN):
        at += 1
    return at


@inlined
def _special(word: np.uint64, unsure: np.uint64) -> np.uint64:
    """Return a word with bits where *word* has a byte that is not plain in a string, the lowest of them right.

    Source: Bit Twiddling Hacks, "Determine if a word has a byte less than n"; those above one that is may be wrong.
    """
    quote, backslash = word ^ QUOTES, word ^ BACKSLASHES
    found = word - SPACES & ~word | quote - LOWS & ~quote | backslash - LOWS & ~backslash
    return found & HIGHS | word & unsure


@inlined
def _lowest(special: np.uint64) -> np.uint64:
    """Return the number of the byte that has the lowest bit."""
    return ((special & ~special + ONE) >> SEVEN) * NUMBERS >> TOP


@inlined
def _plain_end(text: Text, at: int) -> int:
    """Return the place of what is not plain in a string."""
    place = U(at)
    special = _special(text.words[place], text.unsure)
    while special == ZERO_WORD:
        place += EIGHT
        special = _special(text.words[place], text.unsure)
    return np.int64(place + _lowest(special))  # type: ignore[return-value]


@compiled
def _same(words: Words, at: int, texts: Words, number: int, length: int) -> bool:
    """Tell whether the text of that number and length stands at a place."""
    place, index, behind, left = U(at), U(number), ZERO_WORD, length
    while left > WORD and words[place] == texts[index, behind]:
        place += EIGHT
        behind += ONE
        left -= WORD
    return left <= WORD and words[place] & MASKS[left] == texts[index, behind]


@compiled
def _find(keys: Keys, parent: int, words: Words, start: int, length: int) -> int:
    """Return the number of a key; -1 where it is not looked for."""
    place = slot(words[U(start)] & MASKS[min(length, WORD)], length, keys.slots)
    while keys.slots[place] >= 0:
        key: int = keys.slots[place]
        if keys.parent[key] == parent and keys.length[key] == length and _same(words, start, keys.words, key, length):
            return key
        place = (place + 1) & len(keys.slots) - 1
    return -1


@compiled
def _goes_to(keys: Keys, columns: Columns, key: int, row: int) -> tuple[int, int]:
    """Return the column and the object that the value of a key is for; -1 where it is for none, or a second one in its row."""
    if key < 0 or columns.seen[key] > row:
        return -1, -1
    columns.seen[key] = row + 1
    return keys.column[key], keys.inner[key]


@compiled
def _learn(gaps: Gaps, gap: int, words: Words, start: int, length: int, behind: int, parent: int, key: int) -> int:
    """Return the number of what follows a gap, which is new if need be; -1 where there is no room for it."""
    known = 0
    found: int = gaps.following[gap]
    while found >= 0:
        if (
            gaps.behind[found] == behind
            and gaps.parent[found] == parent
            and gaps.length[found] == length
            and _same(words, start, gaps.words, found, length)
        ):
            return found
        known += 1
        found = gaps.other[found]
    found = gaps.used[0]
    if known == MAX_FOLLOWING or found == MAX_GAPS or length > GAP_WORDS * WORD:
        return -1
    gaps.used[0] = found + 1
    for word in range(0, length, WORD):
        gaps.words[found, word // WORD] = words[U(start + word)] & MASKS[min(length - word, WORD)]
    gaps.length[found], gaps.behind[found], gaps.parent[found], gaps.key[found] = length, behind, parent, key
    gaps.other[found] = gaps.following[gap]
    gaps.following[gap] = found
    return found


@inlined
def _put(
    columns: Columns, column: int, row: int, words: Words, start: int, length: int, buffer: int, place: int
) -> None:
    """Let a view show a text that stands in *words* from *start* on, and at *place* of Arrow's buffer of that number."""
    columns.valid[column, row] = True
    head = U(length) | (words[U(start)] & MASKS[min(length, 4)]) << HALF
    tail = words[U(start + 4)] & MASKS[max(length - 4, 0)] if length <= SHORT else U(buffer) | U(place) << HALF
    columns.views[column, row, 0] = head
    columns.views[column, row, 1] = tail


@compiled
def _unescape(text: Text, at: int, columns: Columns, used: int) -> tuple[int, int]:
    """Write out a string that begins at *at*; return where it is left, at its quote if all is well, and what is used."""
    while True:
        word = text.words[U(at)]
        columns.unescaped_words[U(used)] = word
        special = _special(word, text.unsure)
        if special == ZERO_WORD:
            at += WORD
            used += WORD
            continue
        plain = np.int64(_lowest(special))
        at += plain  # type: ignore[assignment]
        used += plain  # type: ignore[assignment]
        if text.bytes[at] != SLASH:
            return at, used
        if text.bytes[at + 1] == LETTER_U:
            code = _hexadecimal(text.bytes, at + 2)
            behind = at + 6
            if 0xD800 <= code <= 0xDBFF and text.bytes[at + 6] == SLASH and text.bytes[at + 7] == LETTER_U:
                low = _hexadecimal(text.bytes, at + 8)
                if 0xDC00 <= low <= 0xDFFF:
                    code = 0x10000 + (code - 0xD800 << 10) + low - 0xDC00
                    behind = at + 12
            if code < 0 or 0xD800 <= code <= 0xDFFF:
                return at, used
            used = _encode(code, columns.unescaped, used)
            at = behind
        else:
            meant = ESCAPED[text.bytes[at + 1]]
            if not meant:
                return at, used
            columns.unescaped[used] = meant
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
def _literal(text: Bytes, at: int) -> int:
    """Return the place behind true, false or null; *at* where none of them stands there."""
    for word in LITERALS:
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
