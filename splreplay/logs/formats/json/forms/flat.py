"""NXLog (im_msvistalog, to_json) and whatever else writes an event flat, in the names of the event log.

NXLog: SourceName, EventID, Channel and Hostname beside the event's own fields; `EventTime` is the sender's local time unless it
names its zone. Plain: Provider, EventID, Channel, Computer, SystemTime or TimeCreated.

Source: OTRF/Security-Datasets@be0e8220 and @dc8a4544, datasets/atomic/windows.
"""

from __future__ import annotations

from splreplay.logs.events import Event, epoch, event_id
from splreplay.logs.formats.json.forms.text import (
    Record,
    first,
    implied_provider,
    needed,
    renamed,
    system_values,
    texts,
)

# The names of a value; the first one that an event has counts.
PROVIDER = ("SourceName", "Provider", "ProviderName", "EventSourceName")
COMPUTER = ("Computer", "Hostname", "HostName")
# UtcTime comes last, because in event 3 of real logs it may be days before the event.
TIME = ("SystemTime", "TimeCreated", "@timestamp", "UtcTime")
# NXLog's time is made of these, and takes precedence over TIME: see local_time.
LOCAL_TIME = ("EventTime", "EventReceivedTime", "@timestamp")
# A record that has one of these is of another form.
INNER = ("winlog", "EventData", "StringInserts", "_time")

# The event log's names for what is of every event, and those of these forms. ProcessID is left out: it may be the event's own.
SYSTEM_KEYS = {
    "Guid": "ProviderGuid",
    "Version": "Version",
    "Level": "Level",
    "Task": "Task",
    "Opcode": "OpcodeValue",
    "Keywords": "Keywords",
    "EventRecordID": "RecordNumber",
    "ActivityID": "ActivityID",
    "RelatedActivityID": "RelatedActivityID",
    "ProcessID": "ExecutionProcessID",
    "ThreadID": "ThreadID",
    "UserID": "UserID",
}


def recognises(record: Record) -> bool:
    """Return whether a record has EventID and a time, and none of INNER."""
    return (
        "EventID" in record
        and any(name in record for name in (LOCAL_TIME[0], *TIME))
        and not any(record.get(name) is not None for name in INNER)
    )


def event(record: Record) -> Event:
    """Return the event."""
    values = texts(record)
    channel = first(record, "Channel")
    identifier = event_id(needed(first(record, "EventID"), "EventID"))
    return Event(
        first(record, *PROVIDER) or implied_provider(channel, values, identifier),
        identifier,
        _time(record),
        first(record, *COMPUTER),
        channel,
        values | system_values(renamed(record, SYSTEM_KEYS), renamed(record, {"Message": "Message"})),
        None,
    )


def _time(record: Record) -> float:
    local, received, relayed = (first(record, key) for key in LOCAL_TIME)
    if local is None:
        return epoch(needed(first(record, *TIME), "time"))
    return local_time(local, received, relayed)


def local_time(local: str, received: str | None, relayed: str | None) -> float:
    """Return the time of an NXLog event, whose local time is treated as UTC if the record does not show its zone.

    EventReceivedTime is local too, and a relay (Logstash) adds the same moment in UTC as @timestamp. The two are seconds
    apart, and zones differ by quarters of an hour, so their difference gives the zone.
    """
    if received is None or relayed is None:
        return epoch(local)
    return epoch(local, round((epoch(received) - epoch(relayed)) / 900) * 900)
