"""Writes events, given as XML, as the JSON lines of each form that replay reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lxml import etree

FORMS = ("plain", "nxlog", "winlogbeat")


def json_lines(form: str, xml: bytes) -> bytes:
    """Return the events of a log as JSON lines."""
    events = (event + b"</Event>" for event in xml.split(b"</Event>")[:-1])
    records = (record for event in events for record in _records(form, event[event.index(b"<Event") :]))
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def _records(form: str, event: bytes) -> Iterator[dict[str, Any]]:
    root = etree.fromstring(event, etree.XMLParser(resolve_entities=False, huge_tree=True))
    system = {etree.QName(item).localname: item for item in root[0]}
    data = {item.get("Name"): item.text for item in root.iterfind("{*}EventData/{*}Data") if item.get("Name")}
    time = system["TimeCreated"].get("SystemTime")
    provider, identifier = system["Provider"].get("Name"), system["EventID"].text
    computer, channel = system["Computer"].text, system["Channel"].text
    if form == "plain":
        yield (
            {"EventID": identifier, "Provider": provider, "SystemTime": time}
            | data
            | {
                "Computer": computer,
                "Channel": channel,
            }
        )
    elif form == "nxlog":
        local = time[:19].replace("T", " ")
        yield {
            "EventTime": local,
            "Hostname": computer,
            "Keywords": -9223372036854775808,
            "EventID": int(identifier),
        } | {
            "SourceName": provider,
            "Channel": channel,
            "tags": ["a", "b"],
            **data,
            "EventReceivedTime": local,
            "@timestamp": time[:19] + ".000Z",
        }
    else:
        winlog = {"provider_name": provider, "event_id": identifier, "computer_name": computer, "channel": channel}
        yield {"@timestamp": time, "winlog": winlog | {"process": {"pid": 4}, "event_data": data}, "agent": {}}
