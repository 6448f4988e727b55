"""JSON lines, read fast: DuckDB takes the values of a whole block at once, from all lines whose meaning is certain.

`exact` reads the other lines. Without this module only speed would be lost: `exact.read` gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from splreplay.logs import opening
from splreplay.logs.arrays import TIME_BYTES, Booleans, Floats, Integers, times, windows
from splreplay.logs.events import SYSMON, Columns, Event, Item, UnreadableEventError, batch_of, batches, epoch, event_id
from splreplay.logs.formats.json import exact
from splreplay.logs.formats.json.forms.flat import local_time
from splreplay.logs.formats.json.places import MADE, SYSTEM, form
from splreplay.logs.formats.json.values import Values, values_of
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent, BadEvents
from splreplay.logs.threads import in_threads

_epoch = lru_cache(maxsize=4096)(epoch)
_local_time = lru_cache(maxsize=4096)(local_time)


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log, as exact.read does, which reads it where it is not of lines, or every value is kept."""
    if columns.every or columns.raw or MADE in columns.names or not exact.of_lines(log):
        return exact.read(log, columns)
    fields = columns.names
    log.large = True  # DuckDB plans a query for each block

    def read_piece(piece: exact.Piece) -> list[Item]:
        # Lines that are too short for events would take far more memory than they have bytes; one very long line among them
        # does not change that. The check of the values needs such a length too.
        if min(len(piece.content), opening.BLOCK_BYTES) < exact.EVENT_BYTES * piece.lines:
            return list(batches(exact.rows(enumerate(exact.lines(piece.content), piece.number)), columns))
        wanted = form(piece.content, fields)
        taken = values_of(piece, wanted)
        provider = _provider(taken.columns) if wanted.implied else taken.columns["provider"]
        return _read(taken, provider, piece, columns)

    return in_threads(read_piece, ((piece,) for piece in exact.pieces(log)))


def _read(taken: Values, provider: pa.Array, piece: exact.Piece, kept: Columns) -> list[Item]:
    """Return the rows of a piece in one batch, and its bad events."""
    columns, sure = taken.columns, taken.sure
    for name in SYSTEM:
        # Another key may have the value that is empty in this one. A view begins with the length of the text.
        length = np.frombuffer(columns[name].buffers()[1], "<u4")[::4]
        sure &= (length > 0) | np.asarray(columns[name].is_null())
    sure &= np.asarray(provider.is_valid()) & np.asarray(columns["computer"].is_valid())
    ids, moments = pa.array(_event_ids(columns["event_id"], sure)), pa.array(_moments(columns, sure))
    computer, channel, *values = (columns[name] for name in ("computer", "channel", *kept.names))
    batch = batch_of([provider, ids, moments, computer, channel, *values], kept.names)
    return [batch] if sure.all() else _with_others(batch, sure, piece, taken.ends, kept)


def _provider(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return the providers; Sysmon for an event that names none, but has Sysmon's channel or the field that only Sysmon has."""
    provider = columns["provider"]
    if not provider.null_count:
        return provider
    channel = columns["channel"].cast(pa.string())
    sysmon = pc.or_kleene(pc.starts_with(channel, f"{SYSMON}/"), columns["#utc"].is_valid())
    implied = pc.if_else(sysmon, SYSMON, None)
    return pc.coalesce(provider.cast(pa.string()), implied)


def _with_others(
    batch: pa.RecordBatch, sure: Booleans, piece: exact.Piece, ends: Integers, kept: Columns
) -> list[Item]:
    """Return the batch with the exactly read rows of the other lines in their places, and the bad events of these lines."""
    bad = BadEvents()
    rows: list[Event] = []
    places: list[int] = []
    for place in map(int, np.flatnonzero(~sure)):
        line = piece.content[ends[place - 1] if place else 0 : ends[place]]
        for item in exact.rows([(piece.number + place, line)]):
            if isinstance(item, BadEvent):
                bad.add(item)
            else:
                rows.append(item)
                places.append(place)
    known = np.flatnonzero(sure)
    order = np.argsort(np.concatenate((known, np.array(places, np.int64))))
    read_exactly = [item for item in batches(rows, kept) if isinstance(item, pa.RecordBatch)]
    # Arrow's take does not work on columns of views.
    texts = [(column.name, pa.string() if column.type == pa.string_view() else column.type) for column in batch.schema]
    first, *rest = (pa.table(item).cast(pa.schema(texts)) for item in (batch, *read_exactly))
    table = pa.concat_tables([first.take(pa.array(known)), *rest]).take(pa.array(order))
    return [*table.cast(batch.schema).combine_chunks().to_batches(), *([bad] if bad.count else [])]


def _event_ids(texts: pa.Array, sure: Booleans) -> Integers:
    """Return the EventIDs; lines with an invalid one are marked as not sure."""
    coded = texts.cast(pa.string()).fill_null("").dictionary_encode()
    ids = []
    for text in coded.dictionary.to_pylist():
        try:
            ids.append(event_id(text))
        except UnreadableEventError:
            ids.append(-1)
    numbers: Integers = np.array(ids, np.int32)[np.asarray(coded.indices)]
    sure &= numbers >= 0
    return numbers


def _moments(columns: Mapping[str, pa.Array], sure: Booleans) -> Floats:
    """Return the times in seconds since 1970; lines with an invalid one are marked as not sure."""
    moments, known = _utc(columns["#time"])
    known &= np.asarray(columns["#local"].is_null())
    rows = np.flatnonzero(sure & ~known)
    if not len(rows):
        return moments
    texts = (columns[name].cast(pa.string()).take(pa.array(rows)).to_pylist() for name in SYSTEM[4:8])
    for row, time, local, received, relayed in zip(rows.tolist(), *texts, strict=True):
        try:
            moments[row] = _epoch(time or "") if local is None else _local_time(local, received, relayed)
        except UnreadableEventError:
            sure[row] = False
    return moments


def _utc(column: pa.Array) -> tuple[Floats, Booleans]:
    """Return the times of the form 2020-09-20T01:18:13.416Z, and which have this form."""
    texts = column.cast(pa.string()).fill_null("")
    edges = np.frombuffer(texts.buffers()[1], np.int32)[: len(texts) + 1].astype(np.int64)
    content = np.frombuffer(bytes(texts.buffers()[2] or b"") + bytes(TIME_BYTES), np.uint8)
    start, lengths = edges[:-1], np.diff(edges)
    moments, known = np.zeros(len(texts)), np.zeros(len(texts), np.bool_)
    for length in np.flatnonzero(np.bincount(np.minimum(lengths, TIME_BYTES))).tolist():
        if len("2020-09-20T01:18:13Z") <= length <= len("2020-09-20T01:18:13.123456789Z"):
            rows = np.flatnonzero(lengths == length)
            moments[rows], known[rows] = times(windows(content, start[rows], TIME_BYTES).view(np.uint8), length)
    return moments, known
