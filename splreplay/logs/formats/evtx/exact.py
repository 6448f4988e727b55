"""Native .evtx files, read exactly: one record at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from splreplay.logs.events import Columns, Event, Item, UnreadableEventError, batches
from splreplay.logs.formats.evtx.records import Records, records
from splreplay.logs.formats.xml.exact import Parser
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent

# `evtx` writes GUIDs without the braces that Windows writes, so they would not match those of other logs.
GUID = re.compile(rb">([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})</")


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log; DataError if it turns out not to be an .evtx file."""
    parser = Parser()
    return batches(chain.from_iterable(rows(parser, item) for item in records(log)), columns)


def rows(parser: Parser, item: Records | BadEvent) -> Iterator[Event | BadEvent]:
    """Read the records of one item of `records`; a bad event is passed on."""
    if isinstance(item, BadEvent):
        yield item
    else:
        yield from (row(parser, item, number) for number in range(len(item.ends)))


def row(parser: Parser, records: Records, number: int) -> Event | BadEvent:
    """Read one record, by its place among *records*."""
    start = records.ends[number - 1] if number else 0
    try:
        return parser.event(braced(records.text[start : records.ends[number]]))
    except UnreadableEventError as error:
        return BadEvent(f"record {records.first + number}", str(error))


def braced(text: bytes) -> bytes:
    """Return the package's events with GUIDs as Windows writes them."""
    return GUID.sub(rb">{\1}</", text)
