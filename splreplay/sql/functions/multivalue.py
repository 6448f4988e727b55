"""Eval functions of multivalue fields (Search Reference, "Multivalue eval functions")."""

from __future__ import annotations

from splreplay import limits
from splreplay.spl.expression import Binary, Call, Expression, Field, Logic, Number, Text, Unary
from splreplay.sql.expressions import Compiler
from splreplay.sql.functions.arguments import (
    BOUND,
    Arguments,
    bound,
    integer_of,
    list_of,
    number_of,
    pattern_test,
    stored,
    text_of,
)
from splreplay.sql.functions.registry import function, template
from splreplay.sql.values import EACH, Kind, Sql, as_list, or_null


@function("mvappend", 1, None)
def _mvappend(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    parts = [f"coalesce({as_list(value)}, [])" for value in stored(arguments, compiler)]
    return Sql(or_null(f"list_concat({', '.join(parts)})"), Kind.MULTIVALUE)


@function("mvindex", 2, 3)
def _mvindex(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    values = as_list(compiler.operand(arguments[0]))
    whole = [integer_of(argument, compiler) for argument in arguments[1:]]
    # DuckDB counts from 1, and as mvindex does from -1 backwards.
    places = ", ".join(f"(CASE WHEN {place} >= 0 THEN {place} + 1 ELSE {place} END)" for place in whole)
    if len(whole) == 1:
        return Sql(f"list_extract({values}, {places})", Kind.TEXT)
    return Sql(or_null(f"list_slice({values}, {places})"), Kind.MULTIVALUE)


@function("mvjoin", 2, 2)
def _mvjoin(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    values, separator = as_list(compiler.operand(arguments[0])), text_of(arguments[1], compiler)
    if isinstance(arguments[1], Text):
        return Sql(f"array_to_string({values}, {separator})", Kind.TEXT)
    # DuckDB joins by constants alone.
    return Sql(f"""list_reduce({values}, lambda "#a", "#b": "#a" || {separator} || "#b")""", Kind.TEXT)


@function("mvzip", 2, 3)
def _mvzip(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    left, right = (as_list(compiler.operand(argument)) for argument in arguments[:2])
    separator = text_of(arguments[2], compiler) if len(arguments) == 3 else "','"
    pairs = f"list_zip({left}, {right}, true)"
    joined = f"list_transform({pairs}, lambda {EACH}: {EACH}[1] || {separator} || {EACH}[2])"
    return Sql(or_null(joined), Kind.MULTIVALUE)


@function("mvfind", 2, 2)
def _mvfind(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    values, test = as_list(compiler.operand(arguments[0])), pattern_test(EACH, arguments[1], compiler, node)
    place = f"list_position(list_transform({values}, lambda {EACH}: {test}), true)"
    return Sql(f"CAST({place} - 1 AS DOUBLE)", Kind.NUMBER)


@function("mvfilter", 1, 1)
def _mvfilter(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    name, each = _one_field("mvfilter tests", arguments[0], compiler, node)
    test = compiler.bind(name, Sql(each, Kind.TEXT)).boolean(arguments[0])
    kept = f"list_filter({as_list(compiler.field(name))}, lambda {each}: {test})"
    return Sql(or_null(kept), Kind.MULTIVALUE)


@function("mvmap", 2, 2)
def _mvmap(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    name, each = _one_field("mvmap takes the values of", arguments[0], compiler, node)
    values = as_list(compiler.operand(arguments[0]))
    mapped = as_list(compiler.bind(name, Sql(each, Kind.TEXT)).stored(arguments[1]))
    return Sql(or_null(f"flatten(list_transform({values}, lambda {each}: coalesce({mapped}, [])))"), Kind.MULTIVALUE)


def _one_field(what: str, expression: Expression, compiler: Compiler, node: Call) -> tuple[str, str]:
    """Return the one field that *expression* names, and an SQL name for each of its values that no other call uses."""
    if compiler.bound >= limits.VALUE_LOOPS:  # the database takes twice as long for each one more
        compiler.cursor.refuse(
            f"replay runs at most {limits.VALUE_LOOPS} mvmap and mvfilter inside each other", node.token
        )
    fields = _fields_of(expression)
    if len(fields) != 1:
        compiler.cursor.fail(f"{what} exactly one field, not {len(fields)}", node.token)
    return fields.pop(), f'"#v{node.token.start}"'


def _fields_of(expression: Expression) -> set[str]:
    match expression:
        case Field(name):
            return {name}
        case Call(_, parts, _) | Logic(_, parts, _):
            return set[str]().union(*map(_fields_of, parts))
        case Number() | Text():
            return set()
        case Unary(_, operand, _):
            return _fields_of(operand)
        case Binary(_, left, right, _):
            return _fields_of(left) | _fields_of(right)


_DEDUPED = f'list_filter({BOUND}, lambda {EACH}, "#i": list_position({BOUND}, {EACH}) = "#i")'

template("split", (text_of, text_of), "string_split({}, {})", Kind.MULTIVALUE)
template("mvcount", (list_of,), "CAST(len({}) AS DOUBLE)", Kind.NUMBER)
template("mvdedup", (list_of,), bound("{}", _DEDUPED), Kind.MULTIVALUE)
template("mvsort", (list_of,), "list_sort({})", Kind.MULTIVALUE)


@function("mvrange", 2, 3)
def _mvrange(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    start, end = (number_of(argument, compiler) for argument in arguments[:2])
    step = text_of(arguments[2], compiler) if len(arguments) == 3 else "'1'"
    return Sql(f"py_mvrange({start}, {end}, {step})", Kind.MULTIVALUE)
