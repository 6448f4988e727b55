"""Winlogbeat 5 and 6: flat, with `event_data`; `log_name`, `source_name` and `event_id` stand beside it.

Source: the fields of the Winlogbeat reference, 6.8, "Event log record".
"""

from __future__ import annotations

from splreplay.logs.events import Event, epoch, event_id
from splreplay.logs.formats.json.forms.text import (
    Record,
    at,
    first,
    implied_provider,
    needed,
    renamed,
    system_values,
    text,
    texts,
)

# The names of the event log, and those of Winlogbeat 6.
SYSTEM_KEYS = {
    "Guid": "provider_guid",
    "Version": "version",
    "EventRecordID": "record_number",
    "ActivityID": "activity_id",
    "RelatedActivityID": "related_activity_id",
    "ProcessID": "process_id",
    "ThreadID": "thread_id",
}
# What Windows renders of the event, in words.
RENDERED_KEYS = {"Level": "level", "Task": "task", "Opcode": "opcode", "Keywords": "keywords", "Message": "message"}


def recognises(record: Record) -> bool:
    """Return whether a record has the names that Winlogbeat 7 put into `winlog`."""
    return "event_id" in record and ("log_name" in record or "event_data" in record)


def event(record: Record) -> Event:
    """Return the event."""
    data = texts(record.get("user_data")) | texts(record.get("event_data"))
    channel = first(record, "log_name")
    system = renamed(record, SYSTEM_KEYS) | texts({"UserID": at(record, "user", "identifier")})
    return Event(
        first(record, "source_name") or implied_provider(channel, data),
        event_id(needed(text(record.get("event_id")), "event_id")),
        epoch(needed(text(record.get("@timestamp")), "@timestamp")),
        first(record, "computer_name"),
        channel,
        data | system_values(system, renamed(record, RENDERED_KEYS)),
        None,
    )
