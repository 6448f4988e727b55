"""Eval functions of time (Search Reference, "Date and Time functions")."""

from __future__ import annotations

from splreplay import times
from splreplay.spl.expression import Call, Text
from splreplay.sql.expressions import Compiler
from splreplay.sql.functions.arguments import Arguments, number_of, text_of
from splreplay.sql.functions.registry import function, template
from splreplay.sql.values import Kind, Sql, number


@function("now", 0, 0)
@function("time", 0, 0)
def _now(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    return Sql(number(compiler.now), Kind.NUMBER)


@function("relative_time", 2, 2)
def _relative_time(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    modifier = arguments[1]
    if isinstance(modifier, Text) and times.relative_time(0.0, modifier.value) is None:
        compiler.cursor.fail(f"{modifier.value!r} is not a relative time", node.token, "write for example -70m@m")
    return Sql(f"py_relative_time({number_of(arguments[0], compiler)}, {text_of(modifier, compiler)})", Kind.NUMBER)


template("strftime", (number_of, text_of), "py_strftime({}, {})", Kind.LITERAL)
template("strptime", (text_of, text_of), "py_strptime({}, {})", Kind.NUMBER)
