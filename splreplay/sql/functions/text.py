"""Eval functions of text (Search Reference, "Text functions", "Cryptographic functions")."""

from __future__ import annotations

from splreplay.spl.expression import Call, Expression, Number, Text
from splreplay.sql import printf
from splreplay.sql.comparison import any_value, like
from splreplay.sql.expressions import Compiler
from splreplay.sql.functions.arguments import (
    BOUND,
    Arguments,
    bound,
    each,
    integer_of,
    number_of,
    pattern_test,
    text_of,
)
from splreplay.sql.functions.registry import function, template, template_of_each
from splreplay.sql.patterns import check, re2_replacement, replaced
from splreplay.sql.values import EACH, Kind, Sql, as_text, literal


@function("trim", 1, 2)
@function("ltrim", 1, 2)
@function("rtrim", 1, 2)
def _trim(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    characters = text_of(arguments[1], compiler) if len(arguments) == 2 else "' ' || chr(9)"
    return each(arguments[0], compiler, lambda text: f"{node.function}({text}, {characters})")


_FURTHEST = 2**32 - 1  # the limit of the database's substr, and longer than any text


def _place(expression: Expression, compiler: Compiler) -> str:
    """SQL for a place in a text, or a length, cut to what the database accepts."""
    if isinstance(expression, Number) and expression.value <= _FURTHEST:
        return integer_of(expression, compiler)
    ends = f"WHEN {BOUND} > {_FURTHEST} THEN {_FURTHEST} WHEN {BOUND} < -{_FURTHEST} THEN -{_FURTHEST}"
    return bound(number_of(expression, compiler), f"CASE {ends} ELSE TRY_CAST({BOUND} AS BIGINT) END")


@function("substr", 2, 3)
def _substr(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    rest = [_place(argument, compiler) for argument in arguments[1:]]
    return each(arguments[0], compiler, lambda text: f"substr({text}, {', '.join(rest)})")


@function("replace", 3, 3)
def _replace(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    _, pattern, by = arguments
    if isinstance(pattern, Text):
        check(pattern.value, compiler.cursor, node.token)
        if isinstance(by, Text):
            new = re2_replacement(pattern.value, by.value)
            return each(arguments[0], compiler, lambda text: replaced(text, pattern.value, new))
    written = text_of(pattern, compiler)
    new = f"py_replacement({written}, {text_of(by, compiler)})"
    return each(arguments[0], compiler, lambda text: f"py_replaced({text}, {written}, {new}, 0)")


@function("match", 2, 2)
def _match(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    value = compiler.operand(arguments[0])
    if value.kind is Kind.MULTIVALUE:
        return Sql(any_value(value, EACH, pattern_test(EACH, arguments[1], compiler, node)), Kind.BOOLEAN)
    return Sql(pattern_test(as_text(value), arguments[1], compiler, node), Kind.BOOLEAN)


@function("like", 2, 2)
def _like(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    return like(compiler.operand(arguments[0]), compiler.operand(arguments[1]))


@function("spath", 2, 2)
def _spath(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    text, path = (text_of(argument, compiler) for argument in arguments)
    compiler.warn("spath() reads JSON here, not XML: a value that is XML gives nothing")
    return Sql(f"py_spath({text}, {path})", Kind.MULTIVALUE)


template("len", (text_of,), "CAST(length({}) AS DOUBLE)", Kind.NUMBER)
template_of_each("lower", "lower({})")
template_of_each("upper", "upper({})")
template_of_each("md5", "md5({})")
template_of_each("sha1", "sha1({})")
template_of_each("sha256", "sha256({})")
template_of_each("sha512", "py_sha512({})")
template_of_each("urldecode", "py_urldecode({})")


@function("printf", 1, None)
def _printf(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """The arguments as the format has them; the format is quoted text (Search Reference, "Conversion functions")."""
    pattern, *values = arguments
    if not isinstance(pattern, Text):
        compiler.cursor.refuse("replay's printf takes its format in double quotes", node.token)
    try:
        parts = printf.parse(pattern.value)
    except ValueError as error:
        compiler.cursor.fail(str(error), node.token, 'write for example printf("%-10s %5.2f", a, b)')
    asked = sum(part.arguments for part in parts if isinstance(part, printf.Specifier))
    if asked != len(values):
        compiler.cursor.fail(f"the format asks for {asked} values, and there are {len(values)}", node.token)
    texts = ", ".join(text_of(value, compiler) for value in values)
    return Sql(f"py_printf({literal(pattern.value)}, CAST([{texts}] AS VARCHAR[]))", Kind.LITERAL)
