"""Events in memory: their columns, their times, and batches of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

import pyarrow as pa

from splreplay.logs.report import BadEvent, BadEvents

# What a reader yields: good events in batches, and bad ones.
Item: TypeAlias = "pa.RecordBatch | BadEvents"

BATCH_ROWS = 8192
BATCH_CHARS = 16 << 20

# Windows spells one element in two ways, which no database can keep apart: SPELLED maps it to the usual spelling. Only event
# 5156 has the other one. Source: learn.microsoft.com, event-5156.
SPELLED = {"ProcessID": "ProcessId"}

TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? ?(Z|UTC|[+-]\d\d:?\d\d)?", re.ASCII)


class Row(NamedTuple):
    """An event: the columns of every event, then a value for each field; None for what the event lacks."""

    provider: str
    event_id: int
    time: float
    computer: str | None
    channel: str | None
    values: tuple[str | None, ...]


class UnreadableEventError(Exception):
    """An event cannot be read, and the text says why; readers turn this into a BadEvent."""


def schema(fields: Sequence[str]) -> pa.Schema:
    """Return the columns of a batch, in the order of a Row; the common ones are not views, because Parquet writes these faster."""
    system = {
        "provider": pa.string(),
        "event_id": pa.int32(),
        "time": pa.float64(),
        "computer": pa.string(),
        "channel": pa.string(),
    }
    return pa.schema([*system.items(), *((field, pa.string_view()) for field in fields)])


def batch_of(columns: Sequence[pa.Array], fields: Sequence[str]) -> pa.RecordBatch:
    """Return a batch of columns, whose texts may be of any Arrow type of text."""
    typed = schema(fields)
    arrays = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(columns, typed, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=typed)


def batches(items: Iterable[Row | BadEvent], fields: Sequence[str]) -> Iterator[Item]:
    """Gather rows into batches of limited length and size, and bad events, which come last."""
    rows: list[Row] = []
    chars = 0
    bad = BadEvents()
    for item in items:
        if isinstance(item, BadEvent):
            bad.add(item)
            continue
        rows.append(item)
        chars += sum(len(value) for value in item.values if value)
        if len(rows) == BATCH_ROWS or chars > BATCH_CHARS:
            yield _batch(rows, fields)
            rows, chars = [], 0
    if rows:
        yield _batch(rows, fields)
    if bad.count:
        yield bad


def _batch(rows: list[Row], fields: Sequence[str]) -> pa.RecordBatch:
    columns = zip(zip(*((*row[:-1], *row.values) for row in rows), strict=True), schema(fields), strict=True)
    arrays = [pa.array(values, column.type) for values, column in columns]
    return pa.RecordBatch.from_arrays(arrays, schema=schema(fields))


def event_id(text: str) -> int:
    """Return an EventID; raises UnreadableEventError unless it is 0 to 65535."""
    if not re.fullmatch(r"\s*\d{1,5}\s*", text, re.ASCII) or int(text) > 65535:
        raise UnreadableEventError(f"EventID is {text[:40]!r}, not a number from 0 to 65535")
    return int(text)


def epoch(text: str, offset_s: int = 0) -> float:
    """Return a time such as 2020-09-20T01:18:13.416000000Z in seconds since 1970.

    Args:
        text: ISO 8601, `T` or a space between, a fraction or none.
        offset_s: How far local time is ahead of UTC, for a time without a zone.

    Raises:
        UnreadableEventError: If it is not such a time.
    """
    match = TIME.fullmatch(text.strip())
    try:
        if not match:
            raise ValueError
        date, clock, fraction, zone = match.groups()
        seconds = int(datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=UTC).timestamp())
    except ValueError:
        reason = f"its time is {text[:40]!r}, not such as 2020-09-20T01:18:13.416Z"
        raise UnreadableEventError(reason) from None
    if zone and zone[0] in "+-":
        offset_s = int(zone[0] + "1") * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    elif zone:
        offset_s = 0
    return float(f"{seconds - offset_s}.{fraction or 0}")
