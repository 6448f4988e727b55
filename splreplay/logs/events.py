"""Events in memory: what an exact reader says of each, which values are kept, their times, and batches of them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import pyarrow as pa

from splreplay.logs.names import MAX_NAME_CHARS, MAX_NAMES, RAW, RENDERING, SYSTEM, UNNAMED, Wanted, column
from splreplay.logs.report import BadEvent, BadEvents
from splreplay.sql.values import storable

# What a reader yields: good events in batches, and bad ones.
Item: TypeAlias = "pa.RecordBatch | BadEvents"

SYSMON = "Microsoft-Windows-Sysmon"
BATCH_ROWS = 8192
BATCH_CHARS = 16 << 20

TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? ?(Z|UTC|[+-]\d\d:?\d\d)?", re.ASCII)


class Event(NamedTuple):
    """An event, with every value that its record holds; None for what it lacks.

    Args:
        provider: System/Provider, "" if it names none.
        event_id: System/EventID.
        time: In seconds since 1970.
        computer: System/Computer.
        channel: System/Channel.
        values: Every named value. Those of EventData and UserData have their own names ("LogonType"; an element of UserData
            that holds no other is a value of its name). What else System and RenderingInfo hold is named after these:
            "System/Level", "System/EventRecordID", "System/ProcessID", "RenderingInfo/Message" … The second half is the name
            that Splunk gives, which for an attribute is the attribute's: see SYSTEM_NAMES. The first value of a name counts.
            Where *raw* is None, those of EventData without a name are here too: "Data/1", "Data/2" …
        raw: The text of the event, as Windows renders it; None where the record holds another text, such as JSON. It is then
            written from the values.
    """

    provider: str
    event_id: int
    time: float
    computer: str | None
    channel: str | None
    values: Mapping[str, str]
    raw: str | None


# What System holds besides provider, event id, computer and channel: the elements, and the attributes, with their elements.
SYSTEM_NAMES = {
    "Guid": ("Provider", "Guid"),
    "EventSourceName": ("Provider", "EventSourceName"),
    "Qualifiers": ("EventID", "Qualifiers"),
    "Version": ("Version", ""),
    "Level": ("Level", ""),
    "Task": ("Task", ""),
    "Opcode": ("Opcode", ""),
    "Keywords": ("Keywords", ""),
    "SystemTime": ("TimeCreated", "SystemTime"),
    "EventRecordID": ("EventRecordID", ""),
    "ActivityID": ("Correlation", "ActivityID"),
    "RelatedActivityID": ("Correlation", "RelatedActivityID"),
    "ProcessID": ("Execution", "ProcessID"),
    "ThreadID": ("Execution", "ThreadID"),
    "UserID": ("Security", "UserID"),
}


class Columns:
    """The names of the values that are kept of one log, each with its number; a reader's threads share them.

    They are those wanted, or, where every value is wanted, grow as a reader asks for the number of one after the other.

    Attributes:
        every: Whether they grow.
        raw: Whether the events' texts are kept.
        left_out: Names that were too many or too long to be kept.
    """

    def __init__(self, wanted: Wanted) -> None:
        """Begin with the wanted names."""
        self.every, self.raw = wanted.every, wanted.raw
        self.left_out: set[str] = set()
        self._numbers = {name: number for number, name in enumerate(wanted.names)}
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """The names so far, in the order of their numbers."""
        with self._lock:
            return tuple(self._numbers)

    def number(self, name: str) -> int | None:
        """Return the number of a value's name; None where it is not kept."""
        number = self._numbers.get(name)
        if number is not None or not self.every:
            return number
        with self._lock:
            if len(self._numbers) < MAX_NAMES and len(name) <= MAX_NAME_CHARS and name == storable(name):
                return self._numbers.setdefault(name, len(self._numbers))
            if name not in self._numbers and len(self.left_out) < MAX_NAMES:
                self.left_out.add(name[:MAX_NAME_CHARS])
            return self._numbers.get(name)


class UnreadableEventError(Exception):
    """An event cannot be read, and the text says why; readers turn this into a BadEvent."""


# The columns that every batch has; they are not views, because Parquet writes these faster.
COMMON = {
    "provider": pa.string(),
    "event_id": pa.int32(),
    "time": pa.float64(),
    "computer": pa.string(),
    "channel": pa.string(),
}


@lru_cache(maxsize=64)
def schema(names: tuple[str, ...], raw: bool = False) -> pa.Schema:
    """Return the columns of a batch: the common ones, one for each of *names*, and the event's text, if it is kept."""
    texts = [*map(column, names), *([RAW] if raw else [])]
    return pa.schema([*COMMON.items(), *((text, pa.string_view()) for text in texts)])


def batch_of(columns: Sequence[pa.Array], names: Sequence[str], raw: bool = False) -> pa.RecordBatch:
    """Return a batch of columns in the order of `schema`, whose texts may be of any Arrow type of text."""
    typed = schema(tuple(names), raw)
    arrays = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(columns, typed, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=typed)


def batches(items: Iterable[Event | BadEvent], columns: Columns) -> Iterator[Item]:
    """Gather events into batches of limited length and size, with the columns that are kept, and bad events, which come last."""
    events: list[Event] = []
    chars = 0
    bad = BadEvents()
    for item in items:
        if isinstance(item, BadEvent):
            bad.add(item)
            continue
        events.append(item)
        chars += sum(map(len, item.values.values()))
        if len(events) == BATCH_ROWS or chars > BATCH_CHARS:
            yield batch(events, columns)
            events, chars = [], 0
    if events:
        yield batch(events, columns)
    if bad.count:
        yield bad


def batch(events: Sequence[Event], columns: Columns) -> pa.RecordBatch:
    """Return a batch of events; where every value is kept, it has the columns of those that these events have."""
    names = columns.names
    if columns.every:
        seen = dict.fromkeys(name for event in events for name in event.values)
        names = tuple(name for name in seen if columns.number(name) is not None)
    common = [pa.array([event[place] for event in events], type_) for place, type_ in enumerate(COMMON.values())]
    texts = [pa.array([event.values.get(name) for event in events], pa.string_view()) for name in names]
    if columns.raw:
        texts.append(pa.array(list(map(text_of, events)), pa.string_view()))
    return batch_of([*common, *texts], names, columns.raw)


def text_of(event: Event) -> str:
    """Return an event's text; where its record has none, as Windows would render its values."""
    if event.raw is not None:
        return event.raw
    system: dict[str, tuple[str, dict[str, str]]] = {
        "Provider": ("", {"Name": event.provider}),
        "EventID": (str(event.event_id), {}),
    }
    for name, (element, attribute) in SYSTEM_NAMES.items():
        value = event.values.get(SYSTEM + name)
        text, attributes = system.get(element, ("", {}))
        if value is not None:
            system[element] = (text, attributes | {attribute: value}) if attribute else (value, attributes)
    for element, optional in (("Channel", event.channel), ("Computer", event.computer)):
        if optional is not None:
            system[element] = (optional, {})
    elements = "".join(_element(name, text, attributes) for name, (text, attributes) in system.items())
    data = "".join(
        _element("Data", value, {} if name.startswith(UNNAMED) else {"Name": name})
        for name, value in event.values.items()
        if not name.startswith((SYSTEM, RENDERING))
    )
    namespace = "http://schemas.microsoft.com/win/2004/08/events/event"
    return f"<Event xmlns='{namespace}'><System>{elements}</System><EventData>{data}</EventData></Event>"


def _element(name: str, text: str, attributes: Mapping[str, str]) -> str:
    listed = "".join(f" {key}='{_escaped(value).replace(chr(39), '&apos;')}'" for key, value in attributes.items())
    return f"<{name}{listed}>{_escaped(text)}</{name}>" if text else f"<{name}{listed}/>"


def _escaped(text: str) -> str:
    """Return a text as XML has it; the standard library's function for it imports all that opens addresses."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
