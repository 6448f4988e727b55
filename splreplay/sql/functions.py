"""The eval functions: each turns its arguments into SQL (Search Reference, "Evaluation functions")."""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import duckdb
from duckdb.func import SPECIAL

from splreplay import jsonpath, limits, times
from splreplay.spl.expression import Binary, Call, Expression, Field, Logic, Number, Text, Unary
from splreplay.sql import pcre
from splreplay.sql.comparison import any_value, compare, like
from splreplay.sql.expressions import Compiler
from splreplay.sql.patterns import check, matches, re2_replacement, replaced
from splreplay.sql.values import (
    EACH,
    NOTHING,
    Kind,
    Sql,
    as_list,
    as_number,
    as_text,
    cast,
    common_kind,
    number,
    or_null,
)

Arguments = tuple[Expression, ...]
Builder = Callable[[Arguments, Compiler, Call], Sql]

_FUNCTIONS: dict[str, tuple[int, int | None, Builder]] = {}


def _function(name: str, least: int, most: int | None) -> Callable[[Builder], Builder]:
    """Register a builder for *name*, which takes *least* to *most* arguments (None: any number)."""

    def register(builder: Builder) -> Builder:
        _FUNCTIONS[name] = (least, most, builder)
        return builder

    return register


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


# Python functions for what SQL lacks. DuckDB calls them for each value, and NULL gives NULL.


@functools.lru_cache
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text.strip(), strict=False)


def _in_network(network: str, address: str) -> bool | None:
    try:
        return ipaddress.ip_address(address.strip()) in _network(network)
    except ValueError:
        return False


def _ip_key(address: str) -> bytes | None:
    """Sort key of an address: IPv4 before IPv6, by number."""
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    return bytes([parsed.version]) + parsed.packed


def create_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Give *connection* the Python functions that the texts made here call."""
    declared: tuple[tuple[str, Callable[..., Any], list[Any], str], ...] = (
        ("py_cidrmatch", _in_network, ["VARCHAR", "VARCHAR"], "BOOLEAN"),
        ("py_ip_key", _ip_key, ["VARCHAR"], "BLOB"),
        ("py_matches", pcre.matches, ["VARCHAR", "VARCHAR"], "BOOLEAN"),
        ("py_extracted", pcre.extracted, ["VARCHAR", "VARCHAR", "INTEGER", "INTEGER"], "VARCHAR[]"),
        ("py_replaced", pcre.replaced, ["VARCHAR", "VARCHAR", "VARCHAR", "INTEGER"], "VARCHAR"),
        ("py_replacement", re2_replacement, ["VARCHAR", "VARCHAR"], "VARCHAR"),
        ("py_strftime", times.format_time, ["DOUBLE", "VARCHAR"], "VARCHAR"),
        ("py_strptime", times.parse_time, ["VARCHAR", "VARCHAR"], "DOUBLE"),
        ("py_spath", jsonpath.extract, ["VARCHAR", "VARCHAR"], "VARCHAR[]"),
        ("py_leaves", lambda text: list(jsonpath.leaves(text)), ["VARCHAR"], "VARCHAR[]"),
        ("py_leaf", lambda text, path: jsonpath.leaves(text).get(path), ["VARCHAR", "VARCHAR"], "VARCHAR[]"),
        ("py_urldecode", lambda text: unquote(text), ["VARCHAR"], "VARCHAR"),
        ("py_sha512", lambda text: hashlib.sha512(text.encode()).hexdigest(), ["VARCHAR"], "VARCHAR"),
        ("py_relative_time", times.relative_time, ["DOUBLE", "VARCHAR"], "DOUBLE"),
    )
    for name, function, parameters, result in declared:
        # SPECIAL is DuckDB's word for a function that may return NULL.
        connection.create_function(name, _null_in_null_out(function), parameters, result, null_handling=SPECIAL)


def _null_in_null_out(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)  # DuckDB reads the number of arguments off it
    def call(*values: Any) -> Any:
        return None if None in values else function(*values)

    return call


# Choice and presence


def _stored(expressions: Arguments, compiler: Compiler) -> list[Sql]:
    """Return the values, none of which is a test; quoted text is still of the kind LITERAL."""
    return [compiler.operand(expression) for expression in expressions]


def _one_kind(values: list[Sql]) -> tuple[Kind, list[str]]:
    """Return the kind that can hold every value, and their texts cast to it."""
    kinds = {value.kind for value in values} - {Kind.NOTHING}
    kind = common_kind(values)
    shown = Kind.LITERAL if kinds == {Kind.LITERAL} else kind
    return shown, [cast(value, kind) for value in values]


@_function("if", 3, 3)
def _if(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    test = compiler.boolean(arguments[0])
    kind, (then, otherwise) = _one_kind(_stored(arguments[1:], compiler))
    return Sql(f"(CASE WHEN {test} THEN {then} ELSE {otherwise} END)", kind)


@_function("case", 2, None)
@_function("validate", 2, None)
def _case(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """The value behind the first test that is true, or for `validate` false."""
    if len(arguments) % 2:
        compiler.cursor.fail(f"{node.function} takes pairs: test, value, test, value, …", node.token)
    when = "WHEN" if node.function == "case" else "WHEN NOT"
    tests = [compiler.boolean(test) for test in arguments[::2]]
    kind, results = _one_kind(_stored(arguments[1::2], compiler))
    whens = " ".join(f"{when} {test} THEN {result}" for test, result in zip(tests, results, strict=True))
    return Sql(f"(CASE {whens} END)", kind)


@_function("coalesce", 1, None)
def _coalesce(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    kind, values = _one_kind(_stored(arguments, compiler))
    return Sql(f"coalesce({', '.join(values)})", kind)


@_function("nullif", 2, 2)
def _nullif(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    left, right = _stored(arguments, compiler)
    return Sql(f"(CASE WHEN {compare(left, '=', right)} THEN NULL ELSE {left.text} END)", left.kind)


@_function("in", 2, None)
def _in(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    value, *wanted = _stored(arguments, compiler)
    return Sql(f"({' OR '.join(compare(value, '=', choice) for choice in wanted)})", Kind.BOOLEAN)


# Text


def _text(expression: Expression, compiler: Compiler) -> str:
    return as_text(compiler.operand(expression))


def _matches(text: str, pattern: Expression, compiler: Compiler, node: Call) -> str:
    """SQL for whether a pattern matches; NULL where the value of a field is not a regular expression."""
    if isinstance(pattern, Text):
        check(pattern.value, compiler.cursor, node.token)
        return matches(text, pattern.value)
    return f"py_matches({text}, {_text(pattern, compiler)})"


def _number(expression: Expression, compiler: Compiler) -> str:
    return as_number(compiler.operand(expression))


def _integer(expression: Expression, compiler: Compiler, sql_type: str = "BIGINT") -> str:
    """SQL for a whole number; NULL where there is none or it is too large."""
    return f"TRY_CAST({_number(expression, compiler)} AS {sql_type})"


# The name of the value inside _bound; no field has this name.
_BOUND = '"#bound"'


def _bound(value: str, body: str) -> str:
    """Return SQL for *body*, in which _BOUND is *value*; if nested calls repeated a value, the SQL would double each time."""
    return f"list_transform([{value}], lambda {_BOUND}: {body})[1]"


def _each(expression: Expression, compiler: Compiler, sql: Callable[[str], str]) -> Sql:
    """Apply *sql* to the text, or to each value of a multivalue."""
    value = compiler.operand(expression)
    if value.kind is Kind.MULTIVALUE:
        each = f"list_transform({value.text}, lambda {EACH}: {sql(EACH)})"
        return Sql(or_null(f"list_filter({each}, lambda {EACH}: {EACH} IS NOT NULL)"), Kind.MULTIVALUE)
    return Sql(sql(as_text(value)), Kind.TEXT if value.kind is not Kind.LITERAL else Kind.LITERAL)


@_function("trim", 1, 2)
@_function("ltrim", 1, 2)
@_function("rtrim", 1, 2)
def _trim(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    characters = _text(arguments[1], compiler) if len(arguments) == 2 else "' ' || chr(9)"
    return _each(arguments[0], compiler, lambda text: f"{node.function}({text}, {characters})")


_FURTHEST = 2**32 - 1  # the limit of the database's substr, and longer than any text


def _place(expression: Expression, compiler: Compiler) -> str:
    """SQL for a place in a text, or a length, cut to what the database accepts."""
    if isinstance(expression, Number) and expression.value <= _FURTHEST:
        return _integer(expression, compiler)
    ends = f"WHEN {_BOUND} > {_FURTHEST} THEN {_FURTHEST} WHEN {_BOUND} < -{_FURTHEST} THEN -{_FURTHEST}"
    return _bound(_number(expression, compiler), f"CASE {ends} ELSE TRY_CAST({_BOUND} AS BIGINT) END")


@_function("substr", 2, 3)
def _substr(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    rest = [_place(argument, compiler) for argument in arguments[1:]]
    return _each(arguments[0], compiler, lambda text: f"substr({text}, {', '.join(rest)})")


@_function("replace", 3, 3)
def _replace(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    _, pattern, by = arguments
    if isinstance(pattern, Text):
        check(pattern.value, compiler.cursor, node.token)
        if isinstance(by, Text):
            new = re2_replacement(pattern.value, by.value)
            return _each(arguments[0], compiler, lambda text: replaced(text, pattern.value, new))
    written = _text(pattern, compiler)
    new = f"py_replacement({written}, {_text(by, compiler)})"
    return _each(arguments[0], compiler, lambda text: f"py_replaced({text}, {written}, {new}, 0)")


@_function("match", 2, 2)
def _match(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    value = compiler.operand(arguments[0])
    if value.kind is Kind.MULTIVALUE:
        return Sql(any_value(value, EACH, _matches(EACH, arguments[1], compiler, node)), Kind.BOOLEAN)
    return Sql(_matches(as_text(value), arguments[1], compiler, node), Kind.BOOLEAN)


@_function("like", 2, 2)
def _like(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    return like(compiler.operand(arguments[0]), compiler.operand(arguments[1]))


@_function("spath", 2, 2)
def _spath(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    text, path = (_text(argument, compiler) for argument in arguments)
    compiler.warn("spath() reads JSON here, not XML: a value that is XML gives nothing")
    return Sql(f"py_spath({text}, {path})", Kind.MULTIVALUE)


# Multivalue


@_function("mvappend", 1, None)
def _mvappend(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    parts = [f"coalesce({as_list(value)}, [])" for value in _stored(arguments, compiler)]
    return Sql(or_null(f"list_concat({', '.join(parts)})"), Kind.MULTIVALUE)


@_function("mvindex", 2, 3)
def _mvindex(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    values = as_list(compiler.operand(arguments[0]))
    whole = [_integer(argument, compiler) for argument in arguments[1:]]
    # DuckDB counts from 1, and as mvindex does from -1 backwards.
    places = ", ".join(f"(CASE WHEN {place} >= 0 THEN {place} + 1 ELSE {place} END)" for place in whole)
    if len(whole) == 1:
        return Sql(f"list_extract({values}, {places})", Kind.TEXT)
    return Sql(or_null(f"list_slice({values}, {places})"), Kind.MULTIVALUE)


@_function("mvjoin", 2, 2)
def _mvjoin(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    values, separator = as_list(compiler.operand(arguments[0])), _text(arguments[1], compiler)
    if isinstance(arguments[1], Text):
        return Sql(f"array_to_string({values}, {separator})", Kind.TEXT)
    # DuckDB joins by constants alone.
    return Sql(f"""list_reduce({values}, lambda "#a", "#b": "#a" || {separator} || "#b")""", Kind.TEXT)


@_function("mvzip", 2, 3)
def _mvzip(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    left, right = (as_list(compiler.operand(argument)) for argument in arguments[:2])
    separator = _text(arguments[2], compiler) if len(arguments) == 3 else "','"
    pairs = f"list_zip({left}, {right}, true)"
    joined = f"list_transform({pairs}, lambda {EACH}: {EACH}[1] || {separator} || {EACH}[2])"
    return Sql(or_null(joined), Kind.MULTIVALUE)


@_function("mvfind", 2, 2)
def _mvfind(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    values, test = as_list(compiler.operand(arguments[0])), _matches(EACH, arguments[1], compiler, node)
    place = f"list_position(list_transform({values}, lambda {EACH}: {test}), true)"
    return Sql(f"CAST({place} - 1 AS DOUBLE)", Kind.NUMBER)


@_function("mvfilter", 1, 1)
def _mvfilter(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    name, each = _one_field("mvfilter tests", arguments[0], compiler, node)
    test = compiler.bind(name, Sql(each, Kind.TEXT)).boolean(arguments[0])
    kept = f"list_filter({as_list(compiler.field(name))}, lambda {each}: {test})"
    return Sql(or_null(kept), Kind.MULTIVALUE)


@_function("mvmap", 2, 2)
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


# Numbers and conversion


@_function("tonumber", 1, 2)
def _tonumber(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    if len(arguments) == 1:
        return Sql(_number(arguments[0], compiler), Kind.NUMBER)
    base = arguments[1]
    if base == Number(10):
        return Sql(_number(arguments[0], compiler), Kind.NUMBER)
    if base != Number(16):
        compiler.cursor.refuse("replay's tonumber knows base 10 and 16", node.token)
    digits = f"regexp_extract({_text(arguments[0], compiler)}, '^(?:0[xX])?([0-9a-fA-F]+)$', 1)"
    return Sql(f"CAST(TRY_CAST('0x' || nullif({digits}, '') AS UBIGINT) AS DOUBLE)", Kind.NUMBER)


@_function("tostring", 1, 2)
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
        whole = f"format('{{:,}}', TRY_CAST({_BOUND} AS BIGINT))"
        shown = f"CASE WHEN {_BOUND} = trunc({_BOUND}) THEN {whole} ELSE format('{{:,.2f}}', {_BOUND}) END"
        return Sql(_bound(f"round({as_number(value)}, 2)", shown), Kind.LITERAL)
    if style == Text("duration"):
        size = f"abs({_BOUND})"
        parts = f"{size} % 86400 // 3600, {size} % 3600 // 60, {size} % 60"
        sign = f"CASE WHEN {_BOUND} < 0 THEN '-' ELSE '' END"  # inference
        days = f"CASE WHEN {size} >= 86400 THEN {size} // 86400 || '+' ELSE '' END"
        shown = f"{sign} || {days} || format('{{:02d}}:{{:02d}}:{{:02d}}', {parts})"
        return Sql(_bound(f"TRY_CAST({as_number(value)} AS BIGINT)", shown), Kind.LITERAL)
    compiler.cursor.refuse('replay\'s tostring knows "hex", "commas" and "duration"', node.token)


@_function("round", 1, 2)
def _round(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    digits = _integer(arguments[1], compiler, "INTEGER") if len(arguments) == 2 else "0"
    return Sql(f"round({_number(arguments[0], compiler)}, {digits})", Kind.NUMBER)


@_function("log", 1, 2)
def _log(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    base = _number(arguments[1], compiler) if len(arguments) == 2 else "10"
    return Sql(f"(ln({_number(arguments[0], compiler)}) / spl_divisor(ln({base})))", Kind.NUMBER)


@_function("exact", 1, 1)
def _exact(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """The number, computed without rounding its product, as a factor that rounds none."""
    (expression,) = arguments
    if isinstance(expression, Binary) and expression.op == "*":
        sides = [compiler.operand(side) for side in (expression.left, expression.right)]
        return Sql(f"({as_number(sides[0])} * {as_number(sides[1])})", Kind.NUMBER, exact=True)
    return Sql(_number(expression, compiler), Kind.NUMBER, exact=True)


@_function("min", 1, None)
@_function("max", 1, None)
def _extreme(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """Numbers are less than text, text compares as text (Search Reference, "max"); of all the values †."""
    name, values = node.function, _stored(arguments, compiler)
    if all(value.kind is Kind.NUMBER for value in values):
        of_columns = "least" if name == "min" else "greatest"
        return Sql(f"{of_columns}({', '.join(value.text for value in values)})", Kind.NUMBER)
    texts = f"list_{name}(list_filter({_BOUND}, lambda {EACH}: spl_number({EACH}) IS NULL))"
    numbers = f"spl_text(list_{name}(list_transform({_BOUND}, lambda {EACH}: spl_number({EACH}))))"
    choice = f"coalesce({texts}, {numbers})" if name == "max" else f"coalesce({numbers}, {texts})"
    listed = f"[{', '.join(as_text(value) for value in values if value.kind is not Kind.MULTIVALUE)}]"
    several = [f"coalesce({value.text}, [])" for value in values if value.kind is Kind.MULTIVALUE]
    return Sql(_bound(f"list_concat({', '.join([listed, *several])})" if several else listed, choice), Kind.TEXT)


@_function("isstr", 1, 1)
def _isstr(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    value = compiler.operand(arguments[0])
    return Sql(f"({as_text(value)} IS NOT NULL AND {as_number(value)} IS NULL)", Kind.BOOLEAN)


# Time


@_function("now", 0, 0)
@_function("time", 0, 0)
def _now(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    return Sql(number(compiler.now), Kind.NUMBER)


@_function("relative_time", 2, 2)
def _relative_time(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    modifier = arguments[1]
    if isinstance(modifier, Text) and times.relative_time(0.0, modifier.value) is None:
        compiler.cursor.fail(f"{modifier.value!r} is not a relative time", node.token, "write for example -70m@m")
    return Sql(f"py_relative_time({_number(arguments[0], compiler)}, {_text(modifier, compiler)})", Kind.NUMBER)


# Functions that are a template of SQL: how each argument is read, the template, and the kind of the value.


def _value(expression: Expression, compiler: Compiler) -> str:
    return compiler.value(expression).text


def _list(expression: Expression, compiler: Compiler) -> str:
    return as_list(compiler.operand(expression))


_Read = Callable[[Expression, Compiler], str]

_DEDUPED = f'list_filter({_BOUND}, lambda {EACH}, "#i": list_position({_BOUND}, {EACH}) = "#i")'
_TEMPLATES: dict[str, tuple[tuple[_Read, ...], str, Kind]] = {
    "null": ((), NOTHING.text, NOTHING.kind),
    "true": ((), "true", Kind.BOOLEAN),
    "false": ((), "false", Kind.BOOLEAN),
    "isnull": ((_value,), "({} IS NULL)", Kind.BOOLEAN),
    "isnotnull": ((_value,), "({} IS NOT NULL)", Kind.BOOLEAN),
    "isnum": ((_number,), "({} IS NOT NULL)", Kind.BOOLEAN),
    "isint": ((_number,), "(coalesce({0} = trunc({0}), false))", Kind.BOOLEAN),
    "cidrmatch": ((_text, _text), "py_cidrmatch({}, {})", Kind.BOOLEAN),
    "len": ((_text,), "CAST(length({}) AS DOUBLE)", Kind.NUMBER),
    "split": ((_text, _text), "string_split({}, {})", Kind.MULTIVALUE),
    "mvcount": ((_list,), "CAST(len({}) AS DOUBLE)", Kind.NUMBER),
    "mvdedup": ((_list,), _bound("{}", _DEDUPED), Kind.MULTIVALUE),
    "mvsort": ((_list,), "list_sort({})", Kind.MULTIVALUE),
    "abs": ((_number,), "abs({})", Kind.NUMBER),
    "floor": ((_number,), "floor({})", Kind.NUMBER),
    "ceil": ((_number,), "ceil({})", Kind.NUMBER),
    "ceiling": ((_number,), "ceil({})", Kind.NUMBER),
    "sqrt": ((_number,), "sqrt({})", Kind.NUMBER),
    "exp": ((_number,), "exp({})", Kind.NUMBER),
    "ln": ((_number,), "ln({})", Kind.NUMBER),
    "pi": ((), number(math.pi), Kind.NUMBER),
    "pow": ((_number, _number), "pow({}, {})", Kind.NUMBER),
    "strftime": ((_number, _text), "py_strftime({}, {})", Kind.LITERAL),
    "strptime": ((_text, _text), "py_strptime({}, {})", Kind.NUMBER),
}
# The same for functions of one text; for a multivalue they apply to each value.
_OF_EACH = {
    "lower": "lower({})",
    "upper": "upper({})",
    "md5": "md5({})",
    "sha1": "sha1({})",
    "sha256": "sha256({})",
    "sha512": "py_sha512({})",
    "urldecode": "py_urldecode({})",
}


def _from_template(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    reads, sql, kind = _TEMPLATES[node.function]
    return Sql(sql.format(*(read(argument, compiler) for read, argument in zip(reads, arguments, strict=True))), kind)


def _of_each(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    return _each(arguments[0], compiler, _OF_EACH[node.function].format)


for _name, _template in _TEMPLATES.items():
    _function(_name, len(_template[0]), len(_template[0]))(_from_template)
for _name in _OF_EACH:
    _function(_name, 1, 1)(_of_each)
