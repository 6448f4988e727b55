"""Eval functions that read, build and change JSON (Search Reference, "JSON functions")."""

from __future__ import annotations

from splreplay.spl.expression import Call, Expression
from splreplay.sql.expressions import Compiler
from splreplay.sql.functions.arguments import Arguments, list_of, text_of
from splreplay.sql.functions.registry import function, template
from splreplay.sql.values import Kind, Sql, as_text

# What these return is JSON where it becomes part of other JSON, and no text.
_MAKERS = (
    *("json", "json_object", "json_array", "json_append", "json_extend", "json_set", "json_set_exact", "json_delete"),
    *("json_keys", "json_entries", "mv_to_json_array"),
)


def _member(expression: Expression, compiler: Compiler) -> str:
    """SQL for the value as JSON: quoted text is text, a multivalue an array of texts, and no value null."""
    value = compiler.value(expression)
    if value.kind is Kind.BOOLEAN:
        return f"(CASE {value.text} WHEN true THEN 'true' WHEN false THEN 'false' ELSE 'null' END)"
    if isinstance(expression, Call) and expression.function in _MAKERS:
        json = value.text
    elif value.kind is Kind.MULTIVALUE:
        several = f"py_json_of_texts({value.text}, false)"
        json = f"CASE WHEN len({value.text}) = 1 THEN py_json_of_field({value.text}[1]) ELSE {several} END"
    else:
        json = f"py_json_of_{'text' if value.kind is Kind.LITERAL else 'field'}({as_text(value)})"
    return f"coalesce({json}, 'null')"


def _texts(expressions: Arguments, compiler: Compiler) -> str:
    """SQL for a list of the values as texts."""
    return f"CAST([{', '.join(text_of(expression, compiler) for expression in expressions)}] AS VARCHAR[])"


def _members(expressions: Arguments, compiler: Compiler) -> str:
    return f"CAST([{', '.join(_member(expression, compiler) for expression in expressions)}] AS VARCHAR[])"


def _in_pairs(arguments: Arguments, compiler: Compiler, node: Call) -> tuple[Arguments, Arguments]:
    """Return the first and the second of each pair; SplSyntaxError if one is alone."""
    if len(arguments) % 2:
        first = "name" if node.function in ("json_object", "json_set_exact") else "path"
        compiler.cursor.fail(f"{node.function} takes pairs: {first}, value, {first}, value, …", node.token)
    return arguments[::2], arguments[1::2]


@function("json_object", 0, None)
def _object(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    names, members = _in_pairs(arguments, compiler, node)
    return Sql(f"py_json_object({_texts(names, compiler)}, {_members(members, compiler)})", Kind.TEXT)


@function("json_array", 0, None)
def _array(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    return Sql(f"('[' || array_to_string({_members(arguments, compiler)}, ',') || ']')", Kind.TEXT)


@function("json_append", 3, None)
@function("json_extend", 3, None)
@function("json_set", 3, None)
@function("json_set_exact", 3, None)
def _changed(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    paths, members = _in_pairs(arguments[1:], compiler, node)
    changes = f"{_texts(paths, compiler)}, {_members(members, compiler)}"
    return Sql(f"py_{node.function}({text_of(arguments[0], compiler)}, {changes})", Kind.TEXT)


@function("json_extract", 1, None)
@function("json_extract_exact", 1, None)
@function("json_delete", 2, None)
def _of_paths(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    text, paths = text_of(arguments[0], compiler), _texts(arguments[1:], compiler)
    if node.function == "json_extract_exact" and len(arguments) == 1:
        return Sql(f"py_json_extract({text}, {paths})", Kind.TEXT)
    return Sql(f"py_{node.function}({text}, {paths})", Kind.TEXT)


@function("json_array_to_mv", 1, 2)
@function("mv_to_json_array", 1, 2)
def _mv(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    flag = f"coalesce({compiler.boolean(arguments[1])}, false)" if len(arguments) == 2 else "false"
    if node.function == "json_array_to_mv":
        return Sql(f"py_json_elements({text_of(arguments[0], compiler)}, {flag})", Kind.MULTIVALUE)
    return Sql(f"py_json_of_texts({list_of(arguments[0], compiler)}, {flag})", Kind.TEXT)


template("json", (text_of,), 'list_filter([{}], lambda "#j": py_json_valid("#j"))[1]', Kind.TEXT)
template("json_valid", (text_of,), "py_json_valid({})", Kind.BOOLEAN)
template("json_keys", (text_of,), "py_json_keys({})", Kind.TEXT)
template("json_entries", (text_of,), "py_json_entries({})", Kind.TEXT)
template("json_has_key_exact", (text_of, text_of), "py_json_has_key({}, {})", Kind.BOOLEAN)
template("isarray", (text_of,), "coalesce(py_json_is_array({}), false)", Kind.BOOLEAN)
template("isobject", (text_of,), "coalesce(py_json_is_object({}), false)", Kind.BOOLEAN)
