"""What a search predicate means in SQL.

Values are compared without regard to case, and `*` stands for any text. `<` and the like compare numbers if both sides are
numbers, and text otherwise. A test of a multivalue field is true if it is true for one of its values. A network in CIDR notation
also stands for each address in it (Search Reference, "search").
Every test is two-valued: a missing field makes `field=v` and `field!=v` false, so NOT makes them true.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable

from splreplay.spl.predicate import All, Any, Compare, Not, OneOf, Predicate, Term
from splreplay.sql.values import EACH, Kind, Sql, as_number, as_text, literal, number

# For LIKE, with `\` before what stands for itself.
_LIKE = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_", "*": "%"})
FieldLookup = Callable[[str], Sql]
TermTest = Callable[[Term], str]

_LOOKS_LIKE_CIDR = re.compile(r"[0-9a-fA-F.:]+/[0-9]{1,3}")
_LOOKS_NUMERIC = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def predicate_sql(predicate: Predicate, field: FieldLookup, term: TermTest) -> str:
    """Return SQL that is true or false, never NULL, for each row.

    Args:
        predicate: What to test; its subsearches have been put in.
        field: Gives the SQL of a field's value.
        term: Gives the SQL test for a bare word, or refuses it.
    """

    def walk(part: Predicate) -> str:
        match part:
            case All(parts):
                return " AND ".join(f"({walk(inner)})" for inner in parts) if parts else "true"
            case Any(parts):
                sets, rest = _as_sets(parts, field)
                return " OR ".join(f"({test})" for test in [*sets, *map(walk, rest)])
            case Not(inner):
                return f"NOT ({walk(inner)})"
            case Compare(name, op, value):
                return _compare(field(name), op, value)
            case OneOf(name, values):
                return _one_of(field(name), values)
            case Term():
                return term(part)
            case _:
                raise AssertionError(f"{part!r} was to be resolved before")

    return walk(predicate)


SET_FROM = 20  # so many alternatives of one shape become a hash set: a subsearch makes thousands of them


def _as_sets(parts: tuple[Predicate, ...], field: FieldLookup) -> tuple[list[str], list[Predicate]]:
    """Return SQL for the alternatives that only compare plain values, as one set for each shape, and the other alternatives."""
    shapes: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for part in parts:
        if (tests := _plain_tests(part, field)) is not None:
            shapes.setdefault(tuple(tests), []).append(tuple(tests.values()))
    large = {names: rows for names, rows in shapes.items() if len(rows) >= SET_FROM}
    rest = [part for part in parts if tuple(_plain_tests(part, field) or ()) not in large]
    sets = []
    for names, rows in large.items():
        key = _row(f"lower({as_text(field(name))})" for name in names)
        wanted = ", ".join(_row(literal(value.lower()) for value in row) for row in rows)
        sets.append(f"coalesce({key} IN (SELECT unnest([{wanted}])), false)")
    return sets, rest


def _row(cells: Iterable[str]) -> str:
    """Return cells as a row; one cell stands alone, because SQL has no row of one cell."""
    listed = list(cells)
    return listed[0] if len(listed) == 1 else f"row({', '.join(listed)})"


def _plain_tests(part: Predicate, field: FieldLookup) -> dict[str, str] | None:
    """Return the value that *part* compares with each field; None if it does more than to compare fields with plain values."""
    tests: dict[str, str] = {}
    for test in part.parts if isinstance(part, All) else (part,):
        plain = isinstance(test, Compare) and test.op == "=" and _is_plain(test.value)
        if not (plain and isinstance(test, Compare)) or test.field in tests:
            return None
        if field(test.field).kind not in (Kind.TEXT, Kind.NUMBER):
            return None
        tests[test.field] = test.value
    return tests or None


def _one_of(value: Sql, wanted: tuple[str, ...]) -> str:
    """Return SQL for IN; plain values become one SQL IN, because there may be thousands of them."""
    plain = [text for text in wanted if _is_plain(text)]
    tests = [_compare(value, "=", text) for text in wanted if not _is_plain(text)]
    if plain and value.kind is Kind.TEXT:
        tests.append(f"coalesce(lower({value.text}) IN ({', '.join(literal(text.lower()) for text in plain)}), false)")
    else:
        tests += [_compare(value, "=", text) for text in plain]
    return " OR ".join(f"({test})" for test in tests)


def _compare(value: Sql, op: str, wanted: str) -> str:
    if value.kind is Kind.NOTHING:
        return "false"
    if value.kind is Kind.MULTIVALUE:
        test = _scalar(Sql(EACH, Kind.TEXT), op, wanted)
        return f"coalesce(len(list_filter({value.text}, lambda {EACH}: {test})) > 0, false)"
    return f"coalesce({_scalar(value, op, wanted)}, false)"


def _scalar(value: Sql, op: str, wanted: str) -> str:
    text = as_text(value)
    if op in ("=", "!="):
        if "*" in wanted:
            test = (
                f"lower({text}) {'' if op == '=' else 'NOT '}LIKE {literal(like_pattern(wanted.lower()))} ESCAPE '\\'"
            )
            return f"{text} IS NOT NULL" if set(wanted) == {"*"} and op == "=" else test
        equal = f"lower({text}) {op} {literal(wanted.lower())}"
        if not _is_network(wanted):
            return equal
        inside = f"py_cidrmatch({literal(wanted)}, {text})"
        return f"({equal} OR {inside})" if op == "=" else f"({equal} AND NOT {inside})"
    texts = f"lower({text}) {op} {literal(wanted.lower())}"
    if not _LOOKS_NUMERIC.fullmatch(wanted):
        return texts
    numbers = f"{as_number(value)} {op} {number(float(wanted))}"
    return f"coalesce({numbers}, {texts})"


def _is_plain(wanted: str) -> bool:
    """Return whether *wanted* stands only for itself."""
    return "*" not in wanted and not _is_network(wanted)


def _is_network(wanted: str) -> bool:
    """Return whether *wanted* is a network in CIDR notation, with the length of its prefix."""
    if not _LOOKS_LIKE_CIDR.fullmatch(wanted):
        return False
    try:
        ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False
    return True


def like_pattern(wildcards: str) -> str:
    r"""Return a LIKE pattern (escape character `\`) for a text in which `*` stands for any text."""
    return wildcards.translate(_LIKE)
