"""One log's events as a Parquet file, written while the log is read, so that memory holds a few blocks of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from replay.logs.events import Item, schema
from replay.logs.report import BadEvent, EventKind

# A row group: as many rows as searches like, and as few bytes as memory does.
GROUP_ROWS = 1 << 16
GROUP_BYTES = 64 << 20
BAD_EVENTS_LISTED = 20


def write(items: Iterable[Item], fields: Sequence[str], file: Path) -> tuple[Counter[EventKind], list[BadEvent], int]:
    """Write the events among *items* to *file*.

    Returns:
        How many events of which kind there are; the first bad events; how many are bad.
    """
    counts: Counter[EventKind] = Counter()
    bad: list[BadEvent] = []
    bad_events = 0
    # Values repeat less than a dictionary costs.
    with pq.ParquetWriter(file, schema(fields), use_dictionary=False, compression="lz4") as writer:
        group: list[pa.RecordBatch] = []
        rows = size = 0
        for item in items:
            if isinstance(item, BadEvent):
                bad_events += 1
                if len(bad) < BAD_EVENTS_LISTED:
                    bad.append(item)
                continue
            counts.update(_kinds(item))
            group.append(item)
            rows += item.num_rows
            size += item.get_total_buffer_size()
            if rows >= GROUP_ROWS or size >= GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group), rows)
                group, rows, size = [], 0, 0
        if group:
            writer.write_table(pa.Table.from_batches(group), rows)
    return counts, bad, bad_events


def _kinds(batch: pa.RecordBatch) -> dict[EventKind, int]:
    kinds = pa.table({"provider": batch["provider"].cast(pa.string()), "event_id": batch["event_id"]})
    counted = kinds.group_by(["provider", "event_id"]).aggregate([([], "count_all")]).to_pylist()
    return {(kind["provider"], kind["event_id"]): kind["count_all"] for kind in counted}
