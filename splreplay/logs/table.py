"""The events of one log as Parquet files, written while the log is read, so that memory holds only a few blocks of it.

A log is one file, unless columns are first seen later: then the next file begins, which has the earlier ones too.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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


def write(items: Iterable[Item], folder: Path) -> tuple[Counter[EventKind], BadEvents]:
    """Write the events among *items* to files in *folder*, 0000.parquet and so on; without events there is none.

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
        parts = itertools.count()
        for group in _groups(good()):
            if writer is None or not set(group.column_names) <= set(writer.schema.names):
                known = writer.schema if writer else group.schema
                stack.close()
                group = _fitted(group, pa.unify_schemas([known, group.schema]))
                writer = stack.enter_context(_writer(group, folder / f"{next(parts):04}.parquet"))
            else:
                group = _fitted(group, writer.schema)
            writer.write_table(group, len(group))
            del group  # while the next one is gathered
    return counts, bad


def _fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with the columns of a schema; those that it lacks are empty."""
    if table.schema.equals(schema):
        return table
    columns = [
        table[field.name] if field.name in table.column_names else pa.nulls(len(table), field.type) for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    group: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        group.append(batch)
        rows += batch.num_rows
        size += batch.get_total_buffer_size()
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield _table(group)
            group, rows, size = [], 0, 0
    if group:
        yield _table(group)


def _table(batches: Sequence[pa.RecordBatch]) -> pa.Table:
    """Return batches as one table, with the columns of all of them."""
    schema = pa.unify_schemas([batch.schema for batch in batches])
    return pa.concat_tables([_fitted(pa.Table.from_batches([batch]), schema) for batch in batches])


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
    # Arrow's own grouping is a module more to import, which takes longer than many a log.
    named = pc.binary_join_element_wise(batch["provider"], batch["event_id"].cast(pa.string()), " ")
    counted = ((kind["values"].as_py().rpartition(" "), kind["counts"].as_py()) for kind in pc.value_counts(named))
    return {(provider, int(event_id)): count for (provider, _, event_id), count in counted}
