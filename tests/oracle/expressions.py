"""Eval expressions, one row at a time (Search Reference, "Evaluation functions"). None is null, in tests too."""

from __future__ import annotations

import functools
import hashlib
import math
import re
import sqlite3
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from splreplay.spl.expression import Binary, Call, Expression, Field, Logic, Number, Text, Unary
from splreplay.spl.predicate import parse_text
from tests.oracle import json_values
from tests.oracle.values import Quoted, Value, compare, few, number, several, text

Row = dict[str, Value]
NOW = 1_750_000_000.0
_SQLITE = sqlite3.connect(":memory:", check_same_thread=False)


def evaluate(expression: Expression, row: Row) -> Any:
    """Return the value of *expression* for *row*; True, False or None where it is a test."""
    value = _evaluate(expression, row)
    if isinstance(value, str) and not isinstance(value, json_values.Json):
        return Quoted(value) if _is_quoted(expression) else str(value)
    return value


def _evaluate(expression: Expression, row: Row) -> Any:
    match expression:
        case Number(value, written):
            return written if re.fullmatch(r"[0-9]+\.[0-9]*0", written) else value
        case Text(value):
            return value
        case Field(name):
            return row.get(name)
        case Unary("NOT", operand):
            test = evaluate(operand, row)
            return None if test is None else not test
        case Unary(_, operand):
            size = number(evaluate(operand, row))
            return None if size is None else -size
        case Logic(op, parts):
            return _logic(op, [evaluate(part, row) for part in parts])
        case Binary(op, left, right):
            return _operator(op, evaluate(left, row), evaluate(right, row))
        case Call(name, arguments):
            return _call(name, arguments, row)


def _is_quoted(expression: Expression) -> bool:
    """Whether text stays apart from numbers: what was quoted, and what text functions make of it."""
    match expression:
        case Text() | Binary(".") | Call("tostring" | "printf" | "typeof"):
            return True
        case Binary("+", left, right):
            return _is_quoted(left) or _is_quoted(right)
        case Call("if" | "coalesce" | "case" | "validate" as name, arguments):
            branches = {"if": arguments[1:], "coalesce": arguments}.get(name, arguments[1::2])
            listed = [branch for branch in branches if not _is_null(branch)]
            return bool(listed) and all(map(_is_quoted, listed))
        case Call("lower" | "upper" | "trim" | "ltrim" | "rtrim" | "substr" | "replace" | "md5" | "nullif", arguments):
            return _is_quoted(arguments[0])
    return False


def _is_null(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.function == "null"


def _logic(op: str, tests: list[bool | None]) -> bool | None:
    if op == "XOR":
        return None if None in tests else sum(map(bool, tests)) % 2 == 1
    decisive = op == "OR"
    if decisive in tests:
        return decisive
    return None if None in tests else not decisive


def _operator(op: str, left: Value, right: Value) -> Any:
    if op in ("=", "!=", "<", "<=", ">", ">="):
        return compare(left, op, right)
    if op == "LIKE":
        return _like(left, right)
    if left is None or right is None:
        return None
    a, b = number(left), number(right)
    quoted = isinstance(left, Quoted) or isinstance(right, Quoted)
    texts = not isinstance(left, float) and not isinstance(right, float) and a is None and b is None
    if op == "." or (op == "+" and (quoted or texts)):
        return f"{text(left)}{text(right)}"
    if a is None or b is None or (op in "/%" and b == 0):
        return None
    if op == "*":
        return _product(a, b, [_digits(side) for side in (left, right)])
    return {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "/": lambda: a / b,
        "%": lambda: math.fmod(a, b),
    }[op]()


def _digits(value: Value) -> int:
    """How many digits a number is written with, from the first that is not 0."""
    return len(Decimal((text(value) or "").strip()).as_tuple().digits)


def _product(a: float, b: float, digits: list[int]) -> Value:
    """The product, with the digits of the factor that has the fewest, but with all before its point."""
    size = a * b
    if size == 0 or min(digits) > 16 or abs(size) <= 1e-10:
        return text(size)
    decimals = max(0, min(digits) - Decimal(size).adjusted() - 1)
    rounded = Decimal(repr(size)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded:f}"


def _call(name: str, arguments: tuple[Expression, ...], row: Row) -> Any:
    if name in ("mvfilter", "mvmap"):
        return _over_values(name, arguments, row)
    if name == "searchmatch":
        from tests.oracle.predicates import holds  # which reads rows, as this module does

        return holds(parse_text(arguments[0].value), row)  # type: ignore[union-attr]
    if name == "case":
        return next((evaluate(then, row) for test, then in _pairs(arguments) if evaluate(test, row)), None)
    if name == "validate":
        return next((evaluate(then, row) for test, then in _pairs(arguments) if evaluate(test, row) is False), None)
    return _FUNCTIONS[name](*(evaluate(argument, row) for argument in arguments))


def _pairs(arguments: tuple[Expression, ...]) -> list[tuple[Expression, Expression]]:
    return list(zip(arguments[::2], arguments[1::2], strict=True))


def _over_values(name: str, arguments: tuple[Expression, ...], row: Row) -> Value:
    """Evaluate the last argument for each value of the one field that the first one names."""
    (field,) = _fields(arguments[0])
    found: list[str] = []
    for one in several(row.get(field)):
        value = evaluate(arguments[-1], {**row, field: one})
        found += ([one] if value else []) if name == "mvfilter" else several(value)
    return few(found)


def _fields(expression: Any) -> set[str]:
    if isinstance(expression, Field):
        return {expression.name}
    parts = [*getattr(expression, "arguments", ()), *getattr(expression, "parts", ())]
    parts += [getattr(expression, part) for part in ("left", "right", "operand") if hasattr(expression, part)]
    return set[str]().union(*map(_fields, parts))


def _each(function: Callable[..., str | None]) -> Callable[..., Value]:
    """Apply *function* to the first argument's text, or to each of its values; null where an argument is."""

    def apply(value: Value, *rest: Value) -> Value:
        if value is None or None in rest:
            return None
        if isinstance(value, list):
            return few([made for one in value if (made := function(one, *rest)) is not None])
        return function(text(value), *rest)

    return apply


def _numbers(function: Callable[..., float | None]) -> Callable[..., float | None]:
    def apply(*values: Value) -> float | None:
        sizes = [number(value) for value in values]
        return None if None in sizes else function(*sizes)

    return apply


def _substr(written: str, start: Value, *length: Value) -> str | None:
    """`substr`, which "follows SQLite semantics": so SQLite says what it is. It counts in 32 bits, further than any text goes."""
    sizes = [number(value) for value in (start, *length)]
    if None in sizes:
        return None
    places = [int(max(-(2**30), min(2**30, size or 0))) for size in sizes]
    query = f"SELECT substr(?, {', '.join('?' * len(places))})"
    (found,) = _SQLITE.execute(query, (written, *places)).fetchone()
    return str(found)


def _replace(written: str, pattern: str, by: str) -> str:
    """`replace`: a backslash and the number of a group of the pattern, 0 for all of it, stand for what it matched."""

    def replaced(match: re.Match[str]) -> str:
        matched = {str(number): match.group(number) or "" for number in range(match.re.groups + 1)}
        return re.sub(r"\\([0-9])", lambda found: matched.get(found.group(1), found.group()), by)

    return re.sub(pattern, replaced, written)


def _like(value: Value, pattern: Value) -> bool | None:
    if value is None or pattern is None:
        return None
    parts = [{"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in text(pattern) or ""]
    return any(re.fullmatch("".join(parts), one, re.S) for one in several(value))


def _match(value: Value, pattern: Value) -> bool | None:
    return None if value is None else any(re.search(str(pattern), one) for one in several(value))


def _index(value: Value, start: Value, *end: Value) -> Value:
    values = several(value)
    first, last = (int(number(place) or 0) for place in (start, *(end or (start,))))
    first, last = (place + len(values) if place < 0 else place for place in (first, last))
    return few([one for place, one in enumerate(values) if first <= place <= last])


def _extreme(highest: bool) -> Callable[..., Value]:
    """`max` takes texts over numbers, `min` numbers over texts; a number comes out as a number, however it was written."""

    def choose(*values: Value) -> Value:
        there = sorted((one for value in values for one in several(value)), key=_texts_last)
        if not there:
            return None
        chosen = there[-1 if highest else 0]
        size = number(chosen)
        return text(chosen) if size is None else size

    return choose


def _texts_last(value: Value) -> tuple[bool, float, str]:
    size = number(value)
    return (size is None, size or 0.0, "" if size is not None else text(value) or "")


def _round(value: float, digits: float = 0.0) -> float:
    factor = 10.0 ** int(digits)
    return math.copysign(math.floor(abs(value) * factor + 0.5), value) / factor


def _typeof(value: Any) -> str:
    if value is None:
        return "Invalid"
    if isinstance(value, list):
        return "Multivalue"
    if isinstance(value, bool):
        return "Boolean"
    return "String" if isinstance(value, Quoted) or number(value) is None else "Number"


def _printf(pattern: str, *values: Value) -> str | None:
    """`printf`, by Python's own operator, which has C's %d, %5.1f and %-4s."""
    if None in values:
        return None
    wanted = [
        text(value) if letter == "s" else number(value)
        for letter, value in zip(re.findall("%[^a-z]*([a-z])", pattern), values, strict=True)
    ]
    return None if None in wanted else pattern % tuple(wanted)


def _range(start: Value, end: Value, step: Value = 1.0) -> Value:
    first, last, size = map(number, (start, end, step))
    if first is None or last is None or not size or not math.isfinite(last - first):
        return None
    found, value = [], first
    while value < last if size > 0 else value > last:
        found.append(text(value) or "")
        value = first + len(found) * size
    return few(found)


def _bits(function: Callable[[int, int], int]) -> Callable[..., float | None]:
    def apply(*values: Value) -> float | None:
        sizes = [number(value) for value in values]
        whole = [int(size) for size in sizes if size is not None and 0 <= size < 2**53 and size == int(size)]
        return float(functools.reduce(function, whole)) if len(whole) == len(values) else None

    return apply


def _masked(mask: Value, address: Value) -> str | None:
    octets = [(text(value) or "").strip().split(".") for value in (mask, address)]
    if any(
        len(one) != 4 or not all(part.isdecimal() and str(int(part)) == part and int(part) < 256 for part in one)
        for one in octets
    ):
        return None
    return ".".join(str(int(a) & int(b)) for a, b in zip(*octets, strict=True))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "typeof": _typeof,
    "ismv": lambda value: isinstance(value, list),
    "printf": _printf,
    "mvrange": _range,
    "bit_and": _bits(int.__and__),
    "bit_or": _bits(int.__or__),
    "bit_xor": _bits(int.__xor__),
    "ipmask": _masked,
    "hypot": _numbers(math.hypot),
    "atan": _numbers(math.atan),
    "json_object": json_values.made_object,
    "json_array": json_values.made_array,
    "json_extract": json_values.extract,
    "json_extract_exact": json_values.extract,
    "json_set": json_values.changed,
    "json_set_exact": json_values.changed_exact,
    "json_append": json_values.appended,
    "json_extend": json_values.extended,
    "json_delete": json_values.without,
    "json_entries": json_values.entries,
    "json_has_key_exact": json_values.has_key,
    "json_keys": json_values.keys,
    "json_array_to_mv": json_values.elements,
    "mv_to_json_array": json_values.of_values,
    "json_valid": json_values.is_json,
    "if": lambda test, then, otherwise: then if test else otherwise,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "nullif": lambda left, right: None if compare(left, "=", right) else left,
    "null": lambda: None,
    "true": lambda: True,
    "false": lambda: False,
    "isnull": lambda value: value is None,
    "isnotnull": lambda value: value is not None,
    "isnum": lambda value: number(value) is not None,
    "isint": lambda value: (size := number(value)) is not None and size == math.trunc(size),
    "isstr": lambda value: value is not None and number(value) is None,
    "in": lambda value, *wanted: _logic("OR", [compare(value, "=", one) for one in wanted]),
    "like": _like,
    "match": _match,
    "lower": _each(lambda written: written.lower()),
    "upper": _each(lambda written: written.upper()),
    "trim": _each(lambda written, characters=" \t": written.strip(characters)),
    "ltrim": _each(lambda written, characters=" \t": written.lstrip(characters)),
    "rtrim": _each(lambda written, characters=" \t": written.rstrip(characters)),
    "substr": _each(_substr),
    "replace": _each(_replace),
    "md5": _each(lambda written: hashlib.md5(written.encode()).hexdigest()),
    "len": lambda value: None if value is None else float(len(text(value) or "")),
    "tonumber": number,
    "tostring": lambda value: str(value) if isinstance(value, bool) else text(value),
    "round": _numbers(_round),
    "abs": _numbers(abs),
    "floor": _numbers(lambda size: float(math.floor(size))),
    "ceiling": _numbers(lambda size: float(math.ceil(size))),
    "sqrt": _numbers(lambda size: math.sqrt(size) if size >= 0 else None),
    "min": _extreme(False),
    "max": _extreme(True),
    "now": lambda: NOW,
    "split": lambda value, separator: None if value is None else few((text(value) or "").split(separator)),
    "mvappend": lambda *values: few([one for value in values for one in several(value)]),
    "mvcount": lambda value: None if value is None else float(len(several(value))),
    "mvdedup": lambda value: few(list(dict.fromkeys(several(value)))),
    "mvsort": lambda value: few(sorted(several(value))),
    "mvindex": _index,
    "mvjoin": lambda value, separator: None if value is None else separator.join(several(value)),
    "mvfind": lambda value, pattern: next(
        (float(place) for place, one in enumerate(several(value)) if re.search(pattern, one)), None
    ),
    "mvzip": lambda left, right, separator=",": few(
        [f"{a}{separator}{b}" for a, b in zip(several(left), several(right), strict=False)]
    ),
}
FUNCTIONS = functools.reduce(set[str].union, [set(_FUNCTIONS), {"case", "validate", "mvfilter", "mvmap"}])
