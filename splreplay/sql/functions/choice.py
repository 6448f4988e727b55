"""Eval functions that choose and test (Search Reference, "Comparison and Conditional functions", "Informational functions")."""

from __future__ import annotations

from splreplay.spl.expression import Call, Text
from splreplay.spl.predicate import Term, fields_of, parse_text
from splreplay.sql.comparison import compare
from splreplay.sql.expressions import Compiler
from splreplay.sql.functions.arguments import BOUND, Arguments, bound, number_of, one_kind, stored, value_of
from splreplay.sql.functions.registry import function, template
from splreplay.sql.predicates import predicate_sql
from splreplay.sql.terms import term_sql
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
    for argument in arguments[1:]:
        compiler.warn_of_stars(arguments[0], argument)
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
template("isint", (number_of,), bound("{}", f"coalesce({BOUND} = trunc({BOUND}), false)"), Kind.BOOLEAN)


@function("isbool", 1, 1)
@function("ismv", 1, 1)
def _of_kind(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    value = compiler.value(arguments[0])
    if node.function == "isbool":
        return Sql(str(value.kind is Kind.BOOLEAN).lower(), Kind.BOOLEAN)
    several = f"coalesce(len({value.text}) > 1, false)" if value.kind is Kind.MULTIVALUE else "false"
    return Sql(several, Kind.BOOLEAN)


@function("typeof", 1, 1)
def _typeof(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """The name of the value's type; what has no value is Invalid †."""
    value = compiler.value(arguments[0])
    if value.kind is Kind.MULTIVALUE:
        one = f"CASE WHEN spl_number({value.text}[1]) IS NULL THEN 'String' ELSE 'Number' END"
        name = f"CASE WHEN len({value.text}) > 1 THEN 'Multivalue' ELSE {one} END"
    elif value.kind is Kind.TEXT:
        name = f"CASE WHEN {as_number(value)} IS NULL THEN 'String' ELSE 'Number' END"
    else:
        name = {Kind.BOOLEAN: "'Boolean'", Kind.NUMBER: "'Number'"}.get(value.kind, "'String'")
    return Sql(f"(CASE WHEN {value.text} IS NULL THEN 'Invalid' ELSE {name} END)", Kind.LITERAL)


@function("searchmatch", 1, 1)
def _searchmatch(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """Whether a search would find the result; it is quoted text, and looks for bare words in `_raw`."""
    (text,) = arguments
    if not isinstance(text, Text):
        compiler.cursor.refuse("replay's searchmatch takes a search in double quotes", node.token)
    predicate = parse_text(text.value)
    if any(name in ("earliest", "latest") for name in fields_of(predicate)):
        compiler.cursor.refuse("replay's searchmatch takes no time modifiers", node.token, "test _time instead")

    def in_raw(term: Term) -> str:
        if term.value == "*" and not term.directive:
            return "true"
        raw = compiler.field("_raw")
        if raw.kind is Kind.NOTHING:
            message = "searchmatch looks for a bare word in the raw event, and these results have none"
            compiler.cursor.refuse(message, node.token, "name the field: field=value")
        return term_sql(term, as_text(raw))

    return Sql(f"({predicate_sql(predicate, compiler.field, in_raw)})", Kind.BOOLEAN)
