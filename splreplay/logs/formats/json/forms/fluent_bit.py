"""fluent-bit (winevtlog): flat, in the names of the event log; the event's own values have no names, `StringInserts`.

Sysmon's message has a line "Name: value" for each of them, in their order, so they get their names from it. Those of other
providers stay without: their messages have other words than their values have names. † With Render_Event_As_XML, `System` is the
event as XML.

Source: fluent/fluent-bit@18a01f6 plugins/in_winevtlog/pack.c.
"""

from __future__ import annotations

from splreplay.logs.events import Event, epoch, event_id
from splreplay.logs.formats.json.forms.text import Record, first, needed, renamed, system_values, text, xml_parser
from splreplay.logs.names import unnamed

SYSTEM_KEYS = {"Guid": "ProviderGuid"} | {
    name: name
    for name in (
        *("Qualifiers", "Version", "Level", "Task", "Opcode", "Keywords", "EventRecordID"),
        *("ActivityID", "RelatedActivityID", "ProcessID", "ThreadID", "UserID"),
    )
}


def recognises(record: Record) -> bool:
    """Return whether a record has the names of System and StringInserts or Message, or System as XML."""
    if "StringInserts" in record or "Message" in record:
        system = record.get("System")
        return {"ProviderName", "EventID", "TimeCreated"} <= record.keys() or (
            isinstance(system, str) and system.lstrip().startswith("<")
        )
    return False


def event(record: Record) -> Event:
    """Return the event."""
    message = first(record, "Message") or ""
    if isinstance(record.get("System"), str):
        parsed = xml_parser().event(record["System"].encode("utf-8", "replace"))
        return parsed._replace(values={**_named(record, message), **parsed.values}, raw=None)
    return Event(
        first(record, "ProviderName") or "",
        event_id(needed(first(record, "EventID"), "EventID")),
        epoch(needed(first(record, "TimeCreated"), "TimeCreated")),
        first(record, "Computer"),
        first(record, "Channel"),
        _named(record, message) | system_values(renamed(record, SYSTEM_KEYS), renamed(record, {"Message": "Message"})),
        None,
    )


def _named(record: Record, message: str) -> dict[str, str]:
    """Return the values, by the names that the lines of the message have; without, where a line does not show the value of its place."""
    inserts = record.get("StringInserts")
    if not isinstance(inserts, list):
        return {}
    values = [text(insert) or "" for insert in inserts]
    named: dict[str, str] = {}
    lines = iter(message.splitlines()[1:])
    for value in values:
        name, _, shown = next(lines, "").partition(": ")
        if shown.strip() != value.strip() or not name.strip(":").isidentifier():
            return unnamed(values)
        named[name.strip(":")] = value
    return named
