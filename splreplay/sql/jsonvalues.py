"""JSON as eval functions build and change it (Search Reference, "JSON functions").

Numbers stay as they are written, and what is written anew has no blanks. Paths are those of spath, and `a.0` is `a{0}` too †.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from splreplay.sql import jsonpath


class Written(str):
    """A number, as it is written."""

    __slots__ = ()


_Step = str | int | None
_Made = TypeVar("_Made")


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON, though Python takes it")


_DECODER = json.JSONDecoder(parse_int=Written, parse_float=Written, parse_constant=_no_number)


def read(text: str) -> Any:
    """Return the value of a JSON text; ValueError if it is none."""
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("it nests too deep") from error


def write(value: Any) -> str:
    """Return a value as JSON."""
    match value:
        case Written():
            return str(value)
        case dict():
            return "{" + ",".join(f"{_quoted(name)}:{write(member)}" for name, member in value.items()) + "}"
        case list():
            return f"[{','.join(map(write, value))}]"
        case str():
            return _quoted(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)


def shown(value: Any) -> str | None:
    """Return a value as a field holds it: text without its quotes, no value for null."""
    if value is None:
        return None
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else write(value)


# Each of these is a function of SQL. Where what ought to be JSON is none, it gives no value.


def _of_json(function: Callable[..., _Made]) -> Callable[..., _Made | None]:
    @functools.wraps(function)  # DuckDB reads the number of arguments off it
    def call(text: str, *rest: Any) -> _Made | None:
        try:
            return function(read(text), *rest)
        except (ValueError, RecursionError):
            return None

    return call


def valid(text: str) -> bool:
    """Return whether a text is JSON."""
    try:
        read(text)
    except ValueError:
        return False
    return True


def of_text(text: str) -> str:
    """Return a text as JSON."""
    return _quoted(text)


def of_field(text: str) -> str:
    """Return what a field holds as JSON: a number or an object or an array as it is, all else as text †."""
    try:
        value = read(text.strip())
    except ValueError:
        return _quoted(text)
    return write(value) if isinstance(value, Written | dict | list) else _quoted(text)


def of_texts(texts: Sequence[str], infer: bool = False) -> str:
    """Return several values as an array; with *infer*, those that are JSON as what they are."""
    return f"[{','.join(write(read(text)) if infer and valid(text) else _quoted(text) for text in texts)}]"


def made_object(names: Sequence[str | None], members: Sequence[str]) -> str | None:
    """Return an object; *members* are JSON. A name that comes twice has the last of its values †; one that is null gives none."""
    if None in names:
        return None
    pairs = dict(zip(names, members, strict=True))
    return "{" + ",".join(f"{_quoted(str(name))}:{member}" for name, member in pairs.items()) + "}"


@_of_json
def extract(value: Any, paths: Sequence[str]) -> str | None:
    """Return what is at a path, an array of all that is at a path with `{}`, or an array of what is at each of several."""
    if not paths:
        return shown(value)
    found = [_at(value, path) for path in paths]
    return shown(found[0]) if len(found) == 1 else write(found)


@_of_json
def extract_exact(value: Any, names: Sequence[str]) -> str | None:
    """Return the member of this name, or an array of the members of these names."""
    found = [value.get(name) if isinstance(value, dict) else None for name in names]
    return shown(found[0]) if len(found) == 1 else write(found)


@_of_json
def has_key(value: Any, name: str) -> bool:
    """Return whether an object has a member of this name."""
    return isinstance(value, dict) and name in value


@_of_json
def keys(value: Any) -> str | None:
    """Return an array of the names of an object's members."""
    return write(list(value)) if isinstance(value, dict) else None


@_of_json
def entries(value: Any) -> str | None:
    """Return an array with an object for each member of an object, with its key and value."""
    if not isinstance(value, dict):
        return None
    return write([{"key": name, "value": member} for name, member in value.items()])


@_of_json
def changed(value: Any, paths: Sequence[str], members: Sequence[str]) -> str | None:
    """Return the value with each of *members*, which are JSON, at its path; objects on the way are made, elements are not †."""
    for path, new in zip(paths, map(read, members), strict=True):
        _change(value, _steps(path), new, lambda old, new: new, make=True)
    return write(value)


@_of_json
def changed_exact(value: Any, names: Sequence[str], members: Sequence[str]) -> str | None:
    """Return an object with members of these names."""
    if not isinstance(value, dict):
        return None
    return write(value | dict(zip(names, map(read, members), strict=True)))


@_of_json
def appended(value: Any, paths: Sequence[str], members: Sequence[str]) -> str | None:
    """Return the value with each of *members* at the end of what is at its path, which becomes an array if it is none †."""
    for path, new in zip(paths, map(read, members), strict=True):
        _change(value, _steps(path), new, lambda old, new: [*_elements(old), new])
    return write(value)


@_of_json
def extended(value: Any, paths: Sequence[str], members: Sequence[str]) -> str | None:
    """Return the value as `appended` does, but of an array its elements."""
    for path, new in zip(paths, map(read, members), strict=True):
        _change(value, _steps(path), new, lambda old, new: [*_elements(old), *_elements(new)])
    return write(value)


@_of_json
def deleted(value: Any, paths: Sequence[str]) -> str | None:
    """Return the value without what is at these paths, or named so exactly."""
    for path in paths:
        if isinstance(value, dict) and path in value:
            del value[path]
            continue
        *way, last = _steps(path) or [None]
        for holder in _all_at(value, way):
            if isinstance(holder, dict) and last in holder:
                del holder[last]
            elif isinstance(holder, list) and (place := _place(last, holder)) is not None:
                del holder[place]
    return write(value)


@_of_json
def elements(value: Any, quotes: bool) -> list[str] | None:
    """Return the elements of an array, the texts among them with their *quotes* if these are asked for."""
    if not isinstance(value, list):
        return None
    texts = [write(element) if quotes and element is not None else shown(element) for element in value]
    return [text for text in texts if text is not None] or None


def is_array(text: str) -> bool:
    """Return whether a text is a JSON array."""
    return text.lstrip().startswith("[") and valid(text)


def is_object(text: str) -> bool:
    """Return whether a text is a JSON object."""
    return text.lstrip().startswith("{") and valid(text)


def _steps(path: str) -> list[_Step]:
    """Return the steps of a path, none of what is not one."""
    return jsonpath.steps(path) or []


def _place(step: _Step, array: Sequence[Any]) -> int | None:
    """Return the place in an array that a step names, None where there is none."""
    place = int(step) if isinstance(step, str) and step.isdecimal() and len(step) < 10 else step
    return place if isinstance(place, int) and place < len(array) else None


def _at(value: Any, path: str) -> Any:
    """Return what is at a path, None where there is nothing."""
    steps = _steps(path)
    found = list(_all_at(value, steps)) if steps else []
    if None in steps:
        return found or None
    return found[0] if found else None


def _all_at(value: Any, steps: Sequence[_Step]) -> Iterator[Any]:
    """Yield all that is at the end of some steps."""
    if not steps:
        yield value
        return
    first, *rest = steps
    if isinstance(value, dict) and first in value:
        yield from _all_at(value[first], rest)
    elif isinstance(value, list):
        place = _place(first, value)
        for element in value if first is None else [] if place is None else [value[place]]:
            yield from _all_at(element, rest)


def _change(
    value: Any, steps: Sequence[_Step], new: Any, joined: Callable[[Any, Any], Any], make: bool = False
) -> None:
    """Put *new* at the end of some steps, as it is *joined* to the old; with *make*, objects and members are made."""
    if not steps:
        return
    *way, last = steps
    if make and isinstance(value, dict) and way and isinstance(way[0], str):
        _change(value.setdefault(way[0], {}), steps[1:], new, joined, make)
        return
    for holder in list(_all_at(value, way)):
        if isinstance(holder, dict) and isinstance(last, str):
            if make or last in holder:
                holder[last] = joined(holder.get(last), new)
        elif isinstance(holder, list):
            places = range(len(holder)) if last is None else [_place(last, holder)]
            for place in places:
                if place is not None:
                    holder[place] = joined(holder[place], new)


def _elements(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
