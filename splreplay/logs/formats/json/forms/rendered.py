"""evtx_dump and chainsaw: the XML of an event as JSON, `{"Event": {"System": …, "EventData": …}}`.

Attributes stand in "#attributes" of an element, or beside it as "TimeCreated_attributes"; the text of an element that has
attributes too is its "#text". Elements of one name are numbered from the second on, "Data_1"; unnamed ones are an array in "Data".

Source: omerbenamram/evtx, src/json_output.rs; WithSecureLabs/chainsaw, src/file/evtx.rs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from splreplay.logs.events import SYSTEM_NAMES, Event, epoch, event_id
from splreplay.logs.formats.json.forms.text import Record, at, needed, text
from splreplay.logs.names import RENDERING, SYSTEM, unnamed

ATTRIBUTES, TEXT = "#attributes", "#text"


def recognises(record: Record) -> bool:
    """Return whether a record has Event/System."""
    return isinstance(at(record, "Event", "System"), dict)


def event(record: Record) -> Event:
    """Return the event."""
    root = record["Event"]
    system = root["System"]
    values: dict[str, str] = {}
    own = dict(root["EventData"]) if isinstance(root.get("EventData"), dict) else {}
    values |= unnamed(_texts(own.pop("Data", [])))
    for name, value in (*_named(own), *_named(root.get("UserData"))):
        values.setdefault(name, value)
    for name, (element, attribute) in SYSTEM_NAMES.items():
        shown = _attribute(system, element, attribute) if attribute else _text(system.get(element))
        if shown is not None:
            values[SYSTEM + name] = shown
    values |= {RENDERING + name: value for name, value in _named(root.get("RenderingInfo"))}
    return Event(
        _attribute(system, "Provider", "Name") or "",
        event_id(needed(_text(system.get("EventID")), "System/EventID")),
        epoch(needed(_attribute(system, "TimeCreated", "SystemTime"), "System/TimeCreated")),
        _text(system.get("Computer")),
        _text(system.get("Channel")),
        values,
        None,
    )


def _attribute(system: Record, element: str, name: str) -> str | None:
    value = at(system, element, ATTRIBUTES, name)
    return text(at(system, f"{element}_attributes", name) if value is None else value)


def _text(element: object) -> str | None:
    return text(element.get(TEXT) if isinstance(element, dict) else element)


def _texts(elements: Any) -> list[str | None]:
    """Return the texts of elements of one name, one or more."""
    shown = elements.get(TEXT) if isinstance(elements, dict) else elements
    return list(map(text, shown if isinstance(shown, list) else [shown]))


def _named(element: Any) -> Iterator[tuple[str, str]]:
    """Yield the elements that hold no other, with their texts."""
    if not isinstance(element, dict):
        return
    for name, inner in element.items():
        if name == ATTRIBUTES or name.endswith("_attributes"):
            continue
        if isinstance(inner, dict) and not inner.keys() <= {ATTRIBUTES, TEXT}:
            yield from _named(inner)
            continue
        shown = inner.get(TEXT) if isinstance(inner, dict) else inner
        value = None if isinstance(shown, list) else text(shown)
        if name != TEXT and value is not None:
            yield name, value
