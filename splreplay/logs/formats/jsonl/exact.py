"""JSON lines, read exactly, as shippers write Windows events: one object a line, in one of these forms.

Winlogbeat 7 and later: `winlog` holds provider_name, event_id, channel, computer_name and event_data;
`@timestamp` is the event's time.
NXLog (im_msvistalog, to_json): flat; SourceName, EventID, Channel and Hostname beside the event's own fields;
`EventTime` is the sender's local time unless it names its zone.
Plain: flat, in the names of the event log itself; Provider, EventID, Channel, Computer, SystemTime or
TimeCreated, and the event's own fields.

Source of the forms: OTRF/Security-Datasets@be0e8220 and @dc8a4544, datasets/atomic/windows; the winlog.*
fields of the Winlogbeat reference.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from splreplay.logs.arrays import CACHED
from splreplay.logs.events import Columns, Event, Item, UnreadableEventError, batches, epoch, event_id
from splreplay.logs.opening import Log, whole
from splreplay.logs.report import LISTED, UNLISTED, BadEvent

SYSMON = "Microsoft-Windows-Sysmon"
NEWLINE = re.compile(rb"\n")
# What may be around a line: white space, the byte order mark where files were joined, the zeros of a file that was not
# completely written. A JSON object neither begins nor ends with any of them.
PADDING = string.whitespace.encode() + codecs.BOM_UTF8 + b"\0"
# The most lines of a piece: even the shortest line takes a value in each column.
MAX_LINES = 1 << 16
# An event with an EventID and a time has more bytes.
EVENT_BYTES = 32
SURROGATE = re.compile("[\ud800-\udfff]")

# The names of a value in the flat forms; the first one that an event has counts.
PROVIDER = ("SourceName", "Provider", "ProviderName", "EventSourceName")
COMPUTER = ("Computer", "Hostname", "HostName")
# UtcTime comes last, because in event 3 of real logs it may be days before the event.
TIME = ("SystemTime", "TimeCreated", "@timestamp", "UtcTime")
# NXLog's time is made of these, and takes precedence over TIME: see local_time.
LOCAL_TIME = ("EventTime", "EventReceivedTime", "@timestamp")


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log, line by line."""
    items = (item for piece in pieces(log) for item in rows(enumerate(lines(piece.content), piece.number)))
    return batches(items, columns)


class Piece(NamedTuple):
    """Some lines of a log: the number of the first, how many there are, and their bytes."""

    number: int
    lines: int
    content: bytes


def pieces(log: Log) -> Iterator[Piece]:
    """Cut a log into large pieces of whole lines."""
    number = 1
    for _, content in whole(log, b"\n", NEWLINE):
        count = _line_ends(content) + (not content.endswith(b"\n"))
        cuts = [0, len(content)]
        if count > MAX_LINES:
            cuts[1:1] = (np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")) + 1)[
                MAX_LINES - 1 : count - 1 : MAX_LINES
            ]
        for start, end in pairwise(cuts):
            yield Piece(number, min(count, MAX_LINES), content[start:end])
            number += min(count, MAX_LINES)
            count -= MAX_LINES


def _line_ends(content: bytes) -> int:
    """Return the number of line feeds, without stopping other threads."""
    all_ = np.frombuffer(content, np.uint8)
    parts = (all_[start : start + CACHED] for start in range(0, len(all_), CACHED))
    return sum(int(np.count_nonzero(part == ord("\n"))) for part in parts)


def lines(content: bytes) -> Iterable[bytes]:
    """Return the lines of a piece, each with its line feed, not as a list, which would take far more memory."""
    return io.BytesIO(content)


def rows(numbered: Iterable[tuple[int, bytes]]) -> Iterator[Event | BadEvent]:
    """Read lines, which come with their numbers; blank lines are skipped.

    Lines that are too short for an event are only parsed as long as they are still listed.
    """
    bad = 0
    for number, line in numbered:
        if text := line.strip(PADDING):
            if len(text) < EVENT_BYTES and bad >= LISTED:
                yield UNLISTED
                continue
            try:
                yield _event(text)
            except UnreadableEventError as error:
                bad += 1
                yield BadEvent(f"line {number}", str(error))


def _event(line: bytes) -> Event:
    try:
        # Numbers are kept as written: 0x… and large numbers are text in Splunk too.
        text = line.decode("utf-8", "replace")
        record = json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=_first_of_each)
    except (ValueError, RecursionError) as error:
        raise UnreadableEventError(f"this is not JSON: {error}") from None
    if not isinstance(record, dict):
        raise UnreadableEventError("this is not a JSON object")
    winlog = record.get("winlog")
    if isinstance(winlog, dict):
        values = winlog.get("event_data")
        if not isinstance(values, dict):
            values = {}
        provider, identifier = _first(winlog, "provider_name"), _first(winlog, "event_id")
        computer, channel = _first(winlog, "computer_name"), _first(winlog, "channel")
        time = epoch(_first(record, "@timestamp") or "")
    else:
        values = record
        provider, computer = _first(record, *PROVIDER), _first(record, *COMPUTER)
        identifier, channel = _first(record, "EventID"), _first(record, "Channel")
        time = _flat_time(record)
    return Event(
        provider or _implied_provider(channel, values),
        event_id(identifier or ""),
        time,
        computer,
        channel,
        {name: shown for name, value in values.items() if name and (shown := _text(value)) is not None},
        None,
    )


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object in which the first value of a name counts, as in XML."""
    record: dict[str, Any] = {}
    for name, value in pairs:
        record.setdefault(name, value)
    return record


def _flat_time(record: Mapping[str, Any]) -> float:
    local, received, relayed = (_first(record, key) for key in LOCAL_TIME)
    return epoch(_first(record, *TIME) or "") if local is None else local_time(local, received, relayed)


def local_time(local: str, received: str | None, relayed: str | None) -> float:
    """Return the time of an NXLog event, whose local time is treated as UTC if the record does not show its zone.

    EventReceivedTime is local too, and a relay (Logstash) adds the same moment in UTC as @timestamp. The two are seconds
    apart, and zones differ by quarters of an hour, so their difference gives the zone.
    """
    if received is None or relayed is None:
        return epoch(local)
    return epoch(local, round((epoch(received) - epoch(relayed)) / 900) * 900)


def _implied_provider(channel: str | None, values: Mapping[str, Any]) -> str:
    """Return the provider of an event that names none: Sysmon, if it has its channel or the field that only Sysmon has."""
    return SYSMON if (channel or "").startswith(f"{SYSMON}/") or values.get("UtcTime") is not None else ""


def _first(record: Mapping[str, Any], *keys: str) -> str | None:
    for key in keys:
        text = _text(record.get(key))
        if text:
            return text
    return None


def _text(value: object) -> str | None:
    """Return a JSON value as the text that Windows shows; None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return SURROGATE.sub("\ufffd", text)
