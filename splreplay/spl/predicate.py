"""Search predicates: the arguments of `search`, and of `where` in tstats and inputlookup.

Precedence is NOT, then OR, then AND (Search Reference, "search", "Boolean expressions"); adjacent terms are joined by AND.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from splreplay.errors import UnsupportedError
from splreplay.spl.tokens import Cursor, Token, lex_arguments

MAX_NESTING = 100


@dataclass(frozen=True)
class Compare:
    """`field op value`; op is one of = != < > <= >=; in *value*, `*` is a wildcard."""

    field: str
    op: str
    value: str


@dataclass(frozen=True)
class OneOf:
    """`field IN (value, …)`; each value may hold wildcards."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Term:
    """A bare word or phrase, looked for in the raw event; *directive* is TERM or CASE where it stands in one."""

    value: str
    token: Token = field(repr=False, compare=False)
    directive: str = ""


@dataclass(frozen=True)
class Subsearch:
    """`[ … ]`: when the search runs, the results of *pipeline* become a predicate."""

    pipeline: object
    token: Token = field(repr=False, compare=False)


@dataclass(frozen=True)
class Not:
    """True where *part* is not, also for rows that lack its field."""

    part: Predicate


@dataclass(frozen=True)
class All:
    """True where every one of *parts* is; with no parts, true for every row."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True)
class Any:
    """True where at least one of *parts* is."""

    parts: tuple[Predicate, ...]


Predicate = Compare | OneOf | Term | Subsearch | Not | All | Any

_COMPARISONS = ("=", "!=", "<", ">", "<=", ">=")


def fields_of(predicate: Predicate, needed: bool = False) -> Iterator[str]:
    """Yield the fields that a predicate compares, without those of its subsearches; *needed* leaves out what stands behind NOT."""
    match predicate:
        case Compare() | OneOf():
            yield predicate.field
        case Not():
            yield from () if needed else fields_of(predicate.part)
        case All() | Any():
            for part in predicate.parts:
                yield from fields_of(part, needed)


Values = Callable[[str], Sequence[str] | None]
_Said = TypeVar("_Said")


def failing(predicate: Predicate, said: Callable[[Compare | OneOf], list[_Said]]) -> list[_Said]:
    """Return what is said of the tests that keep a predicate from being true of any row; nothing where none does.

    Args:
        predicate: The predicate.
        said: Returns what is said of a test if no row can pass it, else nothing.
    """
    match predicate:
        case Compare() | OneOf():
            return said(predicate)
        case All(parts):
            return [one for part in parts for one in failing(part, said)]
        case Any(parts):
            of_parts = [failing(part, said) for part in parts]
            return [one for part in of_parts for one in part] if all(of_parts) else []
    return []


@dataclass(frozen=True)
class Unmet:
    """A test that no row passes: none has the *value*, or, where that is None, the field."""

    field: str
    value: str | None = None

    def __str__(self) -> str:
        """Return the test, or the field."""
        return self.field if self.value is None else f"{self.field}={self.value}"


def unmet(predicate: Predicate, values: Values) -> list[Unmet]:
    """Return the tests for which a predicate is true of no row; nothing if it can be true.

    Args:
        predicate: The predicate.
        values: Gives all values that a field can have, of which each may end in a wildcard; None for any value.
    """

    def missing(test: Compare | OneOf) -> list[Unmet]:
        wanted, op = ((test.value,), test.op) if isinstance(test, Compare) else (test.values, "=")
        return _missing(test.field, op, wanted, values(test.field))

    return failing(predicate, missing)


def _missing(name: str, op: str, wanted: Sequence[str], possible: Sequence[str] | None) -> list[Unmet]:
    if possible is None or (possible and op != "="):
        return []
    if not possible:
        return [Unmet(name)]
    passed = any(_meet(value.lower(), other.lower()) for value in wanted for other in possible)
    return [] if passed else [Unmet(name, value) for value in wanted]


def _meet(wanted: str, possible: str) -> bool:
    """Return whether some text matches both *wanted*, with wildcards, and *possible*, which may end in one."""
    head, *parts = wanted.split("*")
    if possible.endswith("*"):
        start = possible[:-1]
        return head.startswith(start) or (bool(parts) and start.startswith(head))
    if not parts:
        return wanted == possible
    *middle, tail = parts
    place = len(head) if possible.startswith(head) else -1
    for part in middle:
        place = -1 if place < 0 or (found := possible.find(part, place)) < 0 else found + len(part)
    return 0 <= place <= len(possible) - len(tail) and possible.endswith(tail)


def terms_of(predicate: Predicate) -> Iterator[Term]:
    """Yield the bare words and phrases of a predicate, without those of its subsearches."""
    match predicate:
        case Term():
            yield predicate
        case Not():
            yield from terms_of(predicate.part)
        case All() | Any():
            for part in predicate.parts:
                yield from terms_of(part)


def parse_predicate(cursor: Cursor, stop: Callable[[Token], bool] = lambda token: False) -> Predicate:
    """Return the predicate from the cursor's place up to its end, or to the first token for which *stop* is true.

    Raises:
        SplSyntaxError: If the text is not a predicate; shows where.
    """
    return _all(cursor, stop, 0)


def parse_text(text: str) -> Predicate:
    """Return the predicate that a text is, without subsearches; SplSyntaxError or UnsupportedError if it is none."""

    def nested(token: Token) -> object:
        raise UnsupportedError("replay does not run a search that stands in the results of a subsearch, or in a text")

    cursor = Cursor(text, lex_arguments(text, 0, len(text)), len(text), nested)
    predicate = parse_predicate(cursor)
    cursor.finish()
    return predicate


def _all(cursor: Cursor, stop: Callable[[Token], bool], depth: int) -> Predicate:
    if depth > MAX_NESTING:
        cursor.refuse(f"replay reads at most {MAX_NESTING} nested groups")
    parts: list[Predicate] = []
    while not (cursor.here.kind == "end" or cursor.here.is_op(")") or stop(cursor.here)):
        if parts and _keyword(cursor, "AND") and (cursor.here.kind == "end" or stop(cursor.here)):
            cursor.fail("AND needs a term behind it")
        parts.append(_any(cursor, stop, depth))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _any(cursor: Cursor, stop: Callable[[Token], bool], depth: int) -> Predicate:
    parts = [_not(cursor, stop, depth)]
    while _keyword(cursor, "OR"):
        parts.append(_not(cursor, stop, depth))
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def _not(cursor: Cursor, stop: Callable[[Token], bool], depth: int) -> Predicate:
    negations = 0
    while _keyword(cursor, "NOT"):
        negations += 1
    part = _term(cursor, stop, depth)
    return Not(part) if negations % 2 else part


def _keyword(cursor: Cursor, word: str) -> bool:
    """Move behind a Boolean keyword: upper case, unquoted (Search Reference: "must be in uppercase")."""
    if cursor.here.kind == "word" and cursor.here.value == word and not cursor.ahead().is_op(*_COMPARISONS):
        cursor.take()
        return True
    return False


def _term(cursor: Cursor, stop: Callable[[Token], bool], depth: int) -> Predicate:
    token = cursor.here
    if stop(token) or token.kind == "end":
        cursor.fail("expected a term here")
    if cursor.accept_op("("):
        inner = _all(cursor, lambda inner_token: False, depth + 1)
        cursor.expect_op(")")
        return inner
    if token.kind == "subsearch":
        cursor.take()
        return Subsearch(cursor.subsearch(token), token)
    if token.kind not in ("word", "quoted"):
        cursor.fail("expected a term here")
    if token.kind == "word" and token.value in ("AND", "OR"):
        cursor.fail(f"{token.value} needs a term on both sides")
    cursor.take()
    if cursor.here.is_op(*_COMPARISONS):
        op = cursor.take().value
        if cursor.here.kind not in ("word", "quoted"):
            cursor.fail(f"expected a value behind {op}", remedy='for the empty text write field=""')
        value = cursor.take()
        if _is_directive(value, cursor):
            cursor.refuse(
                f"replay does not run {value.value}() for the value of a field",
                value,
                f'compare with case behind the search: | where {token.value}="…"',
            )
        return Compare(token.value, op, value.value)
    if cursor.here.kind == "word" and cursor.here.value.upper() == "IN" and cursor.ahead().is_op("("):
        cursor.take()
        cursor.take()
        values = cursor.names("a value")
        cursor.expect_op(")")
        return OneOf(token.value, tuple(values))
    if _is_directive(token, cursor):
        return Term(_in_brackets(cursor), token, token.value)
    return Term(token.value, token)


def _is_directive(token: Token, cursor: Cursor) -> bool:
    """Return whether *token*, the last one taken, and the bracket behind it begin TERM(…) or CASE(…)."""
    bracket = cursor.here.is_op("(") and cursor.here.start == token.end
    return bracket and token.kind == "word" and token.value in ("TERM", "CASE")


def _in_brackets(cursor: Cursor) -> str:
    """Return the text in brackets as it is written, without the quotes around all of it, and move behind it."""
    opening = cursor.take()
    while not cursor.here.is_op(")"):
        if cursor.here.kind == "end":
            cursor.fail("this bracket is never closed", opening)
        last = cursor.take()
    closing = cursor.take()
    text = cursor.text[opening.end : closing.start].strip()
    if not text:
        cursor.fail("expected a term here", closing)
    return last.value if last.kind == "quoted" and text == cursor.text[last.start : last.end] else text
