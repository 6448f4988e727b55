"""Native .evtx files, read fast: their records are XML events, which are read by their shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from splreplay.logs.events import Columns, Event, Item, batches
from splreplay.logs.formats.evtx import exact
from splreplay.logs.formats.evtx.records import Records, records
from splreplay.logs.formats.xml.exact import EVENT_END, Parser
from splreplay.logs.formats.xml.fast import Learned
from splreplay.logs.formats.xml.shapes import REACH, Block
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent
from splreplay.logs.threads import in_threads


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log, as exact.read does."""
    learned = Learned(columns)

    def read_records(item: Records | BadEvent) -> list[Item]:
        parser = Parser()
        if isinstance(item, Records):
            content = exact.braced(item.text)
            block = Block(content) if len(content) > REACH else None
            if block and len(block.end) == len(item.ends) and _end_events(item):

                def exactly(first: int, last: int) -> Iterable[Event | BadEvent]:
                    return (exact.row(parser, item, number) for number in range(first, last + 1))

                return learned.read(block, parser, exactly)
        return list(batches(exact.rows(parser, item), columns))

    return in_threads(read_records, ((item,) for item in records(log)))


def _end_events(item: Records) -> bool:
    """Return whether each record ends like an event."""
    return all(item.text.endswith(EVENT_END, 0, end) for end in item.ends)
