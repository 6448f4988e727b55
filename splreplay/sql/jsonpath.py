"""Paths into JSON as spath writes them: `a.b`, `a{}` for every element of an array, `a{0}` for one (Search Reference, "spath")."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping

_STEP = re.compile(r"\.?([^.{}]+)|\{([0-9]{0,9})\}")
_BETWEEN = re.compile(r"[ \t\n\r,:]*")
_JSON = json.JSONDecoder(parse_int=str, parse_float=str)  # numbers of any length


def steps(path: str) -> list[str | int | None] | None:
    """Return the steps of a path, each a name, an index, or None for every element; None if it is not a path."""
    listed: list[str | int | None] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return None
        name, place = match.groups()
        listed.append(name if name is not None else int(place) if place else None)
        position = match.end()
    return listed or None


def extract(text: str, path: str) -> list[str] | None:
    """Return the values at *path* of the JSON *text*, in order; None where there are none, or the text is not JSON.

    Numbers, objects and arrays are returned as they are written †.
    """
    walk = steps(path)
    if walk is None:
        return None
    try:
        _JSON.decode(text)
    except (ValueError, RecursionError):
        return None
    values = [text.strip()]
    for step in walk:
        values = [inner for value in values for inner in _take(value, step)]
    return [_shown(value) for value in values if value != "null"] or None


@functools.lru_cache(
    4_096
)  # each of its fields is asked for in turn, for as many texts as the database works on at once
def leaves(text: str) -> Mapping[str, list[str]]:
    """Return all the values of the JSON *text* that hold no others, by their paths; none where the text is not JSON."""
    found: dict[str, list[str]] = {}

    def walk(value: str, path: str) -> None:
        if value[0] == "{":
            parts = list(_parts(value))
            for name, member in zip(parts[::2], parts[1::2], strict=True):
                walk(member, f"{path}.{_shown(name)}" if path else _shown(name))
        elif value[0] == "[":
            for element in _parts(value):
                walk(element, f"{path}{{}}")
        elif path and value != "null":
            found.setdefault(path, []).append(_shown(value))

    try:
        _JSON.decode(text)
        walk(text.strip(), "")
    except (ValueError, RecursionError):
        return {}
    return found


def _take(value: str, step: str | int | None) -> list[str]:
    """Return what *step* finds in the JSON text of one value."""
    match value[0], step:
        case "{", str():
            parts = list(_parts(value))
            members = dict(zip(map(_JSON.decode, parts[::2]), parts[1::2], strict=True))
            return [members[step]] if step in members else []
        case "[", None:
            return list(_parts(value))
        case "[", int():
            return list(_parts(value))[step : step + 1]
    return []


def _parts(value: str) -> Iterator[str]:
    """Yield the parts of an object or an array: names and values in turn, or elements."""
    position = _between(value, 1)
    while position < len(value) - 1:
        _, end = _JSON.raw_decode(value, position)
        yield value[position:end]
        position = _between(value, end)


def _between(value: str, position: int) -> int:
    """Return where the next text starts."""
    match = _BETWEEN.match(value, position)
    assert match is not None, "the expression matches the empty text"
    return match.end()


def _shown(value: str) -> str:
    if not value.startswith('"'):
        return value
    return str(_JSON.decode(value)).encode("utf-8", "replace").decode()  # a lone surrogate is JSON, but no text
