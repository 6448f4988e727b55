"""Splunk: a result of a search, with the event in `_raw`, or with its fields alone.

What is in `_raw` is read as what it is, XML or JSON. The fields are those of an XmlWinEventLog input, told by EventCode or EventID
beside `_time`. Where the two stand side by side, `_raw` is the event.

Source: Search Reference and REST API Reference, search/v2/jobs/export; Splunk_TA_windows, default/props.conf.
"""

from __future__ import annotations

import re

from splreplay.logs.events import SYSTEM_NAMES, Event, UnreadableEventError, epoch, event_id
from splreplay.logs.formats.json.forms.text import Record, first, implied_provider, needed, texts, xml_parser
from splreplay.logs.names import SYSTEM

# Windows' own text of an event, as a WinEventLog input writes it: a time, then LogName=…, EventCode=….
CLASSIC = re.compile(r"^(LogName|EventCode|SourceName)=", re.MULTILINE)
SECONDS = re.compile(r"\d{1,11}(\.\d{1,9})?")
SOURCE = re.compile(r"(Xml)?WinEventLog:(.+)", re.IGNORECASE)
# What Splunk, not the event, has.
_SPLUNK = """
    host source sourcetype index splunk_server splunk_server_group linecount punct timestamp timestartpos
    timeendpos eventtype tag EventCode EventID Computer Channel Name unix_category unix_group vendor_product
    user_group_id product vendor
"""
SPLUNK = frozenset(_SPLUNK.split())


def recognises(record: Record) -> bool:
    """Return whether a record has `_raw`, or `_time` and the id of an event; see json_in for JSON in `_raw`."""
    return "_raw" in record or ("_time" in record and ("EventCode" in record or "EventID" in record))


def event(record: Record) -> Event:
    """Return the event."""
    raw = first(record, "_raw")
    if raw is None:
        return _of_fields(record)
    start = raw.lstrip()
    if start.startswith("<"):
        return xml_parser().event(raw.encode("utf-8", "replace"))._replace(raw=raw)
    if CLASSIC.search(raw):
        raise UnreadableEventError(
            "its _raw is the text form of a Windows event (LogName=…, EventCode=…), which replay does not read: "
            "export events of an input with renderXml=true"
        )
    raise UnreadableEventError(f"its _raw is neither an event's XML nor JSON; it begins with {raw[:40]!r}")


def json_in(record: Record) -> str | None:
    """Return the `_raw` of a record if it is JSON, which another form reads."""
    raw = record.get("_raw")
    return raw if isinstance(raw, str) and raw.lstrip().startswith("{") else None


def _of_fields(record: Record) -> Event:
    values = texts(
        record, (name for name in record if name not in SPLUNK and not name.startswith(("_", "date_", "tag::")))
    )
    values = {SYSTEM + name if name in SYSTEM_NAMES else name: value for name, value in values.items() if value}
    source = SOURCE.fullmatch(first(record, "source") or "")
    channel = first(record, "Channel") or (source[2] if source else None)
    identifier = event_id(needed(first(record, "EventCode", "EventID"), "EventCode"))
    return Event(
        first(record, "Name", "SourceName") or implied_provider(channel, values, identifier),
        identifier,
        _epoch(first(record, "SystemTime", "_time") or ""),
        first(record, "Computer", "dvc", "host"),
        channel,
        values,
        None,
    )


def _epoch(time: str) -> float:
    return float(time) if SECONDS.fullmatch(time) else epoch(time)
