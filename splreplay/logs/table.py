"""The events of one log as a Parquet file, written while the log is read, so that memory holds only a few blocks of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from splreplay.logs.events import Item
from splreplay.logs.report import BadEvents, EventKind

# A row group has enough rows for fast searches, and few enough bytes for the memory.
GROUP_ROWS = 1 << 16
GROUP_BYTES = 32 << 20
# A text that repeats this often among the first rows is written, and read by searches, once for each group.
SAMPLE_ROWS, REPEATED = 1 << 10, 8


def write(items: Iterable[Item], file: Path) -> tuple[Counter[EventKind], BadEvents]:
    """Write the events among *items* to *file*; without events there is no file.

    Returns:
        How many events of each kind there are, and the bad events.
    """
    counts: Counter[EventKind] = Counter()
    bad = BadEvents()

    def good() -> Iterator[pa.RecordBatch]:
        for item in items:
            if isinstance(item, BadEvents):
                bad.extend(item)
            else:
                counts.update(_kinds(item))
                yield item

    with ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for group in _groups(good()):
            writer = writer or stack.enter_context(_writer(group, file))
            writer.write_table(group, len(group))
            del group  # while the next one is gathered
    return counts, bad


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    group: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        group.append(batch)
        rows += batch.num_rows
        size += batch.get_total_buffer_size()
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield pa.Table.from_batches(group)
            group, rows, size = [], 0, 0
    if group:
        yield pa.Table.from_batches(group)


def _writer(first: pa.Table, file: Path) -> pq.ParquetWriter:
    # Groups have events of all kinds, so only the time lets a search skip a group.
    options = {"use_dictionary": _repeating(first), "compression": "lz4", "write_statistics": ["time"]}
    return pq.ParquetWriter(file, first.schema, **options)


def _repeating(table: pa.Table) -> list[str]:
    """Return the names of the columns of text whose values repeat."""
    sample = table.slice(0, SAMPLE_ROWS)
    texts = [field.name for field in table.schema if field.type in (pa.string(), pa.string_view())]
    return [
        name
        for name in texts
        if pc.count_distinct(sample[name].cast(pa.string())).as_py() * REPEATED <= len(sample) - sample[name].null_count
    ]


def _kinds(batch: pa.RecordBatch) -> dict[EventKind, int]:
    kinds = pa.table({"provider": batch["provider"], "event_id": batch["event_id"]})
    counted = kinds.group_by(["provider", "event_id"]).aggregate([([], "count_all")]).to_pylist()
    return {(kind["provider"], kind["event_id"]): kind["count_all"] for kind in counted}
