"""Paths into JSON as spath writes them: `a.b`, `a{}` for every element of an array, `a{0}` for one (Search Reference, "spath")."""

from __future__ import annotations

import json
import re
from typing import Any

_STEP = re.compile(r"\.?([^.{}]+)|\{(\d*)\}")


def steps(path: str) -> list[str | int | None] | None:
    """Return the steps of a path: a name, a place, or None for every element; None for what is no path."""
    found: list[str | int | None] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return None
        name, place = match.groups()
        found.append(name if name is not None else int(place) if place else None)
        position = match.end()
    return found or None


def extract(text: str, path: str) -> list[str] | None:
    """Return the values at *path* of the JSON *text* in order; None where there are none, or the text is no JSON.

    Raises:
        ValueError: If the text is XML, which spath reads too, but not this function.
    """
    if text.lstrip().startswith("<"):
        raise ValueError("replay's spath reads JSON, not XML")
    walk = steps(path)
    try:
        found: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        return None
    for step in walk or ():
        found = [inner for value in found for inner in _take(value, step)]
    return [_text(value) for value in found if value is not None] or None


def _take(value: Any, step: str | int | None) -> list[Any]:
    match value, step:
        case dict(), str():
            return [value[step]] if step in value else []
        case list(), None:
            return value
        case list(), int():
            return value[step : step + 1]
    return []


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # a lone surrogate is JSON, but no text
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
