"""Eval functions of numbers, and between numbers and text (Search Reference, "Mathematical functions", "Conversion functions",
"Statistical eval functions")."""

from __future__ import annotations

import math
from collections.abc import Iterator

from splreplay.spl.expression import Binary, Call, Expression, Number, Text
from splreplay.sql.expressions import Compiler
from splreplay.sql.functions.arguments import BOUND, Arguments, bound, integer_of, number_of, stored, text_of
from splreplay.sql.functions.registry import function, template
from splreplay.sql.values import EACH, Kind, Sql, as_number, as_text, number


@function("tonumber", 1, 2)
def _tonumber(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    if len(arguments) == 1:
        return Sql(number_of(arguments[0], compiler), Kind.NUMBER)
    base = arguments[1]
    if base == Number(10):
        return Sql(number_of(arguments[0], compiler), Kind.NUMBER)
    if isinstance(base, Number) and base.value not in range(2, 37):
        compiler.cursor.fail("tonumber takes a base from 2 to 36", node.token)
    in_base = f"CAST(CASE WHEN {BOUND} BETWEEN 2 AND 36 THEN {BOUND} END AS INTEGER)"
    text = text_of(arguments[0], compiler)
    return Sql(bound(number_of(base, compiler), f"py_tonumber({text}, {in_base})"), Kind.NUMBER)


@function("tostring", 1, 2)
def _tostring(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    value = compiler.value(arguments[0])
    if value.kind is Kind.BOOLEAN:
        return Sql(f"(CASE WHEN {value.text} THEN 'True' ELSE 'False' END)", Kind.LITERAL)
    style = arguments[1] if len(arguments) == 2 else None
    if style is None:
        return Sql(as_text(value), Kind.LITERAL)
    if style == Text("hex"):
        return Sql(f"('0x' || upper(to_hex(TRY_CAST({as_number(value)} AS BIGINT))))", Kind.LITERAL)
    if style == Text("commas"):
        whole = f"format('{{:,}}', TRY_CAST({BOUND} AS BIGINT))"
        shown = f"CASE WHEN {BOUND} = trunc({BOUND}) THEN {whole} ELSE format('{{:,.2f}}', {BOUND}) END"
        return Sql(bound(f"round({as_number(value)}, 2)", shown), Kind.LITERAL)
    if style == Text("duration"):
        size = f"abs({BOUND})"
        parts = f"{size} % 86400 // 3600, {size} % 3600 // 60, {size} % 60"
        sign = f"CASE WHEN {BOUND} < 0 THEN '-' ELSE '' END"  # inference
        days = f"CASE WHEN {size} >= 86400 THEN {size} // 86400 || '+' ELSE '' END"
        shown = f"{sign} || {days} || format('{{:02d}}:{{:02d}}:{{:02d}}', {parts})"
        return Sql(bound(f"TRY_CAST({as_number(value)} AS BIGINT)", shown), Kind.LITERAL)
    compiler.cursor.refuse('replay\'s tostring knows "hex", "commas" and "duration"', node.token)


@function("round", 1, 2)
def _round(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    digits = integer_of(arguments[1], compiler, "INTEGER") if len(arguments) == 2 else "0"
    return Sql(f"round({number_of(arguments[0], compiler)}, {digits})", Kind.NUMBER)


@function("log", 1, 2)
def _log(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    base = number_of(arguments[1], compiler) if len(arguments) == 2 else "10"
    return Sql(f"(ln({number_of(arguments[0], compiler)}) / spl_divisor(ln({base})))", Kind.NUMBER)


@function("exact", 1, 1)
def _exact(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """The number, computed without rounding its product, as a factor that rounds none."""
    (expression,) = arguments
    if isinstance(expression, Binary) and expression.op == "*":
        sides = [compiler.operand(side) for side in (expression.left, expression.right)]
        return Sql(f"({as_number(sides[0])} * {as_number(sides[1])})", Kind.NUMBER, exact=True)
    return Sql(number_of(expression, compiler), Kind.NUMBER, exact=True)


@function("min", 1, None)
@function("max", 1, None)
def _extreme(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """Numbers are less than text, text compares as text (Search Reference, "max"); of all the values †."""
    name, values = node.function, stored(arguments, compiler)
    if all(value.kind is Kind.NUMBER for value in values):
        of_columns = "least" if name == "min" else "greatest"
        return Sql(f"{of_columns}({', '.join(value.text for value in values)})", Kind.NUMBER)
    texts = f"list_{name}(list_filter({BOUND}, lambda {EACH}: spl_number({EACH}) IS NULL))"
    numbers = f"spl_text(list_{name}(list_transform({BOUND}, lambda {EACH}: spl_number({EACH}))))"
    choice = f"coalesce({texts}, {numbers})" if name == "max" else f"coalesce({numbers}, {texts})"
    listed = f"[{', '.join(as_text(value) for value in values if value.kind is not Kind.MULTIVALUE)}]"
    several = [f"coalesce({value.text}, [])" for value in values if value.kind is Kind.MULTIVALUE]
    return Sql(bound(f"list_concat({', '.join([listed, *several])})" if several else listed, choice), Kind.TEXT)


template("abs", (number_of,), "abs({})", Kind.NUMBER)
template("floor", (number_of,), "floor({})", Kind.NUMBER)
template("ceil", (number_of,), "ceil({})", Kind.NUMBER)
template("ceiling", (number_of,), "ceil({})", Kind.NUMBER)
template("sqrt", (number_of,), "sqrt({})", Kind.NUMBER)
template("exp", (number_of,), "exp({})", Kind.NUMBER)
template("ln", (number_of,), "ln({})", Kind.NUMBER)
template("pi", (), number(math.pi), Kind.NUMBER)
template("pow", (number_of, number_of), "pow({}, {})", Kind.NUMBER)
template("random", (), "floor(random() * 2147483648)", Kind.NUMBER)


@function("sigfig", 1, 1)
def _sigfig(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """The number with as many digits as its operands allow; what is no calculation stays as it is †.

    A product or quotient has the digits of the operand with the fewest, a sum or difference the decimals of the one with the
    fewest (Search Reference, "Mathematical functions", "sigfig").
    """
    (expression,) = arguments
    number_ = number_of(expression, compiler)
    if not isinstance(expression, Binary) or expression.op not in "*/+-":
        return Sql(number_, Kind.NUMBER)
    product = expression.op in "*/"
    if expression.op == "*":
        number_ = " * ".join(number_of(side, compiler) for side in (expression.left, expression.right))
    operands = [as_text(compiler.operand(side)) for side in _operands(expression, "*/" if product else "+-")]
    counted = "spl_digits({})" if product else "length(regexp_extract({}, '[.]([0-9]*)', 1))"
    digits = f"least({', '.join(map(counted.format, operands))})"
    if not product:
        return Sql(f"round({number_}, CAST({digits} AS INTEGER))", Kind.NUMBER)
    places = f"CAST({digits} - 1 - floor(log10(abs({BOUND}))) AS INTEGER)"
    rounded = f"CASE WHEN {BOUND} = 0 OR NOT isfinite({BOUND}) THEN {BOUND} ELSE round({BOUND}, {places}) END"
    return Sql(bound(number_, rounded), Kind.NUMBER)


def _operands(expression: Expression, ops: str) -> Iterator[Expression]:
    """Yield what a chain of some operators joins."""
    if isinstance(expression, Binary) and expression.op in ops:
        yield from _operands(expression.left, ops)
        yield from _operands(expression.right, ops)
    else:
        yield expression
