"""The values of a block of JSON lines, read by DuckDB.

DuckDB's parser is fast, but lenient: it accepts a trailing comma and NaN, and changes how some numbers are written. A line that
it accepts is sure if its bytes show that it has none of these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from splreplay.logs.arrays import CACHED, Booleans, Bytes, Integers, windows
from splreplay.logs.formats.json.exact import Piece
from splreplay.logs.formats.json.places import Form, Place
from splreplay.sql.values import identifier, literal

# With more objects than this, a line may be too deep for the exact reader.
MAX_OBJECTS = 100
# This many bytes are enough to see what a value is.
VALUE_BYTES = 32
# How the text of an object or an array begins; no GUID does.
NESTED = np.frombuffer(b'{"{}["[]', "<u2")


class Values(NamedTuple):
    """What the lines of a piece hold.

    Args:
        columns: String views of each of SYSTEM and of the fields, with a row for each line.
        sure: The lines for which the exact reader gives the same values.
        ends: Where in the piece each line ends.
    """

    columns: Mapping[str, pa.Array]
    sure: Booleans
    ends: Integers


def values_of(piece: Piece, form: Form) -> Values:
    """Return the values in the places of a form; a piece has VALUE_BYTES or more."""
    content = piece.content
    form = _of_piece(form, content)
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")) + 1
    if not content.endswith(b"\n"):
        ends = np.append(ends, len(content))
    edges = np.concatenate(([0], ends)).astype(np.int32)
    lines = pa.Array.from_buffers(pa.string(), len(ends), [None, pa.py_buffer(edges), pa.py_buffer(content)])
    with _database().cursor() as cursor:
        cursor.register("lines", pa.table({"line": lines}))
        try:
            table = cursor.sql(_query(form)).to_arrow_table()
        except (duckdb.Error, UnicodeDecodeError):
            # Some line is not JSON, or not even UTF-8, which then breaks the message. Trying each line takes a fifth longer.
            table = cursor.sql(_query(form, "try({})")).to_arrow_table()
    [batch] = table.combine_chunks().to_batches()
    columns = {name: batch[name] for name, _ in form.values}
    plain, nesting = _plain(content, ends)
    sure = np.asarray(batch["sure"]) & plain
    if nesting:
        for column in columns.values():
            # A view begins with the length of the text and its first four bytes.
            head = np.frombuffer(column.buffers()[1], "<u4").reshape(-1, 4)[:, 1].astype("<u2")
            sure &= ~np.isin(head, NESTED)
    return Values(columns, sure, ends)


def _of_piece(form: Form, content: bytes) -> Form:
    """Return a form without the places that differ from others only in case and are nowhere in a piece.

    To look for such a key in each line takes as long as to take several values; its letters may be escaped.
    """
    known = {_folded(place): place for _, place in form.values if place}

    def absent(place: Place) -> bool:
        twin = known.get(_folded(place), place) != place
        return twin and not _holds(content, json.dumps(place[-1])) and not _holds(content, r"\u00")

    return form._replace(empty=tuple(place for place in form.empty if not absent(place)))


def _holds(content: bytes, text: str) -> bool:
    """Return whether a text is in a piece.

    RE2 passes over what begins with a rarer character in a third of the time that `in` takes; most keys have the quote.
    """
    edges = np.array([0, len(content)], np.int64)
    whole = pa.Array.from_buffers(pa.large_binary(), 1, [None, pa.py_buffer(edges), pa.py_buffer(content)])
    rare = re.escape(text.removeprefix('"'))
    return pc.match_substring_regex(whole, rare)[0].as_py() and text.encode() in content


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Return one database for all logs; each of its cursors works in its own thread only."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "temp_directory": "",  # else it may be one in the current folder
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "produce_arrow_string_view": "true",
        "arrow_output_version": "1.4",
    }
    return duckdb.connect(":memory:", config=settings)


@cache
def _query(form: Form, attempt: str = "{}") -> str:
    """Return the SQL that takes the values of a form out of `lines`; `sure` where a line has that form.

    Args:
        form: The form.
        attempt: The SQL around the expression that fails for a line that is not JSON.
    """
    taken = [place for _, place in form.values if place]
    known = {_folded(place): place for place in taken}
    sure = [f"{_value(place[:-1][:1])} IS NOT NULL" for place in taken]  # the line, and the object in it
    for place in form.empty:
        twin = known.get(_folded(place), place)
        if twin == place:
            taken.append(place)
            sure.append(f"{_value(place)} IS NULL")
        else:
            # Two keys must not differ only in case, so the other one is searched in the text; its letters may be escaped.
            escaped = [rf"\u00{high}" for high in "4567"]
            sure += [f"NOT contains(line, {literal(seen)})" for seen in (json.dumps(place[-1]), *escaped)]
    transformed = attempt.format(f"json_transform(line, {literal(json.dumps(_structure(taken)))})")
    listed = "".join(
        f",\n    {_value(at) if at else 'NULL::VARCHAR'} AS {identifier(name)}" for name, at in form.values
    )
    return f"""
SELECT
    {" AND ".join(dict.fromkeys(sure))} AS sure{listed}
FROM (SELECT line, {transformed} AS s FROM lines)"""


def _folded(place: Place) -> Place:
    return tuple(key.lower() for key in place)


def _value(place: Place) -> str:
    return ".".join(["s", *map(identifier, place)])


def _structure(places: Iterable[Place]) -> dict[str, Any]:
    """Return the structure by which json_transform extracts the values of *places*."""
    structure: dict[str, Any] = {}
    for *objects, key in places:
        inner = structure
        for name in objects:
            inner = inner.setdefault(name, {})
        inner[key] = "VARCHAR"
    return structure


def _plain(piece: bytes, ends: Integers) -> tuple[Booleans, bool]:
    """Return which of the lines that DuckDB accepts are JSON with the same meaning for the exact reader, and whether any nests.

    Every value follows a colon, a comma or an opening bracket; it is a string, a whole number, true, false or null, an
    object, or an array of strings. No comma stands before a closing bracket.
    """
    content = np.frombuffer(piece, np.uint8)
    separators, closers = [], []
    for start in range(0, len(piece), CACHED):
        # The part, with one byte before it and two after it, except at the beginning and the end of the piece.
        first = max(start, 1)
        part = content[first - 1 : start + CACHED + 2]
        before, byte = part[:-3], part[1:-2]
        quote, space = part == ord('"'), part == ord(" ")
        text_follows = quote[2:-1] | (space[2:-1] & quote[3:])
        # A key ends with a quote, and so does a text before a comma; white space may follow.
        separator = ((byte == ord(":")) | (byte == ord(","))) & (before <= ord('"'))
        separators.append(np.flatnonzero(separator & ~text_follows) + first)
        closers.append(np.flatnonzero(part[1:] | 0x20 == ord("}")) + first)
    separator_at, closer_at = np.concatenate(separators), np.concatenate(closers)
    known, nested = _known_values(content, separator_at)
    # A single space before a closing bracket is harmless, also inside of a text.
    before, second = content[closer_at - 1], content[closer_at - 2]
    before = np.where(before == ord(" "), second, before)
    harmless = (before != ord(",")) & (before > 0x20)
    plain = np.ones(len(ends), np.bool_)
    for places in (closer_at[~harmless], separator_at[~known]):
        plain[np.searchsorted(ends, places, "right")] = False
    objects = np.bincount(np.searchsorted(ends, separator_at[nested], "right"), minlength=len(ends))
    return plain & (objects <= MAX_OBJECTS), bool(nested.any())


def _known_values(content: Bytes, separators: Integers) -> tuple[Booleans, Booleans]:
    """Return which separators precede a known value other than a string, and which of these values nest."""
    at = separators + 1 + (content[np.minimum(separators + 1, len(content) - 1)] == ord(" "))
    inside = at <= len(content) - VALUE_BYTES
    text = windows(content, np.where(inside, at, 0), VALUE_BYTES).view(np.uint8)
    first, second = text[:, 0], text[:, 1]
    digits = (text >= ord("0")) & (text <= ord("9"))
    digits[:, 0] |= first == ord("-")
    # The place after the number; 0 if there is no number, or it is too long.
    behind = digits.argmin(axis=1)
    end = text[np.arange(len(text)), behind]
    number = (behind > 0) & ((end == ord(",")) | (end == ord("}")) | (end <= 0x20))
    # DuckDB changes -0 to 0.
    number &= (first != ord("-")) | (second != ord("0"))
    word = (first == ord("t")) | (first == ord("f")) | ((first == ord("n")) & (second == ord("u")))
    nested = (first == ord("{")) | ((first == ord("[")) & ((second == ord('"')) | (second == ord("]"))))
    known = inside & (content[separators] == ord(":")) & (number | word | nested)
    return known, known & nested
