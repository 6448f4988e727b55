"""How eval functions read their arguments."""

from __future__ import annotations

from collections.abc import Callable

from splreplay.spl.expression import Call, Expression, Text
from splreplay.sql.expressions import Compiler
from splreplay.sql.patterns import check, matches
from splreplay.sql.values import EACH, Kind, Sql, as_list, as_number, as_text, cast, common_kind, or_null

Arguments = tuple[Expression, ...]


def stored(expressions: Arguments, compiler: Compiler) -> list[Sql]:
    """Return the values, none of which is a test; quoted text is still of the kind LITERAL."""
    return [compiler.operand(expression) for expression in expressions]


def one_kind(values: list[Sql]) -> tuple[Kind, list[str]]:
    """Return the kind that can hold every value, and their texts cast to it."""
    kinds = {value.kind for value in values} - {Kind.NOTHING}
    kind = common_kind(values)
    shown = Kind.LITERAL if kinds == {Kind.LITERAL} else kind
    return shown, [cast(value, kind) for value in values]


def text_of(expression: Expression, compiler: Compiler) -> str:
    """SQL for the value as text."""
    return as_text(compiler.operand(expression))


def number_of(expression: Expression, compiler: Compiler) -> str:
    """SQL for the value as a number; NULL where it does not look like one."""
    return as_number(compiler.operand(expression))


def integer_of(expression: Expression, compiler: Compiler, sql_type: str = "BIGINT") -> str:
    """SQL for a whole number; NULL where there is none or it is too large."""
    return f"TRY_CAST({number_of(expression, compiler)} AS {sql_type})"


def list_of(expression: Expression, compiler: Compiler) -> str:
    """SQL for all the values."""
    return as_list(compiler.operand(expression))


def value_of(expression: Expression, compiler: Compiler) -> str:
    """SQL for the value, whatever it is."""
    return compiler.value(expression).text


# The name of the value inside `bound`; no field has this name.
BOUND = '"#bound"'


def bound(value: str, body: str) -> str:
    """Return SQL for *body*, in which BOUND is *value*; if nested calls repeated a value, the SQL would double each time."""
    return f"list_transform([{value}], lambda {BOUND}: {body})[1]"


def each(expression: Expression, compiler: Compiler, sql: Callable[[str], str]) -> Sql:
    """Apply *sql* to the text, or to each value of a multivalue."""
    value = compiler.operand(expression)
    if value.kind is Kind.MULTIVALUE:
        each = f"list_transform({value.text}, lambda {EACH}: {sql(EACH)})"
        return Sql(or_null(f"list_filter({each}, lambda {EACH}: {EACH} IS NOT NULL)"), Kind.MULTIVALUE)
    return Sql(sql(as_text(value)), Kind.TEXT if value.kind is not Kind.LITERAL else Kind.LITERAL)


def pattern_test(text: str, pattern: Expression, compiler: Compiler, node: Call) -> str:
    """SQL for whether a pattern matches; NULL where the value of a field is not a regular expression."""
    if isinstance(pattern, Text):
        check(pattern.value, compiler.cursor, node.token)
        return matches(text, pattern.value)
    return f"py_matches({text}, {text_of(pattern, compiler)})"
