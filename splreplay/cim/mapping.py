"""The mapping of an add-on, as data, and the SQL that follows from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

from splreplay.logs.names import column
from splreplay.sql.values import identifier


@dataclass(frozen=True)
class Source:
    """A source of events: the provider in System/Provider, the channel of events that name none, and their fields."""

    provider: str
    name: str
    channel: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class EventMapping:
    """What an add-on makes of one kind of event.

    Args:
        source: Where the events come from.
        event_id: Their System/EventID.
        datasets: The datasets into which their tags put them, such as "Endpoint.Processes".
        fields: The SQL of each CIM field over the event's own; an empty value is NULL, as Splunk extracts no
            field from it. A field that is not listed is not filled.
    """

    source: Source
    event_id: int
    datasets: tuple[str, ...]
    fields: Mapping[str, str]

    def reads(self, columns: Container[str]) -> list[str]:
        """Return the events' own fields that fill *columns*."""
        sql = " ".join(sql for name, sql in self.fields.items() if name in columns)
        return sorted(set(re.findall(r"\w+", sql)) & set(self.source.fields), key=self.source.fields.index)

    def query(self, columns: Container[str]) -> str:
        """Return the query of these events, with those of *columns* that they fill."""
        own = self.reads(columns)
        listed = ", ".join(
            f'{over(sql, own, _column)} AS "{name}"' for name, sql in self.fields.items() if name in columns
        )
        values = "".join(f", nullif({name}, '') AS {name}" for name in map(_column, own))
        return f"""
SELECT
    {listed}
FROM (
    SELECT time, computer, coalesce(channel, '{self.source.channel}') AS channel{values}
    FROM event WHERE provider = '{self.source.provider}' AND event_id = {self.event_id}
)"""


def over(sql: str, own: Container[str], read: Callable[[str], str]) -> str:
    """Return an expression with the SQL that *read* gives in the place of each of the event's own fields."""
    return re.sub(r"""'(?:[^']|'')*'|"[^"]*"|\w+""", lambda match: read(match[0]) if match[0] in own else match[0], sql)


def _column(field: str) -> str:
    return identifier(column(field))


def of_every_event(vendor_product: str) -> dict[str, str]:
    """Return the fields that every event has."""
    return {
        "_time": "time",
        "host": "computer",
        "source": "'XmlWinEventLog:' || channel",
        "sourcetype": "'XmlWinEventLog'",
        "index": "'main'",
        "vendor_product": f"'{vendor_product}'",
    }


def program(path: str, of: str = "process") -> dict[str, str]:
    """Return the fields that name the program at *path*, which runs as a process or as its parent."""
    return {f"{of}_exec": last(path), f"{of}_name": last(path), f"{of}_path": path}


def last(path: str) -> str:
    r"""Return SQL for what follows the last backslash: the base name of a path, a user without its domain."""
    # Empty values are NULL already, so only a value that ends with a backslash has nothing after it.
    return rf"CASE WHEN NOT ends_with({path}, '\') THEN parse_filename({path}, false, 'backslash') END"
