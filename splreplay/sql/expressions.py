"""What an eval expression means in SQL.

Comparisons are case-sensitive. Two sides that look like numbers are compared as numbers, others as text. A NULL operand makes
the result NULL, which `where` and `if` treat as false (Search Reference, "where" and "eval").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce

from splreplay import limits
from splreplay.spl.expression import Binary, Call, Expression, Field, Logic, Number, Text, Unary
from splreplay.spl.tokens import Cursor, Token, quoted
from splreplay.sql.comparison import compare, like
from splreplay.sql.values import Kind, Sql, as_number, as_text, literal, number

_PRECISE = re.compile(r"[0-9]+\.[0-9]*0")

FieldLookup = Callable[[str], Sql]


@dataclass(frozen=True)
class Compiler:
    """Turns expressions into SQL.

    Args:
        cursor: Shows where an error is.
        field: Gives the SQL of a field's value.
        now: The time of the run.
        warn: Takes messages about an expression.
        call: Gives the SQL of a function call.
        bound: How many mvmap and mvfilter are around it.
    """

    cursor: Cursor
    field: FieldLookup
    now: float
    warn: Callable[[str], None]
    call: Callable[[Call, Compiler], Sql]
    bound: int = 0

    def boolean(self, expression: Expression) -> str:
        """Return SQL that is true, false or NULL; SplSyntaxError for an expression that is not a test."""
        value = self.value(expression)
        if value.kind is Kind.NOTHING:
            return "CAST(NULL AS BOOLEAN)"
        if value.kind is not Kind.BOOLEAN:
            self.fail(
                expression,
                "expected a test here, but this is a value",
                'compare it, for example: isnotnull(x) or x="a"',
            )
        return value.text

    def stored(self, expression: Expression) -> Sql:
        """Return the value as a field can hold it; SplSyntaxError for a test, which Splunk does not store either."""
        value = self.operand(expression, "a field cannot hold the result of a test")
        return Sql(value.text, Kind.TEXT) if value.kind is Kind.LITERAL else value

    def operand(self, expression: Expression, message: str = "expected a value here, but this is a test") -> Sql:
        """Return the value, with quoted text still of the kind LITERAL; SplSyntaxError with *message* for a test."""
        value = self.value(expression)
        if value.kind is Kind.BOOLEAN:
            hint = 'write if(…, "true", "false") around it'
            self.fail(expression, message, hint)
        return value

    def value(self, expression: Expression) -> Sql:
        """Return the expression's SQL and kind."""
        sql = self._value(expression)
        if len(sql.text) > limits.MAX_SQL_CHARACTERS:  # some functions repeat an argument
            self.cursor.refuse("this expression grows too large", getattr(expression, "token", None))
        return sql

    def _value(self, expression: Expression) -> Sql:
        match expression:
            case Number(value, written):
                # Zeros at its end say how precise it is.
                return (
                    Sql(literal(written), Kind.TEXT) if _PRECISE.fullmatch(written) else Sql(number(value), Kind.NUMBER)
                )
            case Text(value):
                return Sql(literal(value), Kind.LITERAL)
            case Field(name):
                return self.field(name)
            case Unary("NOT", operand, _):
                return Sql(f"(NOT {self.boolean(operand)})", Kind.BOOLEAN)
            case Unary(_, operand, _):
                return Sql(f"(-{as_number(self.operand(operand))})", Kind.NUMBER)
            case Logic(op, parts, _):
                tests = [self.boolean(part) for part in parts]
                if op == "XOR":
                    return Sql(reduce(lambda left, right: f"({left} <> {right})", tests), Kind.BOOLEAN)
                return Sql(f"({f' {op} '.join(tests)})", Kind.BOOLEAN)
            case Binary():
                return self._binary(expression)
            case Call():
                return self.call(expression, self)

    def bind(self, name: str, sql: Sql) -> Compiler:
        """Return a compiler for which the field *name* is *sql*, for the body of mvfilter and mvmap."""
        outer = self.field
        return replace(self, field=lambda wanted: sql if wanted == name else outer(wanted), bound=self.bound + 1)

    def fail(self, expression: Expression, message: str, hint: str = "") -> None:
        """Raise SplSyntaxError under the expression's own token, or under the end of the command."""
        token: Token | None = getattr(expression, "token", None)
        self.cursor.fail(message, token or self.cursor.tokens[0], hint)

    def warn_of_stars(self, left: Expression, right: Expression, op: str = "=") -> None:
        """Say that no wildcard is meant where a field is compared with a text that seems to have one.

        Source: Search Reference, "where", "Usage": "With the where command, you must use the like function".
        """
        match left, right:
            case (Field(name), Text(text)) | (Text(text), Field(name)) if "*" in text:
                in_search, in_like = (
                    (name, name) if re.fullmatch(r"[A-Za-z_]\w*", name) else (quoted(name), f"'{name}'")
                )
                searched = f"{in_search}{op}{quoted(text)}"
                liked = f"like({in_like}, {quoted(text.replace('*', '%'))})"
                written = liked if op == "=" else f"NOT {liked}"
                self.warn(f"the * in {searched} stands for itself here: write {written}, or search {searched}")

    def _binary(self, expression: Binary) -> Sql:
        op = expression.op
        left_value, right_value = self.value(expression.left), self.value(expression.right)
        for side, value in ((expression.left, left_value), (expression.right, right_value)):
            if value.kind is Kind.BOOLEAN:
                self.fail(side, f"{op} takes values, but this is a test")
        if op == "LIKE":
            return like(left_value, right_value)
        if op in ("=", "!="):
            self.warn_of_stars(expression.left, expression.right, op)
        if op in ("=", "!=", "<", ">", "<=", ">="):
            return Sql(compare(left_value, op, right_value), Kind.BOOLEAN)
        if op == ".":
            return Sql(f"({as_text(left_value)} || {as_text(right_value)})", Kind.LITERAL)
        return _arithmetic(left_value, op, right_value)


def _factor(value: Sql) -> str:
    return f"'=' || {as_text(value)}" if value.exact else as_text(value)


def _arithmetic(left: Sql, op: str, right: Sql) -> Sql:
    a, b = as_number(left), as_number(right)
    if op == "+" and Kind.LITERAL in (left.kind, right.kind):
        return Sql(f"({as_text(left)} || {as_text(right)})", Kind.LITERAL)
    if op == "+" and {left.kind, right.kind} <= {Kind.TEXT, Kind.MULTIVALUE}:
        # Two fields: numbers add up, texts are joined (Search Reference, "eval", "Operators").
        return Sql(f"spl_plus({as_text(left)}, {as_text(right)})", Kind.TEXT)
    if op == "*":
        return Sql(f"spl_product({_factor(left)}, {_factor(right)})", Kind.TEXT)
    if op in "/%":
        b = f"spl_divisor({b})"
    return Sql(f"({a} {op} {b})", Kind.NUMBER)
