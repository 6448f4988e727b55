"""Microsoft Sentinel: rows of the tables SecurityEvent, WindowsEvent and Event, told by `TimeGenerated` beside `EventID`.

`EventData` is text, XML in SecurityEvent and Event, JSON in WindowsEvent (or an object). Where it is absent, as in most rows of
SecurityEvent, the event's values are columns of the table, which have their names.

Source: Azure Monitor Logs reference, SecurityEvent, WindowsEvent, Event.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lxml import etree

from splreplay.logs.events import Event, UnreadableEventError, epoch, event_id
from splreplay.logs.formats.json.forms.text import Record, first, implied_provider, needed, parsed, texts
from splreplay.logs.names import SYSTEM, unnamed

TIME = ("TimeGenerated", "TimeGenerated [UTC]")
# Columns of the tables that are no values of the event.
_TABLE = """
    TenantId SourceSystem Type Account AccountType Computer EventSourceName Channel Task Level EventData EventID
    Activity PartitionKey RowKey StorageAccount AzureDeploymentID AzureTableName Role ManagementGroupName
    SourceComputerId EventOriginId MG TimeCollected EventLevelName EventLevel Opcode Keywords Version Correlation
    Provider Source EventLog ParameterXml RenderedDescription Message EventCategory UserName SystemUserId
    SystemProcessId SystemThreadId EventRecordId RawEventData SystemTime _ResourceId _SubscriptionId _ItemId
    _BilledSize _IsBillable TableName
"""
TABLE = frozenset(_TABLE.split())
SYSTEM_KEYS = {
    "Level": ("EventLevel", "Level"),
    "Task": ("Task",),
    "Opcode": ("Opcode",),
    "Keywords": ("Keywords",),
    "Version": ("Version",),
    "EventRecordID": ("EventRecordId",),
    "ProcessID": ("SystemProcessId",),
    "ThreadID": ("SystemThreadId",),
    "UserID": ("SystemUserId",),
}
# How the portal writes a time into CSV: month first.
PORTAL = re.compile(r"(\d{1,2}/\d{1,2}/\d{4}, \d{1,2}:\d\d:\d\d)\.(\d{1,6})\d* ([AP]M)")


def recognises(record: Record) -> bool:
    """Return whether a record has TimeGenerated, under either name, and EventID."""
    return "EventID" in record and any(name in record for name in TIME)


def event(record: Record) -> Event:
    """Return the event."""
    own = _event_data(record.get("EventData"))
    values = own or texts(record, (name for name in record if name not in TABLE and name not in TIME))
    values = {name: value for name, value in values.items() if value or own}
    channel = first(record, "Channel", "EventLog")
    for name, keys in SYSTEM_KEYS.items():
        if value := first(record, *keys):
            values[SYSTEM + name] = value
    identifier = event_id(needed(first(record, "EventID"), "EventID"))
    return Event(
        first(record, "Provider", "EventSourceName", "Source") or implied_provider(channel, values, identifier),
        identifier,
        _epoch(needed(first(record, *TIME), "TimeGenerated")),
        first(record, "Computer"),
        channel,
        values,
        None,
    )


def _event_data(value: object) -> dict[str, str]:
    """Return the values in EventData, whatever it is written in."""
    if not isinstance(value, str):
        return texts(value)
    start = value.lstrip()[:1]
    if start == "{":
        try:
            return texts(parsed(value))
        except UnreadableEventError:
            raise UnreadableEventError("its EventData begins as JSON, and is not JSON") from None
    if start != "<":
        return {}
    try:
        root = etree.fromstring(value, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableEventError(f"its EventData begins as XML, and is not well-formed: {error}") from None
    named: dict[str, str] = {}
    without: list[str] = []
    for element in root.iter():
        if isinstance(element.tag, str) and etree.QName(element).localname == "Data":
            shown = "".join(element.itertext())
            if name := element.get("Name"):
                named.setdefault(name, shown)
            else:
                without.append(shown)
    return named | unnamed(without)


def _epoch(time: str) -> float:
    """Return a time of the table, which is UTC whether it says so or not."""
    portal = PORTAL.fullmatch(time)
    if not portal:
        return epoch(time)
    try:
        moment = datetime.strptime(f"{portal[1]} {portal[3]}", "%m/%d/%Y, %I:%M:%S %p").replace(tzinfo=UTC)
    except ValueError:
        return epoch(time)  # which says what is wrong
    return float(f"{int(moment.timestamp())}.{portal[2]}")
