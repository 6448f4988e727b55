"""Winlogbeat 5 and 6: flat, with `event_data`; `log_name`, `source_name` and `event_id` stand beside it.

Source: the fields of the Winlogbeat reference, 6.8, "Event log record".
"""

from __future__ import annotations

from splreplay.logs.events import Event, epoch, event_id
from splreplay.logs.formats.json.forms import winlogbeat
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

# Winlogbeat 7 kept most names of the fields that it put into `winlog`.
SYSTEM_KEYS = winlogbeat.SYSTEM_KEYS | {
    "EventRecordID": "record_number",
    "ProcessID": "process_id",
    "ThreadID": "thread_id",
}
RENDERED_KEYS = winlogbeat.RENDERED_KEYS | {"Message": "message"}


def recognises(record: Record) -> bool:
    """Return whether a record has the names that Winlogbeat 7 put into `winlog`."""
    return "event_id" in record and ("log_name" in record or "event_data" in record)


def event(record: Record) -> Event:
    """Return the event."""
    data = texts(record.get("user_data")) | texts(record.get("event_data"))
    channel = first(record, "log_name")
    system = renamed(record, SYSTEM_KEYS) | texts({"UserID": at(record, "user", "identifier")})
    identifier = event_id(needed(text(record.get("event_id")), "event_id"))
    return Event(
        first(record, "source_name") or implied_provider(channel, data, identifier),
        identifier,
        epoch(needed(text(record.get("@timestamp")), "@timestamp")),
        first(record, "computer_name"),
        channel,
        data | system_values(system, renamed(record, RENDERED_KEYS)),
        None,
    )
