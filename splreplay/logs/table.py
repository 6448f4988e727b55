"""The events of logs as Parquet files, written while the logs are read, so that memory holds only a few blocks of them.

Small logs are gathered into one file, because each file and each row group has a cost of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from splreplay.errors import DataError
from splreplay.logs.events import Item
from splreplay.logs.names import SOURCE
from splreplay.logs.report import BadEvents, EventKind
from splreplay.sql.values import storable

# A row group has enough rows for fast searches, and few enough bytes for the memory.
GROUP_ROWS = 1 << 16
GROUP_BYTES = 32 << 20
# A text that repeats this often among the first rows is written, and read by searches, once for each group.
SAMPLE_ROWS, REPEATED = 1 << 10, 8
# An event id is less.
EVENT_IDS = 1 << 16


class Table:
    """The events of one log, or of many in the order in which they are added."""

    def __init__(self, folder: Path) -> None:
        """Write into *folder*; here and later OSError where that is not possible."""
        folder.mkdir()
        self._files = _Files(folder)
        self._gathered = _Group()

    def add(self, items: Iterable[Item], source: str | None) -> tuple[Counter[EventKind], BadEvents]:
        """Write the events among the *items* of a log, with *source* as a column if it is given.

        Returns:
            How many events of each kind there are, and the bad events.

        Raises:
            DataError: If the items raise it; the table then has none of them.
        """
        counts: Counter[EventKind] = Counter()
        bad = BadEvents()
        group = _Group()
        # A log that fills a group has files of its own: they go if it turns out that it cannot be read.
        own: int | None = None
        try:
            for item in items:
                if isinstance(item, BadEvents):
                    bad.extend(item)
                    continue
                counts.update(_kinds(item))
                group.add(item if source is None else _named(item, source))
                if group.full:
                    if own is None:
                        self._files.write(self._gathered)
                        own = self._files.end()
                    self._files.write(group)
        except DataError:
            if own is not None:
                self._files.end()
                self._files.remove(own)
            raise
        if own is not None:
            self._files.write(group)
            self._files.end()
        else:
            self._gathered.take(group)
            if self._gathered.full:
                self._files.write(self._gathered)
        return counts, bad

    def complete(self) -> Sequence[Path]:
        """Write what is still gathered, and return the files, all of them whole."""
        self._files.write(self._gathered)
        self._files.end()
        return self._files.paths


class _Group:
    """Batches that become a row group."""

    def __init__(self) -> None:
        self._batches: list[pa.RecordBatch] = []
        self._rows = self._size = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        self._rows += batch.num_rows
        self._size += batch.get_total_buffer_size()

    def take(self, other: _Group) -> None:
        """Take the batches of another group."""
        self._batches += other._batches
        self._rows += other._rows
        self._size += other._size
        other.clear()

    def clear(self) -> None:
        self._batches, self._rows, self._size = [], 0, 0

    @property
    def full(self) -> bool:
        return self._rows >= GROUP_ROWS or self._size >= GROUP_BYTES

    def empty(self) -> pa.Table | None:
        """Return the batches as one table, with the columns of all of them, and have none; None where there is none."""
        if not self._batches:
            return None
        schema = pa.unify_schemas([batch.schema for batch in self._batches])
        table = pa.concat_tables([_fitted(pa.Table.from_batches([batch]), schema) for batch in self._batches])
        self.clear()
        return table


class _Files:
    """Parquet files 0000.parquet and so on, of which the last is written.

    A file has the columns of its first group. Where others are first seen later, the next file begins, which has the earlier ones
    too.
    """

    def __init__(self, folder: Path) -> None:
        self.paths: list[Path] = []
        self._folder = folder
        self._writer: pq.ParquetWriter | None = None

    def write(self, group: _Group) -> None:
        """Write a group, which is then empty."""
        table = group.empty()
        if table is None:
            return
        if self._writer is None or not set(table.column_names) <= set(self._writer.schema.names):
            known = self._writer.schema if self._writer else table.schema
            self.end()
            table = _fitted(table, pa.unify_schemas([known, table.schema]))
            self.paths.append(self._folder / f"{len(self.paths):04}.parquet")
            self._writer = _writer(table, self.paths[-1])
        else:
            table = _fitted(table, self._writer.schema)
        self._writer.write_table(table, len(table))

    def end(self) -> int:
        """End the file that is written, if any, and return how many there are."""
        if self._writer:
            writer, self._writer = self._writer, None
            writer.close()
        return len(self.paths)

    def remove(self, first: int) -> None:
        """Remove the files from the one with the number *first* on."""
        for path in self.paths[first:]:
            path.unlink()
        del self.paths[first:]


def _named(batch: pa.RecordBatch, source: str) -> pa.RecordBatch:
    """Return a batch with the column `source`."""
    return batch.append_column(SOURCE, pa.repeat(pa.scalar(storable(source), pa.string()), batch.num_rows))


def _fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with the columns of a schema; those that it lacks are empty."""
    if table.schema.equals(schema):
        return table
    columns = [
        table[field.name] if field.name in table.column_names else pa.nulls(len(table), field.type) for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


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
    """Return how many events of each kind there are, in the order in which the kinds are first seen."""
    providers = batch["provider"].dictionary_encode()
    names = providers.dictionary.to_pylist()
    # One number for each kind, because Arrow groups by two columns far slower, above all in small batches.
    kinds = pc.add(pc.multiply(providers.indices.cast(pa.int64()), EVENT_IDS), batch["event_id"].cast(pa.int64()))
    counted = ((divmod(kind["values"], EVENT_IDS), kind["counts"]) for kind in pc.value_counts(kinds).to_pylist())
    return {(names[provider], event_id): count for (provider, event_id), count in counted}
