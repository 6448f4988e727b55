"""Eval functions that choose and test: `if`, `case`, `coalesce`, `isnull` and the like (Search Reference, "Comparison and Conditional
functions", "Informational functions")."""

from __future__ import annotations

from splreplay.spl.expression import Call
from splreplay.sql.comparison import compare
from splreplay.sql.expressions import Compiler
from splreplay.sql.functions.arguments import Arguments, number_of, one_kind, stored, value_of
from splreplay.sql.functions.registry import function, template
from splreplay.sql.values import NOTHING, Kind, Sql, as_number, as_text


@function("if", 3, 3)
def _if(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    test = compiler.boolean(arguments[0])
    kind, (then, otherwise) = one_kind(stored(arguments[1:], compiler))
    return Sql(f"(CASE WHEN {test} THEN {then} ELSE {otherwise} END)", kind)


@function("case", 2, None)
@function("validate", 2, None)
def _case(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """The value behind the first test that is true, or for `validate` false."""
    if len(arguments) % 2:
        compiler.cursor.fail(f"{node.function} takes pairs: test, value, test, value, …", node.token)
    when = "WHEN" if node.function == "case" else "WHEN NOT"
    tests = [compiler.boolean(test) for test in arguments[::2]]
    kind, results = one_kind(stored(arguments[1::2], compiler))
    whens = " ".join(f"{when} {test} THEN {result}" for test, result in zip(tests, results, strict=True))
    return Sql(f"(CASE {whens} END)", kind)


@function("coalesce", 1, None)
def _coalesce(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    kind, values = one_kind(stored(arguments, compiler))
    return Sql(f"coalesce({', '.join(values)})", kind)


@function("nullif", 2, 2)
def _nullif(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    left, right = stored(arguments, compiler)
    return Sql(f"(CASE WHEN {compare(left, '=', right)} THEN NULL ELSE {left.text} END)", left.kind)


@function("in", 2, None)
def _in(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    value, *wanted = stored(arguments, compiler)
    return Sql(f"({' OR '.join(compare(value, '=', choice) for choice in wanted)})", Kind.BOOLEAN)


@function("isstr", 1, 1)
def _isstr(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    value = compiler.operand(arguments[0])
    return Sql(f"({as_text(value)} IS NOT NULL AND {as_number(value)} IS NULL)", Kind.BOOLEAN)


template("null", (), NOTHING.text, NOTHING.kind)
template("true", (), "true", Kind.BOOLEAN)
template("false", (), "false", Kind.BOOLEAN)
template("isnull", (value_of,), "({} IS NULL)", Kind.BOOLEAN)
template("isnotnull", (value_of,), "({} IS NOT NULL)", Kind.BOOLEAN)
template("isnum", (number_of,), "({} IS NOT NULL)", Kind.BOOLEAN)
template("isint", (number_of,), "(coalesce({0} = trunc({0}), false))", Kind.BOOLEAN)
