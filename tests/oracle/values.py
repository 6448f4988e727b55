"""What a value is to the oracle: None, a number, a text, or a list of at least two texts."""

from __future__ import annotations

import math
import re

Value = None | float | str | list[str]


class Quoted(str):
    """Text that was written in quotes, or made of such: it compares as text even where it looks like a number."""

    __slots__ = ()


def number(value: Value) -> float | None:
    """Return the value as a number, None where it does not look like one."""
    if isinstance(value, float):
        return value
    written = text(value)
    match = re.fullmatch(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*", written, re.A) if written else None
    return float(match.group(1)) if match else None


def text(value: Value) -> str | None:
    """Return the value as it is shown: a whole number without a fraction, several values a line each."""
    if isinstance(value, list):
        return "\n".join(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value == math.trunc(value) and abs(value) < 1e18 else repr(value)
    return value


def several(value: Value) -> list[str]:
    """Return all the values: none, one or more."""
    if isinstance(value, list):
        return value
    one = text(value)
    return [] if one is None else [one]


def few(values: list[str]) -> Value:
    """Return a list as a value: None where it is empty, the value itself where it is alone."""
    return values if len(values) > 1 else values[0] if values else None


def compare(left: Value, op: str, right: Value) -> bool | None:
    """Return `left op right`: one of several values is enough; as numbers where both look like numbers, else as text."""
    if left is None or right is None:
        return None
    if isinstance(left, list) or isinstance(right, list):
        return any(compare(one, op, other) for one in _each(left) for other in _each(right))
    numbers = number(left), number(right)
    if None in numbers or isinstance(left, Quoted) or isinstance(right, Quoted):
        return _holds(text(left), op, text(right))
    return _holds(numbers[0], op, numbers[1])


def _each(value: Value) -> list[Value]:
    return list(value) if isinstance(value, list) else [value]


def _holds(left: object, op: str, right: object) -> bool:
    tests = {
        "=": left == right,
        "!=": left != right,
    }
    if op in tests:
        return tests[op]
    less, equal = left < right, left == right  # type: ignore[operator]
    return {"<": less, "<=": less or equal, ">": not (less or equal), ">=": not less}[op]


def natural(value: Value) -> tuple[int, float, str]:
    """Return the key by which values are in order: numbers by size, then texts by characters."""
    size, written = number(value), text(value) or ""
    return (1, 0.0, written) if size is None else (0, size, written)
