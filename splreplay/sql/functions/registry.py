"""The eval functions by name: each is a builder that turns its arguments into SQL, or a template of SQL."""

from __future__ import annotations

from collections.abc import Callable

from splreplay.spl.expression import Call, Expression
from splreplay.sql.expressions import Compiler
from splreplay.sql.functions.arguments import Arguments, each
from splreplay.sql.values import Kind, Sql

Builder = Callable[[Arguments, Compiler, Call], Sql]
Read = Callable[[Expression, Compiler], str]

_FUNCTIONS: dict[str, tuple[int, int | None, Builder]] = {}


def function(name: str, least: int, most: int | None) -> Callable[[Builder], Builder]:
    """Register a builder for *name*, which takes *least* to *most* arguments (None: any number)."""

    def register(builder: Builder) -> Builder:
        _FUNCTIONS[name] = (least, most, builder)
        return builder

    return register


def template(name: str, reads: tuple[Read, ...], sql: str, kind: Kind) -> None:
    """Register a function that is a template of SQL: how each argument is read, the template, and the kind of the value."""

    def build(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
        return Sql(
            sql.format(*(read(argument, compiler) for read, argument in zip(reads, arguments, strict=True))), kind
        )

    function(name, len(reads), len(reads))(build)


def template_of_each(name: str, sql: str) -> None:
    """Register a function of one text that is a template of SQL; of a multivalue it applies to each value."""

    def build(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
        return each(arguments[0], compiler, sql.format)

    function(name, 1, 1)(build)


def names() -> list[str]:
    """Return the names of the functions that replay knows."""
    return sorted(_FUNCTIONS)


def call(node: Call, compiler: Compiler) -> Sql:
    """Return the SQL of a function call.

    Raises:
        UnsupportedError: If replay does not know the function.
        SplSyntaxError: If it takes another number of arguments.
    """
    if node.function not in _FUNCTIONS:
        known = f"replay knows: {' '.join(names())}"
        compiler.cursor.refuse(f"unsupported eval function {node.function!r}", node.token, known)
    least, most, builder = _FUNCTIONS[node.function]
    if len(node.arguments) < least or (most is not None and len(node.arguments) > most):
        count = f"{least}" if least == most else f"{least} or more" if most is None else f"{least} to {most}"
        compiler.cursor.fail(
            f"{node.function} takes {count} argument{'' if count == '1' else 's'}, not {len(node.arguments)}",
            node.token,
        )
    return builder(node.arguments, compiler, node)
