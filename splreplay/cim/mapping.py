"""The mapping of an add-on, as data, and the SQL that follows from it.

The SQL of a field names the event's own fields as Windows spells them (`TargetUserName`), the values of System in OF_SYSTEM among
them, and what every event has in small letters: time, computer, channel, event_id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from splreplay.logs.names import SYSTEM, column
from splreplay.sql.values import identifier, literal

# What an XmlWinEventLog input sets.
INDEX, SOURCETYPE = "main", "XmlWinEventLog"
# The log in which an event lies. No field of Splunk's or of an add-on has this name; `source` is Splunk's.
FILE = "replay_log"
# The channels of which Splunk_TA_windows makes an eventtype, `wineventlog_` and the name.
EVENTTYPES = ("application", "security", "system")
OF_SYSTEM = ("EventRecordID", "Keywords", "UserID")
# Windows begins names with a capital (its own service manager has param1 and the like); SQL's words have no small letters, its
# functions have no capitals.
_LITERAL_OR_OWN = re.compile(r"'(?:[^']|'')*'|\b((?:[A-Z]\w*[a-z]|param\d|updateTitle)\w*)\b")


@dataclass(frozen=True)
class Source:
    """A source of events: the provider in System/Provider, and the channel of events that name none."""

    provider: str
    name: str
    channel: str


@dataclass(frozen=True)
class EventMapping:
    """What an add-on makes of one kind of event.

    Args:
        source: Where the events come from.
        event_id: Their System/EventID.
        datasets: The datasets into which their tags put them, such as "Endpoint.Processes"; nothing where only searches of
            events see the fields.
        fields: The SQL of each field over the event's own; an empty value is NULL, as Splunk extracts no
            field from it. A field that is not listed is not filled.
    """

    source: Source
    event_id: int
    datasets: tuple[str, ...]
    fields: Mapping[str, str]

    def reads(self, columns: Container[str]) -> list[str]:
        """Return the events' values, as readers name them, that fill *columns*."""
        return own_values(sql for name, sql in self.fields.items() if name in columns)

    def query(self, columns: Container[str]) -> str:
        """Return the query of these events, with those of *columns* that they fill."""
        listed = ", ".join(f'{over(sql, _column)} AS "{name}"' for name, sql in self.fields.items() if name in columns)
        if "nodes" in columns:
            nodes = ", ".join(literal(name.rpartition(".")[2]) for name in self.datasets)
            listed = f"{listed}, [{nodes}] AS nodes"
        own = (identifier(column(name)) for name in self.reads(columns))
        values = "".join(f", nullif({name}, '') AS {name}" for name in own)
        return f"""
SELECT
    {listed}
FROM (
    SELECT time, computer, source, event_id, coalesce(channel, '{self.source.channel}') AS channel{values}
    FROM event WHERE provider = '{self.source.provider}' AND event_id = {self.event_id}
)"""


def own_values(expressions: Iterable[str]) -> list[str]:
    """Return the events' values, as readers name them, that expressions read, each once, in their order."""
    # Kinds of events share most expressions, and each start of the program comes by here.
    found = (match[1] for sql in dict.fromkeys(expressions) for match in _LITERAL_OR_OWN.finditer(sql) if match[1])
    return list(dict.fromkeys(map(_value, found)))


def over(sql: str, read: Callable[[str], str]) -> str:
    """Return an expression with the SQL that *read* gives in the place of each of the event's own fields."""
    return _LITERAL_OR_OWN.sub(lambda match: read(match[1]) if match[1] else match[0], sql)


def _value(field: str) -> str:
    return f"{SYSTEM}{field}" if field in OF_SYSTEM else field


def _column(field: str) -> str:
    return identifier(column(_value(field)))


def of_every_event(vendor_product: str) -> dict[str, str]:
    """Return the fields that every event has.

    Source: 8.4.0 (see windows.py) props.conf, [XmlWinEventLog], which comes with Splunk_TA_windows and holds for each channel.
    """
    return {
        "_time": "time",
        "host": "computer",
        "source": f"'{SOURCETYPE}:' || channel",
        "sourcetype": f"'{SOURCETYPE}'",
        "index": f"'{INDEX}'",
        FILE: "source",
        "dvc_nt_host": "computer",
        "event_id": "EventRecordID",
        "id": "EventRecordID",
        "RecordNumber": "EventRecordID",
        "severity_id": "EventType",
        "signature_id": "CAST(event_id AS VARCHAR)",
        "user_id": "UserID",
        "vendor_product": f"'{vendor_product}'",
    }


def program(path: str, of: str = "process") -> dict[str, str]:
    """Return the fields that name the program at *path*, which runs as a process or as its parent."""
    return {f"{of}_exec": last(path), f"{of}_name": last(path), f"{of}_path": path}


def last(path: str) -> str:
    r"""Return SQL for what follows the last backslash: the base name of a path, a user without its domain."""
    # Empty values are NULL already, so only a value that ends with a backslash has nothing after it.
    return rf"CASE WHEN NOT ends_with({path}, '\') THEN parse_filename({path}, false, 'backslash') END"


def no_dash(field: str) -> str:
    """Return SQL for a field's value, NULL where it is `-`, which Windows writes for none."""
    return f"nullif({field}, '-')"


def one_of(field: str, values: Mapping[str, str]) -> str:
    """Return SQL that looks a field's value up; NULL where it is not listed."""
    cases = " ".join(f"WHEN {literal(key)} THEN {literal(value)}" for key, value in values.items())
    return f"CASE {field} {cases} END"
