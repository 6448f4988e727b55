"""Recorded events as rows of fields, read a second way: with the standard library, one event at a time.

The names are those that Splunk gives to the fields of an event that comes from an `XmlWinEventLog` input: the elements and
attributes of System by their own names (Provider's `Name` and `Guid`, Execution's `ProcessID`, Security's `UserID`), EventID as
EventCode too, and the elements of EventData and UserData. Source: splunk/security_content, data_sources/*.yml, fields.
"""

from __future__ import annotations

import gzip
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

from tests.oracle.expressions import Row
from tests.oracle.values import few

# What the flat forms call the parts of System: NXLog (im_msvistalog), and OTRF's own.
_FLAT = {
    "SourceName": "Name",
    "ProviderGuid": "Guid",
    "Hostname": "Computer",
    "RecordNumber": "EventRecordID",
    "ExecutionProcessID": "ProcessID",
}
# What shippers add to an event, and what they write in a form of their own: numbers with a sign, levels by other numbers, local
# times. None of it is a field of the event, so no search here may name it.
UNSURE = {
    *("@timestamp", "@version", "EventReceivedTime", "EventTime", "SystemTime", "TimeCreated", "port", "tags"),
    *("Category", "ERROR_EVT_UNRESOLVED", "EventTypeOrignal", "Keywords", "Level", "Opcode", "OpcodeValue", "Version"),
    *("AccountName", "AccountType", "Domain", "Severity", "SeverityValue", "SourceModuleName", "SourceModuleType"),
}
# Splunk_TA_windows, eventtypes.conf: source=XmlWinEventLog:Security, and so on.
EVENT_TYPES = {name: f"wineventlog_{name}" for name in ("security", "system", "application")}


def read(path: Path) -> list[Row]:
    """Return the events of a recording, in its order; `_raw` is the text of one."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = content.decode()
    return list(_json_lines(text) if ".json" in path.name else _xml(text))


def _xml(text: str) -> Iterator[Row]:
    for raw in re.findall(r"<Event .*?</Event>", text, re.S):
        system, *others = ElementTree.fromstring(re.sub(r" xmlns='[^']*'", "", raw, count=1))
        values = [(one.tag, one.text) for one in system]
        values += [(name, value) for one in system for name, value in one.attrib.items()]
        values += [(one.get("Name", one.tag), one.text) for part in others for one in part]
        gathered: dict[str, list[str]] = {}
        for name, value in values:
            gathered.setdefault(name, []).append(value or "")
        time = datetime.fromisoformat(gathered["SystemTime"][0]).timestamp()
        row = {name: few(list(filter(None, several))) for name, several in gathered.items()}
        yield _event(row) | {"_time": time, "_raw": raw}


def _json_lines(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        record = json.loads(line, parse_int=str, parse_float=str)
        row = {_FLAT.get(name, name): str(value) for name, value in record.items() if name not in UNSURE}
        yield _event(row) | {
            "_raw": "".join(f"<Data Name='{name}'>{escape(text)}</Data>" for name, text in row.items())
        }


def _event(fields: Mapping[str, object]) -> Row:
    """Return an event's own fields, and those that the input sets; an empty one is none."""
    row: Row = {name: value for name, value in fields.items() if value not in (None, "")}  # type: ignore[misc]
    channel = str(row["Channel"])
    kind = EVENT_TYPES.get(channel.lower())
    return row | {
        "EventCode": row["EventID"],
        "host": row["Computer"],
        "source": f"XmlWinEventLog:{channel}",
        "sourcetype": "XmlWinEventLog",
        "index": "main",
        **({"eventtype": kind} if kind else {}),
    }
