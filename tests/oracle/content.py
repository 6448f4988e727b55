"""The event searches of public detections over Windows events: their first search, with the content's own macros in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

# The macros by which public searches name the channels of Windows.
CHANNELS = [
    *("sysmon", "wineventlog_security", "wineventlog_system", "wineventlog_application"),
    *("powershell", "applocker", "ntlm_audit"),
]
_MACRO = re.compile(r"`(\w+)`")


class EventSearch(NamedTuple):
    """One detection's first search: the detection's name, and the search's text."""

    name: str
    predicate: str


def event_searches(content: Path) -> Iterator[EventSearch]:
    """Yield the event searches of the detections of a checkout of security_content, in the order of their files."""
    macros = {str(keys["name"]): str(keys.get("definition", "")) for keys in map(_keys, content.glob("macros/*.yml"))}
    for path in sorted(content.glob("detections/**/*.yml")):
        keys = _keys(path)
        search = str(keys.get("search", ""))
        first = re.match(r'(?:"(?:\\.|[^"\\])*"|[^"|])*', search)
        starts = _MACRO.match(search.strip())
        if first and starts and starts.group(1) in CHANNELS:
            predicate = first.group()
            while _MACRO.search(predicate):
                predicate = _MACRO.sub(lambda macro: macros[macro.group(1)], predicate)
            yield EventSearch(str(keys["name"]), predicate.strip())


def _keys(path: Path) -> Mapping[str, object]:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)  # type: ignore[no-any-return]
