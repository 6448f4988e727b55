"""What the forms share: the values of JSON as Windows shows them, and the fields that every event has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeAlias

from splreplay.logs.events import SYSMON, UnreadableEventError
from splreplay.logs.formats.xml.exact import Parser
from splreplay.logs.names import RENDERING, SYSTEM

Record: TypeAlias = "Mapping[str, Any]"

AUDIT, EVENTLOG = "Microsoft-Windows-Security-Auditing", "Microsoft-Windows-Eventlog"
FIRST_OF_AUDIT = 4608

SURROGATE = re.compile("[\ud800-\udfff]")


def parsed(json_text: str) -> Any:
    """Return JSON with its numbers as texts, and of two values of a name the first; UnreadableEventError for what is none.

    Numbers are kept as written: 0x… and large numbers are text in Splunk too.
    """
    try:
        return json.loads(json_text, parse_int=str, parse_float=str, object_pairs_hook=_first_of_each)
    except (ValueError, RecursionError) as error:
        raise UnreadableEventError(f"this is not JSON: {error}") from None


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object in which the first value of a name counts, as in XML."""
    record: dict[str, Any] = {}
    for name, value in pairs:
        record.setdefault(name if name.isascii() else SURROGATE.sub("\ufffd", name), value)
    return record


def text(value: object) -> str | None:
    """Return a JSON value as the text that Windows shows; None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return SURROGATE.sub("\ufffd", shown)


def first(record: Record, *keys: str) -> str | None:
    """Return the first of some values that is there and not empty."""
    for key in keys:
        shown = text(record.get(key))
        if shown:
            return shown
    return None


def at(record: Record, *keys: str) -> Any:
    """Return what stands at the end of a path of keys; None if nothing does."""
    value: Any = record
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def texts(record: object, names: Iterable[str] | None = None) -> dict[str, str]:
    """Return the values of an object as texts, those that are there; nothing for what is no object."""
    if not isinstance(record, dict):
        return {}
    shown = ((name, text(record.get(name))) for name in (record if names is None else names))
    return {name: value for name, value in shown if name and value is not None}


def renamed(record: Record, names: Mapping[str, str]) -> dict[str, str]:
    """Return values under the names that the event log gives them; *names* maps its names to those of the record."""
    shown = ((name, text(record.get(key))) for name, key in names.items())
    return {name: value for name, value in shown if value is not None}


def system_values(system: Mapping[str, str], rendered: Mapping[str, str]) -> dict[str, str]:
    """Return values of System and of RenderingInfo under the names that an Event has for them."""
    named = {SYSTEM + name: value for name, value in system.items()}
    return named | {RENDERING + name: value for name, value in rendered.items()}


def needed(value: str | None, what: str) -> str:
    """Return a value that an event must have; UnreadableEventError where it has none."""
    if not value:
        raise UnreadableEventError(f"it has no {what}")
    return value


def implied_provider(channel: str | None, values: Record, identifier: int) -> str:
    """Return the provider of an event that names none, "" where nothing implies it.

    It is Sysmon, if the event has its channel or the field that only Sysmon has. Two write into the channel Security, the event
    log itself with ids below those of the audit.
    """
    if (channel or "").startswith(f"{SYSMON}/") or values.get("UtcTime") is not None:
        return SYSMON
    if channel == "Security":
        return EVENTLOG if identifier < FIRST_OF_AUDIT else AUDIT
    return ""


@cache
def xml_parser() -> Parser:
    """Return the parser of events that stand in a record as XML."""
    return Parser()
