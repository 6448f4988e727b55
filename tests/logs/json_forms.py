"""Writes events, given as XML, as JSON in each form that replay reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from lxml import etree


class Parts(NamedTuple):
    """An event: its XML, the elements of System by name, the values of EventData, and its time as it stands there."""

    xml: str
    system: Mapping[str, Any]
    data: dict[str, str | None]
    time: str

    def text(self, name: str) -> str | None:
        """Return the text of an element of System; None without one."""
        element = self.system.get(name)
        return None if element is None else element.text

    @property
    def provider(self) -> str:
        """The provider's name."""
        return str(self.system["Provider"].get("Name"))


def plain(event: Parts) -> dict[str, Any]:
    """Write the names of the event log, flat."""
    head = {"EventID": event.text("EventID"), "Provider": event.provider, "SystemTime": event.time}
    return head | event.data | {"Computer": event.text("Computer"), "Channel": event.text("Channel")}


def nxlog(event: Parts) -> dict[str, Any]:
    """Write what NXLog writes, and a relay adds."""
    local = event.time[:19].replace("T", " ")
    return {
        "EventTime": local,
        "Hostname": event.text("Computer"),
        "Keywords": -9223372036854775808,
        "EventID": int(event.text("EventID") or 0),
        "SourceName": event.provider,
        "Channel": event.text("Channel"),
        "tags": ["a", "b"],
        **event.data,
        "EventReceivedTime": local,
        "@timestamp": event.time[:19] + ".000Z",
    }


def winlogbeat(event: Parts) -> dict[str, Any]:
    """Write what Winlogbeat 7 and 8 write without a module."""
    winlog = {
        "provider_name": event.provider,
        "event_id": event.text("EventID"),
        "computer_name": event.text("Computer"),
        "channel": event.text("Channel"),
        "process": {"pid": 4},
        "event_data": event.data,
    }
    return {"@timestamp": event.time, "winlog": winlog, "agent": {}}


def winlogbeat6(event: Parts) -> dict[str, Any]:
    """Write what Winlogbeat 6 writes."""
    return {
        "@timestamp": event.time,
        "beat": {"name": "b"},
        "log_name": event.text("Channel"),
        "source_name": event.provider,
        "event_id": int(event.text("EventID") or 0),
        "computer_name": event.text("Computer"),
        "event_data": event.data,
    }


def elastic(event: Parts) -> dict[str, Any]:
    """Write what elasticdump writes."""
    return {"_index": "w", "_id": "0", "_source": winlogbeat(event)}


def kibana(event: Parts) -> dict[str, Any]:
    """Write what Kibana exports, with dots in the place of objects."""
    record = winlogbeat(event)
    winlog = {f"winlog.{name}": value for name, value in record["winlog"].items() if isinstance(value, str)}
    data = {f"winlog.event_data.{name}": value for name, value in event.data.items()}
    return {"@timestamp": event.time, **winlog, **data}


def evtx_dump(event: Parts) -> dict[str, Any]:
    """Write what evtx_dump writes."""
    system = {
        "Provider": {"#attributes": {"Name": event.provider}},
        "EventID": int(event.text("EventID") or 0),
        "TimeCreated": {"#attributes": {"SystemTime": event.time}},
        "Correlation": None,
        "Channel": event.text("Channel"),
        "Computer": event.text("Computer"),
    }
    return {"Event": {"#attributes": {"xmlns": "x"}, "System": system, "EventData": event.data}}


def chainsaw(event: Parts) -> dict[str, Any]:
    """Write what chainsaw writes, with the attributes beside the elements."""
    system = {
        "Provider": None,
        "Provider_attributes": {"Name": event.provider},
        "EventID": {"#text": event.text("EventID"), "#attributes": {"Qualifiers": 0}},
        "TimeCreated_attributes": {"SystemTime": event.time},
        "Channel": event.text("Channel"),
        "Computer": event.text("Computer"),
    }
    document = {"kind": "evtx", "path": "x.evtx", "data": {"Event": {"System": system, "EventData": event.data}}}
    return {"group": "Sigma", "name": "n", "document": document}


def splunk_raw(event: Parts) -> dict[str, Any]:
    """Write what a search exports."""
    return {"preview": False, "offset": 0, "result": {"_raw": event.xml, "_time": event.time, "host": "h"}}


def splunk_fields(event: Parts) -> dict[str, Any]:
    """Write what a search exports of fields."""
    fields = {
        "_time": event.time.replace("Z", "+00:00"),
        "source": f"XmlWinEventLog:{event.text('Channel')}",
        "sourcetype": "XmlWinEventLog",
        "index": "main",
        "host": "h",
        "Name": event.provider,
        "EventCode": event.text("EventID"),
        "Computer": event.text("Computer"),
    }
    return {"preview": False, "result": fields | event.data}


def sentinel(event: Parts) -> dict[str, Any]:
    """Write what the table WindowsEvent has."""
    return {
        "TenantId": "t",
        "TimeGenerated": event.time,
        "Provider": event.provider,
        "Channel": event.text("Channel"),
        "Computer": event.text("Computer"),
        "EventID": int(event.text("EventID") or 0),
        "EventData": json.dumps(event.data),
        "Type": "WindowsEvent",
    }


def velociraptor(event: Parts) -> dict[str, Any]:
    """Write what parse_evtx() gives: seconds, and GUIDs without braces."""
    system = {
        "Provider": {"Name": event.provider},
        "EventID": {"Value": int(event.text("EventID") or 0)},
        "TimeCreated": {
            "SystemTime": round(datetime.fromisoformat(event.time[:26].rstrip("Z") + "+00:00").timestamp(), 6)
        },
        "Channel": event.text("Channel"),
        "Computer": event.text("Computer"),
    }
    data = {name: value.strip("{}") if value and value.startswith("{") else value for name, value in event.data.items()}
    return {"System": system, "EventData": data}


FORMS: Mapping[str, Callable[[Parts], dict[str, Any]]] = {
    form.__name__: form
    for form in (
        *(plain, nxlog, winlogbeat, winlogbeat6, elastic, evtx_dump, chainsaw, splunk_raw, splunk_fields, sentinel),
        kibana,
        velociraptor,
    )
}
# The forms that the fast reader knows.
FAST = ("plain", "nxlog", "winlogbeat")


def records(form: str, xml: bytes) -> list[dict[str, Any]]:
    """Return the events of a log as records of a form."""
    return [FORMS[form](parts) for parts in _parts(xml)]


def json_lines(form: str, xml: bytes) -> bytes:
    """Return the events of a log as JSON lines."""
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records(form, xml))


# Ways to write records as one document.
DOCUMENTS: Mapping[str, Callable[[list[dict[str, Any]]], str]] = {
    "array": json.dumps,
    "array of lines": lambda them: "[\n" + ",\n".join(map(json.dumps, them)) + "\n]\n",
    "pretty array": lambda them: json.dumps(them, indent=2),
    "pretty records": lambda them: "\n".join(json.dumps(record, indent=4) for record in them),
    "joined": lambda them: "".join(map(json.dumps, them)),
    "hits": lambda them: json.dumps({"took": 3, "hits": {"total": {"value": 2}, "hits": them}, "x": [{"y": 1}]}),
    "pretty results": lambda them: json.dumps(
        {"preview": False, "fields": [{"name": "_raw"}], "results": them}, indent=1
    ),
}


def csv_rows(form: str, xml: bytes) -> bytes:
    """Return the events of a log as CSV, in one of Splunk's forms, Kibana's or Sentinel's."""
    rows = [record.get("result", record) for record in records(form, xml)]
    names = dict.fromkeys(name for row in rows for name in row)
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _parts(xml: bytes) -> Iterator[Parts]:
    for event in xml.split(b"</Event>")[:-1]:
        text = event[event.index(b"<Event") :] + b"</Event>"
        root = etree.fromstring(text, etree.XMLParser(resolve_entities=False, huge_tree=True))
        system = {etree.QName(item).localname: item for item in root[0]}
        data = {item.get("Name"): item.text for item in root.iterfind("{*}EventData/{*}Data") if item.get("Name")}
        yield Parts(text.decode(), system, data, system["TimeCreated"].get("SystemTime"))
