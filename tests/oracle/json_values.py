"""The eval functions of JSON, by the standard library's objects (Search Reference, "JSON functions"). Paths have no `{}` here."""

from __future__ import annotations

import json
from typing import Any

from tests.oracle.values import Quoted, Value, few, number, several, text


class Json(str):
    """JSON that a function made: it goes into other JSON as what it is."""

    __slots__ = ()


class _Fraction(float):
    """A number of JSON that stays as it was written, such as 1e2."""

    def __new__(cls, written: str) -> _Fraction:
        made = super().__new__(cls, written)
        made.written = written
        return made


def _read(value: Value) -> Any:
    try:
        return json.loads(text(value) or "", parse_float=_Fraction)
    except ValueError:
        return None


def _written(value: Any) -> Json:
    match value:
        case dict():
            return Json(f"{{{','.join(f'{_written(name)}:{_written(one)}' for name, one in value.items())}}}")
        case list():
            return Json(f"[{','.join(map(_written, value))}]")
        case _Fraction():
            return Json(value.written)
    return Json(json.dumps(value, ensure_ascii=False))


def member(value: Any) -> Any:
    """Return what a value is inside of JSON."""
    if isinstance(value, Json):
        return _read(value)
    if value is None or isinstance(value, bool | list):
        return value
    if isinstance(value, Quoted):
        return str(value)
    if isinstance(value, float):
        return int(value) if value == int(value) else value
    read = _read(value)
    return read if number(value) is not None and not isinstance(read, bool) and read is not None else str(value)


def made_object(*arguments: Any) -> Json | None:
    """`json_object`."""
    names = [text(name) for name in arguments[::2]]
    return None if None in names else _written(dict(zip(names, map(member, arguments[1::2]), strict=True)))


def made_array(*arguments: Any) -> Json:
    """`json_array`."""
    return _written([member(argument) for argument in arguments])


def extract(value: Value, *paths: Value) -> Value:
    """`json_extract`, of one or more names of members."""
    read = _read(value)
    if not is_json(value) or None in paths:
        return None
    found = [read.get(text(path)) if isinstance(read, dict) else None for path in paths]
    one = found[0] if len(found) == 1 else found
    return one if isinstance(one, str) or one is None else str(_written(one))


def changed(value: Value, name: Value, new: Any) -> Json | None:
    """`json_set`, of a member; what is no object has none."""
    read = _read(value)
    if not is_json(value):
        return None
    return _written(read | {text(name): member(new)} if isinstance(read, dict) else read)


def changed_exact(value: Value, name: Value, new: Any) -> Json | None:
    """`json_set_exact`, of a member."""
    return changed(value, name, new) if isinstance(_read(value), dict) else None


def appended(value: Value, name: Value, new: Any) -> Json | None:
    """`json_append`, to a member."""
    read = _read(value)
    if not is_json(value):
        return None
    key = text(name)
    if isinstance(read, dict) and key in read:
        old = read[key]
        read[key] = [*(old if isinstance(old, list) else [old]), member(new)]
    return _written(read)


def extended(value: Value, name: Value, new: Any) -> Json | None:
    """`json_extend`, of a member: an array adds each of its elements."""
    read = _read(value)
    if not is_json(value):
        return None
    key = text(name)
    if isinstance(read, dict) and key in read:
        old, added = read[key], member(new)
        read[key] = [*(old if isinstance(old, list) else [old]), *(added if isinstance(added, list) else [added])]
    return _written(read)


def without(value: Value, name: Value) -> Json | None:
    """`json_delete`, of a member."""
    read = _read(value)
    if not is_json(value):
        return None
    return _written({key: one for key, one in read.items() if key != text(name)} if isinstance(read, dict) else read)


def entries(value: Value) -> Json | None:
    """`json_entries`."""
    read = _read(value)
    return _written([{"key": key, "value": one} for key, one in read.items()]) if isinstance(read, dict) else None


def has_key(value: Value, name: Value) -> bool | None:
    """`json_has_key_exact`."""
    read = _read(value)
    return isinstance(read, dict) and text(name) in read if is_json(value) else None


def keys(value: Value) -> Json | None:
    """`json_keys`."""
    read = _read(value)
    return _written(list(read)) if isinstance(read, dict) else None


def elements(value: Value) -> Value:
    """`json_array_to_mv`."""
    read = _read(value)
    if not isinstance(read, list):
        return None
    return few([one if isinstance(one, str) else str(_written(one)) for one in read if one is not None])


def of_values(value: Value) -> Json | None:
    """`mv_to_json_array`."""
    return None if value is None else _written(several(value))


def is_json(value: Value) -> bool | None:
    """`json_valid`."""
    if value is None:
        return None
    try:
        json.loads(text(value) or "")
    except ValueError:
        return False
    return True
