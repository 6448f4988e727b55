"""JSON lines, read fast: DuckDB takes the values out of lines that can mean but one thing; `jsonl` reads all others.

DuckDB's parser is quick, and lenient: it takes a trailing comma and NaN, and writes some numbers anew. A line that it
takes is sure where its bytes show that none of this is in it. Nothing but speed is lost without this module:
`jsonl.read` gives the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache

import duckdb
import numpy as np
import pyarrow as pa

from replay.logs import jsonl
from replay.logs.events import SPELLED, Item, Row, UnreadableEventError, batch_of, batches, epoch, event_id
from replay.logs.fast import in_threads
from replay.logs.opening import Log
from replay.logs.report import BadEvent
from replay.logs.shapes import CACHED, TIME_BYTES, Booleans, Bytes, Floats, Integers, times, windows
from replay.sql.values import identifier, literal

# The first event of a piece is looked for in so much of it.
FORM_BYTES = 1 << 16
# In more objects than this, the exact reader may find a line too deep.
MAX_OBJECTS = 100
# No value that is looked at needs more bytes to tell what it is.
VALUE_BYTES = 32
# What else a line is read for, as columns; the last three make the moment of NXLog's form.
SYSTEM = ("provider", "event_id", "computer", "channel", "#time", "#local", "#received", "#relayed")
# Of the three, the last differs from the one before in case alone, as no two columns may.
COMPUTER = jsonl.COMPUTER[:-1]
# How the text of an object or an array begins; no GUID does.
NESTED = np.frombuffer(b'{"{}["[]', "<u2")

_epoch = lru_cache(maxsize=4096)(epoch)
_local_time = lru_cache(maxsize=4096)(jsonl.local_time)


def read(log: Log, fields: Sequence[str]) -> Iterator[Item]:
    """Read a log, as jsonl.read does."""

    def read_piece(number: int, piece: bytes) -> list[Item]:
        if len(piece) <= VALUE_BYTES:
            return list(batches(jsonl.rows(enumerate(jsonl.lines(piece), number), fields), fields))
        with _database().cursor() as cursor:
            return _read(cursor, number, piece, fields)

    return in_threads(read_piece, jsonl.pieces(log))


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Return a database for all logs, whose cursors each work in the thread that has them, alone."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "produce_arrow_string_view": "true",
        "arrow_output_version": "1.4",
    }
    return duckdb.connect(":memory:", config=settings)


def _read(cursor: duckdb.DuckDBPyConnection, number: int, piece: bytes, fields: Sequence[str]) -> list[Item]:
    """Return the bad events of a piece, and the rows in one batch."""
    ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == ord("\n")) + 1
    if not piece.endswith(b"\n"):
        ends = np.append(ends, len(piece))
    edges = np.concatenate(([0], ends)).astype(np.int32)
    lines = pa.Array.from_buffers(pa.string(), len(ends), [None, pa.py_buffer(edges), pa.py_buffer(piece)])
    cursor.register("lines", pa.table({"line": lines}))
    query = _query(tuple(fields), _form(piece))
    [found] = cursor.sql(query).to_arrow_table().combine_chunks().to_batches()
    plain, nesting = _plain(piece, ends)
    sure = np.asarray(found["sure"]) & plain
    for name in (*SYSTEM, *fields):
        # A view begins with the length of the text and its first four bytes.
        view = np.frombuffer(found[name].buffers()[1], "<u4").reshape(-1, 4)
        if name in SYSTEM:
            # Another key may hold what this one does not.
            sure &= (view[:, 0] > 0) | np.asarray(found[name].is_null())
        if nesting:
            sure &= ~np.isin(view[:, 1].astype("<u2"), NESTED)
    ids, moments = pa.array(_event_ids(found["event_id"], sure)), pa.array(_moments(found, sure))
    provider, computer, channel, *values = (found[name] for name in ("provider", "computer", "channel", *fields))
    batch = batch_of([provider, ids, moments, computer, channel, *values], fields)
    others = [
        (line, piece[edges[line] : edges[line + 1]].removesuffix(b"\n")) for line in np.flatnonzero(~sure).tolist()
    ]
    return _with_others(batch, sure, number, others, fields) if others else [batch]


def _with_others(
    batch: pa.RecordBatch, sure: Booleans, number: int, others: Sequence[tuple[int, bytes]], fields: Sequence[str]
) -> list[Item]:
    """Return the bad events among the lines that are not sure, and their rows in their places in the batch."""
    bad: list[Item] = []
    rows: list[Row] = []
    places: list[int] = []
    for place, line in others:
        for item in jsonl.rows([(number + place, line)], fields):
            if isinstance(item, BadEvent):
                bad.append(item)
            else:
                rows.append(item)
                places.append(place)
    known = np.flatnonzero(sure)
    order = np.argsort(np.concatenate((known, np.array(places, np.int64))))
    exact = [item for item in batches(rows, fields) if isinstance(item, pa.RecordBatch)]
    # Arrow takes no rows out of columns of views.
    texts = [(column.name, pa.string() if column.type == pa.string_view() else column.type) for column in batch.schema]
    first, *rest = (pa.table(item).cast(pa.schema(texts)) for item in (batch, *exact))
    table = pa.concat_tables([first.take(pa.array(known)), *rest]).take(pa.array(order))
    return [*bad, *table.cast(batch.schema).combine_chunks().to_batches()]


def _form(piece: bytes) -> tuple[str, ...]:
    """Return the keys by which the first event of a piece tells its form: for the provider, the computer, the time.

    A key is "" where the event has none of them. "winlog" alone is Winlogbeat's form.
    """
    present: Mapping[str, object] = {}
    for line in jsonl.lines(piece[:FORM_BYTES]):
        try:
            record = json.loads(line.strip(jsonl.PADDING))
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            present = record
            break
    if "winlog" in present:
        return ("winlog",)
    keys = (jsonl.PROVIDER, COMPUTER, [jsonl.LOCAL_TIME[0], *jsonl.TIME])
    return tuple(next(filter(present.get, names), "") for names in keys)


@cache
def _query(fields: Sequence[str], form: Sequence[str]) -> str:
    """Return the SQL that takes the values of SYSTEM and *fields* out of `lines`; `sure` where a line has that form."""
    if form == ("winlog",):
        system = ("provider_name", "event_id", "computer_name", "channel")
        structure = _texts(["@timestamp"]) | {"winlog": _texts(system) | {"event_data": _texts([*fields, "UtcTime"])}}
        data, sure = "s.winlog.event_data", "s.winlog IS NOT NULL"
        for other, name in SPELLED.items():
            # No two keys may differ in case alone, so the other one is looked for in the text, escaped or not.
            seen = f"(contains(line, {literal(other)}) OR contains(line, '\\u'))"
            sure += f" AND ({data}.{identifier(name)} IS NOT NULL OR NOT {seen})" if name in fields else ""
        values = [f"s.winlog.{name}" for name in system]
        times = ['s."@timestamp"', *["NULL::VARCHAR"] * 3]
    else:
        provider, computer, time = form
        local, _, _ = jsonl.LOCAL_TIME
        moment = jsonl.LOCAL_TIME if time == local else [time]
        # What would count before the keys of the form.
        others = [*_before(provider, jsonl.PROVIDER), *_before(computer, COMPUTER), "winlog"]
        others += [] if time == local else [local, *_before(time, jsonl.TIME)]
        system = (provider, "EventID", computer, "Channel")
        structure = _texts(filter(None, [*system, *moment, "UtcTime", *fields, *others]))
        data, sure = "s", " AND ".join(["s IS NOT NULL", *(f"s.{identifier(key)} IS NULL" for key in others)])
        values = [_value(key) for key in system]
        times = [_value(key) for key in moment]
        times = ["NULL::VARCHAR", *times] if time == local else [*times, *["NULL::VARCHAR"] * 3]
    provider, event_id, computer, channel = values
    if form[0] in ("winlog", ""):  # else an event without the key of its form may have its provider under another
        provider = f"""coalesce({provider}, CASE
        WHEN starts_with({channel}, '{jsonl.SYSMON}/') OR {data}."UtcTime" IS NOT NULL THEN '{jsonl.SYSMON}' END)"""
    sure = f"{sure} AND {provider} IS NOT NULL AND {computer} IS NOT NULL"
    columns = dict(zip(SYSTEM, (provider, event_id, computer, channel, *times), strict=True))
    columns |= {name: f"{data}.{identifier(name)}" for name in fields}
    listed = "".join(f",\n    {value} AS {identifier(name)}" for name, value in columns.items())
    return f"""
SELECT
    {sure} AS sure{listed}
FROM (SELECT line, try(json_transform(line, {literal(json.dumps(structure))})) AS s FROM lines)"""


def _texts(names: Iterable[str]) -> dict[str, object]:
    return dict.fromkeys(names, "VARCHAR")


def _before(key: str, keys: Sequence[str]) -> Sequence[str]:
    """Return the keys before *key*; all of them where it is "", for none."""
    return keys[: keys.index(key)] if key else keys


def _value(key: str) -> str:
    return f"s.{identifier(key)}" if key else "NULL::VARCHAR"


def _plain(piece: bytes, ends: Integers) -> tuple[Booleans, bool]:
    """Tell which lines, of those that DuckDB takes, are JSON and mean the same to the exact reader; and if any nests.

    Every value follows a colon, a comma or an opening bracket; it is a string, a whole number, true, false or null, an
    object, or an array of strings. No comma stands before a closing bracket.
    """
    content = np.frombuffer(piece, np.uint8)
    separators, closers = [], []
    for start in range(0, len(piece), CACHED):
        # One byte before the part and two behind it, but where the piece begins or ends: there, nothing follows.
        first = max(start, 1)
        part = content[first - 1 : start + CACHED + 2]
        before, byte = part[:-3], part[1:-2]
        quote, space = part == ord('"'), part == ord(" ")
        text_follows = quote[2:-1] | (space[2:-1] & quote[3:])
        # A key ends with a quote, and so does what is not known yet before a comma; white space may follow.
        separator = ((byte == ord(":")) | (byte == ord(","))) & (before <= ord('"'))
        separators.append(np.flatnonzero(separator & ~text_follows) + first)
        closers.append(np.flatnonzero(part[1:] | 0x20 == ord("}")) + first)
    separator_at, closer_at = np.concatenate(separators), np.concatenate(closers)
    known, nested = _known_values(content, separator_at)
    # One space alone before a closing bracket is no harm, nor is a text with such.
    before, second = content[closer_at - 1], content[closer_at - 2]
    before = np.where(before == ord(" "), second, before)
    harmless = (before != ord(",")) & (before > 0x20)
    plain = np.ones(len(ends), np.bool_)
    for places in (closer_at[~harmless], separator_at[~known]):
        plain[np.searchsorted(ends, places, "right")] = False
    objects = np.bincount(np.searchsorted(ends, separator_at[nested], "right"), minlength=len(ends))
    return plain & (objects <= MAX_OBJECTS), bool(nested.any())


def _known_values(content: Bytes, separators: Integers) -> tuple[Booleans, Booleans]:
    """Tell which separators have a value behind them that is no string but known, and which of these nest."""
    at = separators + 1 + (content[np.minimum(separators + 1, len(content) - 1)] == ord(" "))
    inside = at <= len(content) - VALUE_BYTES
    text = windows(content, np.where(inside, at, 0), VALUE_BYTES).view(np.uint8)
    first, second = text[:, 0], text[:, 1]
    digits = (text >= ord("0")) & (text <= ord("9"))
    digits[:, 0] |= first == ord("-")
    # The place behind the number; 0 where there is none, or where it is too long.
    behind = digits.argmin(axis=1)
    end = text[np.arange(len(text)), behind]
    number = (behind > 0) & ((end == ord(",")) | (end == ord("}")) | (end <= 0x20))
    # DuckDB makes 0 of it.
    number &= (first != ord("-")) | (second != ord("0"))
    word = (first == ord("t")) | (first == ord("f")) | ((first == ord("n")) & (second == ord("u")))
    nested = (first == ord("{")) | ((first == ord("[")) & ((second == ord('"')) | (second == ord("]"))))
    known = inside & (content[separators] == ord(":")) & (number | word | nested)
    return known, known & nested


def _event_ids(texts: pa.Array, sure: Booleans) -> Integers:
    """Return the EventIDs; those that are none are not sure."""
    coded = texts.cast(pa.string()).fill_null("").dictionary_encode()
    ids = []
    for text in coded.dictionary.to_pylist():
        try:
            ids.append(event_id(text))
        except UnreadableEventError:
            ids.append(-1)
    found: Integers = np.array(ids, np.int32)[np.asarray(coded.indices)]
    sure &= found >= 0
    return found


def _moments(found: pa.RecordBatch, sure: Booleans) -> Floats:
    """Return the times in seconds since 1970; those that are none are not sure."""
    moments, known = _utc(found["#time"])
    known &= np.asarray(found["#local"].is_null())
    rows = np.flatnonzero(sure & ~known)
    columns = (found[name].cast(pa.string()).take(pa.array(rows)).to_pylist() for name in SYSTEM[-4:])
    for row, time, local, received, relayed in zip(rows.tolist(), *columns, strict=True):
        try:
            moments[row] = _epoch(time or "") if local is None else _local_time(local, received, relayed)
        except UnreadableEventError:
            sure[row] = False
    return moments


def _utc(column: pa.Array) -> tuple[Floats, Booleans]:
    """Return the times that are such as 2020-09-20T01:18:13.416Z, and which are."""
    texts = column.cast(pa.string()).fill_null("")
    edges = np.frombuffer(texts.buffers()[1], np.int32)[: len(texts) + 1].astype(np.int64)
    content = np.frombuffer(bytes(texts.buffers()[2] or b"") + bytes(TIME_BYTES), np.uint8)
    start, lengths = edges[:-1], np.diff(edges)
    moments, known = np.zeros(len(texts)), np.zeros(len(texts), np.bool_)
    for length in np.unique(lengths).tolist():
        if len("2020-09-20T01:18:13Z") <= length <= len("2020-09-20T01:18:13.123456789Z"):
            rows = np.flatnonzero(lengths == length)
            moments[rows], known[rows] = times(windows(content, start[rows], TIME_BYTES).view(np.uint8), length)
    return moments, known
