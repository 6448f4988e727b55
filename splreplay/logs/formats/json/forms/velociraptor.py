"""Velociraptor: parse_evtx() and the artifacts on it, `{"System": …, "EventData": …}`; EvtxHunter, flat beside `EventData`.

Times are seconds since 1970, or text. GUIDs lack the braces that Windows writes, and get them.

Source: Velocidex/evtx@0e61b64 fixtures/Event4624_windows.golden; Velocidex/velociraptor, Windows.EventLogs.EvtxHunter.
"""

from __future__ import annotations

import re

from splreplay.logs.events import SYSTEM_NAMES, Event, epoch, event_id
from splreplay.logs.formats.json.forms.text import Record, at, first, needed, renamed, system_values, text, texts
from splreplay.logs.names import SYSTEM, unnamed

GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
SECONDS = re.compile(r"(\d{1,11})(\.\d{1,9})?\d*")


def recognises(record: Record) -> bool:
    """Return whether a record has System with its own EventID, or EventTime, EventID and an object EventData."""
    if isinstance(record.get("System"), dict):
        return "EventID" in record["System"]
    return "EventID" in record and "EventTime" in record and isinstance(record.get("EventData"), dict)


def event(record: Record) -> Event:
    """Return the event."""
    values = {
        name: f"{{{value}}}" if GUID.fullmatch(value) else value
        for name, value in (texts(record.get("UserData")) | texts(record.get("EventData"))).items()
        if name != "Data"
    }
    data = at(record, "EventData", "Data")
    values |= unnamed(map(text, data if isinstance(data, list) else [] if data is None else [data]))
    system = record.get("System")
    if system is None:
        system = record
        provider, identifier, time = first(record, "Provider"), first(record, "EventID"), first(record, "EventTime")
        values |= system_values(renamed(record, {"EventRecordID": "EventRecordID", "UserID": "UserSID"}), {})
    else:
        provider, identifier = text(at(system, "Provider", "Name")), _value(system, "EventID")
        time = text(at(system, "TimeCreated", "SystemTime"))
        for name, (element, attribute) in SYSTEM_NAMES.items():
            value = text(at(system, element, attribute)) if attribute else _value(system, element)
            if value is not None and name != "SystemTime":
                values[SYSTEM + name] = value
    values |= system_values({}, renamed(record, {"Message": "Message"}))
    return Event(
        provider or "",
        event_id(needed(identifier, "EventID")),
        _epoch(needed(time, "time")),
        first(system, "Computer"),
        first(system, "Channel"),
        values,
        None,
    )


def _value(system: Record, element: str) -> str | None:
    value = system.get(element)
    return text(value.get("Value") if isinstance(value, dict) else value)


def _epoch(time: str) -> float:
    seconds = SECONDS.fullmatch(time)
    return float(f"{seconds[1]}{seconds[2] or ''}") if seconds else epoch(time)
