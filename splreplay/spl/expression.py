"""Eval expressions: the arguments of `eval` and `where`.

Precedence is arithmetic, comparison, NOT, AND, then OR and XOR (Search Reference, "where", "Operators").
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from splreplay.errors import SplError
from splreplay.spl import predicate
from splreplay.spl.tokens import OPERATORS, Cursor, Token, lex_eval

MAX_NESTING = 50  # each level costs Python some ten stack frames


@dataclass(frozen=True)
class Number:
    """A number; *written* is its text, whose zeros say how precise it is."""

    value: float
    written: str = field(default="", compare=False)


@dataclass(frozen=True)
class Text:
    """A string in double quotes."""

    value: str


@dataclass(frozen=True)
class Field:
    """The value of a field: a bare name, or any name in single quotes."""

    name: str


@dataclass(frozen=True)
class Call:
    """`function(argument, …)`."""

    function: str
    arguments: tuple[Expression, ...]
    token: Token = field(repr=False, compare=False)


@dataclass(frozen=True)
class Unary:
    """`NOT x` or `-x`; op is NOT or -."""

    op: str
    operand: Expression
    token: Token = field(repr=False, compare=False)


@dataclass(frozen=True)
class Logic:
    """`part op part op …`; op is AND, OR or XOR. It is one node however long it is: a list of exclusions may have hundreds."""

    op: str
    parts: tuple[Expression, ...]
    token: Token = field(repr=False, compare=False)


@dataclass(frozen=True)
class Binary:
    """`left op right`; op is one of = != < > <= >= LIKE . + - * / %."""

    op: str
    left: Expression
    right: Expression
    token: Token = field(repr=False, compare=False)


Expression = Number | Text | Field | Call | Unary | Logic | Binary

# Functions that mean something without their arguments: by default all of them, else those from one on, and each how many.
_SPARING = {
    **dict.fromkeys(("coalesce", "isnull", "isnotnull", "mvappend", "typeof"), (0, 1)),
    "if": (1, 1),
    "case": (1, 2),
}
_COMPARISONS = ("=", "==", "!=", "<", ">", "<=", ">=")


def fields_of(expression: Expression, needed: bool = False) -> Iterator[str]:
    """Yield the fields that an expression reads.

    Args:
        expression: The expression.
        needed: Without those that may be missing by intent: in `coalesce`, `isnull`, `isnotnull`, `mvappend` and `typeof`, and as one of
            the values that `if` and `case` choose from.
    """
    match expression:
        case Field(name) if name.lower() != "null":  # which no event has, so searches write it for null()
            yield name
        case Call("searchmatch", (Text(text),)):
            with contextlib.suppress(SplError):  # which is raised where it is compiled
                yield from predicate.fields_of(predicate.parse_text(text), needed)
        case Call(function, arguments):
            first, step = _SPARING.get(function, (len(arguments), 1)) if needed else (len(arguments), 1)
            spared = range(first, len(arguments), step)
            for number, argument in enumerate(arguments):
                if number not in spared:
                    yield from fields_of(argument, needed)
        case Unary():
            yield from fields_of(expression.operand, needed)
        case Logic(_, parts):
            for part in parts:
                yield from fields_of(part, needed)
        case Binary():
            yield from fields_of(expression.left, needed)
            yield from fields_of(expression.right, needed)


def parse_expression(cursor: Cursor, depth: int = 0) -> Expression:
    """Return the expression at the cursor, read as far as it goes.

    Raises:
        SplSyntaxError: If there is none, or it is malformed; shows the place.
    """
    if depth > MAX_NESTING:
        cursor.refuse(f"replay reads at most {MAX_NESTING} nested expressions")
    return _chain(cursor, depth, ("or", "xor"), _and)


def parse_parenthesised(cursor: Cursor) -> Expression:
    """Return the expression in the parentheses at a cursor over words; what is inside them is read as operands and operators."""
    opening, closing = cursor.parenthesised()
    tokens = lex_eval(cursor.text, opening.end, closing.start)
    inner = replace(cursor, tokens=tokens, end=closing.start, position=0)
    expression = parse_expression(inner)
    inner.finish()
    return expression


def parse_text(text: str) -> Expression:
    """Return the expression that a text is; SplSyntaxError if it is none, with a place in that text."""

    def nested(token: Token) -> object:
        raise AssertionError("an expression has no subsearch")

    cursor = Cursor(text, lex_eval(text, 0, len(text)), len(text), nested)
    expression = parse_expression(cursor)
    cursor.finish()
    return expression


def _and(cursor: Cursor, depth: int) -> Expression:
    return _chain(cursor, depth, ("and",), _not)


def _chain(
    cursor: Cursor, depth: int, words: tuple[str, ...], operand: Callable[[Cursor, int], Expression]
) -> Expression:
    expression = operand(cursor, depth)
    while cursor.here.is_word(*words):
        token = cursor.here
        parts = [expression]
        while cursor.accept_word(token.value.lower()):
            parts.append(operand(cursor, depth))
        expression = Logic(token.value.upper(), tuple(parts), token)
    return expression


def _not(cursor: Cursor, depth: int) -> Expression:
    if cursor.here.is_word("not") and not cursor.ahead().is_op(*_COMPARISONS):
        token = cursor.take()
        if depth > MAX_NESTING:
            cursor.refuse(f"replay reads at most {MAX_NESTING} nested expressions")
        return Unary("NOT", _not(cursor, depth + 1), token)
    return _comparison(cursor, depth)


def _comparison(cursor: Cursor, depth: int) -> Expression:
    left = _sum(cursor, depth)
    if cursor.here.is_op(*_COMPARISONS):
        token = cursor.take()
        op = "=" if token.value == "==" else token.value
        return Binary(op, left, _sum(cursor, depth), token)
    if cursor.here.is_word("like"):
        token = cursor.take()
        return Binary("LIKE", left, _sum(cursor, depth), token)
    if cursor.here.is_word("in"):
        token = cursor.take()
        return Call("in", (left, *_arguments(cursor, depth)), token)
    return left


def _sum(cursor: Cursor, depth: int) -> Expression:
    return _operators(cursor, depth, ("+", "-", "."), _product)


def _product(cursor: Cursor, depth: int) -> Expression:
    return _operators(cursor, depth, ("*", "/", "%"), _unary)


def _operators(
    cursor: Cursor, depth: int, ops: tuple[str, ...], operand: Callable[[Cursor, int], Expression]
) -> Expression:
    left = operand(cursor, depth)
    while cursor.here.is_op(*ops):
        token = cursor.take()
        left = Binary(token.value, left, operand(cursor, depth), token)
    return left


def _unary(cursor: Cursor, depth: int) -> Expression:
    if depth > MAX_NESTING:
        cursor.refuse(f"replay reads at most {MAX_NESTING} nested expressions")
    if cursor.here.is_op("-", "+"):
        token = cursor.take()
        operand = _unary(cursor, depth + 1)
        return Unary("-", operand, token) if token.value == "-" else operand
    return _operand(cursor, depth)


def _operand(cursor: Cursor, depth: int) -> Expression:
    token = cursor.here
    if cursor.accept_op("("):
        inner = parse_expression(cursor, depth + 1)
        cursor.expect_op(")")
        return inner
    if token.kind == "number":
        return Number(float(token.value), cursor.take().value)
    if token.kind == "quoted":
        return Text(cursor.take().value)
    if token.kind == "field":
        return Field(cursor.take().value)
    if token.kind == "word":
        if cursor.ahead().is_op("("):
            cursor.take()
            return Call(token.value.lower(), _arguments(cursor, depth), token)
        if token.value.startswith("{"):
            cursor.fail("a name in braces stands only in the name of the field that eval sets", token)
        if not token.is_word(*OPERATORS):
            return Field(cursor.take().value)
    cursor.fail("expected a value, a field or a function here")


def _arguments(cursor: Cursor, depth: int) -> tuple[Expression, ...]:
    cursor.expect_op("(")
    arguments: list[Expression] = []
    if not cursor.accept_op(")"):
        arguments.append(parse_expression(cursor, depth + 1))
        while cursor.accept_op(","):
            arguments.append(parse_expression(cursor, depth + 1))
        cursor.expect_op(")")
    return tuple(arguments)
