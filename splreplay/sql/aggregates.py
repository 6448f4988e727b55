"""The aggregate functions of stats, eventstats and tstats, and grouping (Search Reference, "Statistical functions")."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from splreplay.spl.expression import Expression, parse_parenthesised
from splreplay.spl.options import at_option
from splreplay.spl.tokens import Cursor, Token
from splreplay.spl.wildcards import matching, substitute
from splreplay.sql.spans import Span
from splreplay.sql.values import EACH, Kind, Sql, as_list, as_number, as_text, number

# Columns beside the input of an aggregate: the place of a row for its order, and its time for earliest and latest. No field has
# these names.
PLACE, TIME = '"#place"', '"#time"'

Builder = Callable[[Sql, bool, str], Sql]

SPARKLINE = "##__SPARKLINE__##,"  # before the values of a sparkline

LIST_MAX = 100  # limits.conf.spec, [stats] list_maxsize

_PERCENTILE = re.compile(r"(?:p|perc|percentile|exactperc|upperperc)(100|[0-9]{1,2}(?:\.[0-9]{1,6})?)")
_ALIASES = {"c": "count", "distinct_count": "dc", "estdc": "dc", "mean": "avg", "stdev": "stdev"}


# What a sparkline draws (Search Reference, "stats", "Sparkline function options").
_IN_SPARKLINES = ("count", "dc", "avg", "stdev", "stdevp", "var", "varp", "sum", "sumsq", "min", "max", "range")


@dataclass(frozen=True)
class Aggregate:
    """`function(field) AS alias`; *field* is None for a bare count, and may hold a wildcard, as *alias* then must.

    A sparkline has what it draws in each span of time as *drawn*, and the *span*; None leaves it to the time range. Before it is
    turned into SQL, it gets the *edges*: the starts of its spans, and the end of the last.
    """

    function: str
    field: str | None
    alias: str
    token: Token = dataclasses.field(repr=False, compare=False)
    expression: Expression | None = None
    drawn: str = ""
    span: Span | None = None
    edges: tuple[float, ...] = ()


def parse_aggregates(
    cursor: Cursor, stop: Callable[[Token], bool], eval_inside: bool, sparklines: bool = False
) -> tuple[Aggregate, ...]:
    """Return the aggregates at the cursor, up to its end or the first token for which *stop* is true; at least one.

    Sparklines are among them only where the command has *sparklines*.
    """
    aggregates: list[Aggregate] = []
    while not (cursor.here.kind == "end" or stop(cursor.here)):
        if cursor.here.is_word("sparkline"):
            if not sparklines:
                cursor.refuse("sparkline is an aggregate of stats and chart", remedy="write: | stats sparkline(count)")
            aggregates.append(_parse_sparkline(cursor, eval_inside))
        else:
            aggregates.append(_named(cursor, *_parse_aggregate(cursor, eval_inside)))
        cursor.accept_op(",")
    if not aggregates:
        cursor.fail("expected an aggregate, for example count")
    return tuple(aggregates)


def _parse_aggregate(cursor: Cursor, eval_inside: bool) -> tuple[Aggregate, str]:
    """Return the aggregate at the cursor, up to its new name, and how it is written."""
    token = cursor.here
    if token.kind != "word":
        cursor.fail("expected an aggregate, for example count")
    cursor.take()
    function = _ALIASES.get(token.value.lower(), token.value.lower())
    if function not in _SQL and not _PERCENTILE.fullmatch(function):
        known = f"replay knows: {' '.join(sorted({*_SQL, *_ALIASES, 'perc95', 'sparkline'}))}"
        cursor.refuse(f"unsupported aggregate {token.value!r}", token, known)
    field: str | None = None
    expression: Expression | None = None
    written = token.value
    if cursor.accept_op("("):
        if cursor.here.is_word("eval") and cursor.ahead().is_op("("):
            expression = _eval_inside(cursor, eval_inside)
            field = written = cursor.text[token.start : cursor.here.end]
        elif not (function == "count" and cursor.here.is_op(")")):
            field = cursor.name()
            written = f"{token.value}({field})"
        cursor.expect_op(")")
    elif function != "count":
        cursor.fail(f"{token.value} needs a field in parentheses", token)
    return Aggregate(function, field, written, token, expression), written


def _named(cursor: Cursor, aggregate: Aggregate, written: str) -> Aggregate:
    """Return an aggregate under the new name at the cursor, or as it is *written*."""
    alias = cursor.name("a name") if cursor.accept_word("as") else written
    if aggregate.field and aggregate.expression is None and alias.count("*") != aggregate.field.count("*"):
        cursor.fail("the wildcards of the field and of its new name must match", aggregate.token)
    return replace(aggregate, alias=alias)


def _parse_sparkline(cursor: Cursor, eval_inside: bool) -> Aggregate:
    """Return `sparkline`, `sparkline(aggregate)` or `sparkline(aggregate, span)`."""
    token = cursor.take()
    inner, span = Aggregate("count", None, "count", token), None
    if cursor.accept_op("("):
        inner, _ = _parse_aggregate(cursor, eval_inside)
        if inner.function not in _IN_SPARKLINES:
            cursor.fail(f"a sparkline draws one of {' '.join(_IN_SPARKLINES)}", inner.token)
        if inner.expression is None and "*" in (inner.field or ""):
            cursor.refuse("replay's sparkline takes no wildcard", inner.token, "name the fields")
        if cursor.accept_op(","):
            start = cursor.here
            span = Span.of(cursor.name("a span"))
            if span is None:
                cursor.refuse("replay's sparkline takes spans of seconds to months", start, "write for example 1h")
        closing = cursor.expect_op(")")
        written = cursor.text[token.start : closing.end]
    else:
        written = token.value
    sparkline = replace(inner, function="sparkline", token=token, drawn=inner.function, span=span)
    return _named(cursor, sparkline, written)


def _eval_inside(cursor: Cursor, allowed: bool) -> Expression:
    word = cursor.take()
    if not allowed:
        cursor.fail("tstats takes no eval inside an aggregate", word, "compute it with eval behind tstats")
    return parse_parenthesised(cursor)


def check_names(cursor: Cursor, aggregates: Iterable[Aggregate], by: Iterable[str]) -> None:
    """Fail if two aggregates, or an aggregate and a by-field, have the same name: one would hide the other."""
    taken: dict[str, Aggregate | None] = dict.fromkeys(by)
    for aggregate in aggregates:
        if taken.setdefault(aggregate.alias, aggregate) != aggregate:
            cursor.fail(
                f"two outputs are called {aggregate.alias!r}", aggregate.token, "give one another name: AS name"
            )


def parse_by(cursor: Cursor, options: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the fields of the by-clause at the cursor, if there is one, up to one of the *options* that may follow it."""
    if not cursor.accept_word("by"):
        return ()
    cursor.skip_commas()
    names = [cursor.name()]
    cursor.skip_commas()
    while cursor.here.kind in ("word", "quoted") and not at_option(cursor, options):
        names.append(cursor.name())
        cursor.skip_commas()
    return tuple(names)


def expand(aggregates: Iterable[Aggregate], fields: Sequence[str], by: Iterable[str] = ()) -> list[Aggregate]:
    """Return *aggregates*, where one with a wildcard is replaced by one for each field that matches.

    No aggregate replaces a by-field: `values(*) as * by a` gives `a` as it is.
    """
    taken = set(by)
    expanded: list[Aggregate] = []
    for aggregate in aggregates:
        if aggregate.field is None or aggregate.expression is not None or "*" not in aggregate.field:
            expanded.append(aggregate)
            continue
        named = [
            (name, substitute(aggregate.field, aggregate.alias, name)) for name in matching(aggregate.field, fields)
        ]
        expanded += [replace(aggregate, field=name, alias=alias) for name, alias in named if alias not in taken]
    return expanded


def sql_of(aggregate: Aggregate, value: Sql, over: str = "") -> Sql:
    """Return the SQL of an aggregate of a group, or *over* a window; the rows have the columns PLACE and TIME."""
    if aggregate.drawn:
        return _sparkline(aggregate, value)
    percentile = _PERCENTILE.fullmatch(aggregate.function)
    build = _percentile(percentile[1]) if percentile else _SQL[aggregate.function]
    return build(value, aggregate.field is None, over)


# One function for each aggregate turns the SQL of its input into the SQL of the aggregate. `over` is empty, or the window of a
# running aggregate.


def _flat(value: Sql, over: str) -> str:
    return f"flatten(list({as_list(value)} ORDER BY {PLACE}) FILTER ({value.text} IS NOT NULL){over})"


def _count(value: Sql, rows: bool, over: str) -> Sql:
    if rows:
        return Sql(f"CAST(count(*){over} AS DOUBLE)", Kind.NUMBER)
    if value.kind is Kind.MULTIVALUE:
        return Sql(f"CAST(coalesce(sum(len({value.text})){over}, 0) AS DOUBLE)", Kind.NUMBER)
    return Sql(f"CAST(count({value.text}){over} AS DOUBLE)", Kind.NUMBER)


def _dc(value: Sql, rows: bool, over: str) -> Sql:
    if value.kind is Kind.MULTIVALUE:
        return Sql(f"CAST(coalesce(len(list_distinct({_flat(value, over)})), 0) AS DOUBLE)", Kind.NUMBER)
    return Sql(f"CAST(count(DISTINCT {value.text}){over} AS DOUBLE)", Kind.NUMBER)


def _values(value: Sql, rows: bool, over: str) -> Sql:
    if value.kind is Kind.MULTIVALUE:
        values = f"list_sort(list_distinct({_flat(value, over)}))"
    else:
        text = as_text(value)
        values = f"list_sort(list(DISTINCT {text}) FILTER ({text} IS NOT NULL){over})"
    return Sql(f"(CASE WHEN len({values}) > 0 THEN {values} END)", Kind.MULTIVALUE)


def _list(value: Sql, rows: bool, over: str) -> Sql:
    values = f"{_flat(value, over)}[1:{LIST_MAX}]"
    return Sql(f"(CASE WHEN len({values}) > 0 THEN {values} END)", Kind.MULTIVALUE)


def _extreme(function: str) -> Builder:
    def extreme(value: Sql, rows: bool, over: str) -> Sql:
        if value.kind is Kind.NUMBER:
            return Sql(f"{function}({value.text}){over}", Kind.NUMBER)
        if value.kind is Kind.MULTIVALUE:
            return Sql(f"spl_{function}({_flat(value, over)})", Kind.TEXT)
        text = as_text(value)
        numbers = f"spl_number({text})"
        all_numbers = f"count({text}){over} = count({numbers}){over}"
        number = f"spl_text({function}({numbers}){over})"
        return Sql(f"(CASE WHEN {all_numbers} THEN {number} ELSE {function}({text}){over} END)", Kind.TEXT)

    return extreme


def _arithmetic(sql: str, of_list: str) -> Builder:
    """An aggregate of numbers: *sql* of a column, *of_list* of all the values where the column has lists of them."""

    def arithmetic(value: Sql, rows: bool, over: str) -> Sql:
        if value.kind is Kind.MULTIVALUE:
            numbers = f"list_transform({_flat(value, over)}, lambda {EACH}: spl_number({EACH}))"
            return Sql(of_list.format(numbers), Kind.NUMBER)
        return Sql(sql.format(as_number(value), over), Kind.NUMBER)

    return arithmetic


def _percentile(percent: str) -> Builder:
    """The value at the nearest rank, which is one of them, as limits.conf's perc_method has it.

    Splunk approximates where there are more than 1,000 values; here each is exact.
    """
    share = Decimal(percent) / 100
    return _arithmetic(f"quantile_disc({{0}}, {share:f}){{1}}", f"list_aggregate({{0}}, 'quantile_disc', {share:f})")


def _spread(function: str) -> Builder:
    """A standard deviation or variance, `nan` where not all numbers are finite: the database has none of these."""
    finite = "CASE WHEN isfinite({0}) THEN {0} END"
    of_column = f"{function}({finite}){{1}}"
    test = "bool_and(isfinite({0})){1}"
    of_list = f"list_{function}(list_transform({{0}}, lambda {EACH}: {finite.format(EACH)}))"
    test_list = f"list_bool_and(list_transform({{0}}, lambda {EACH}: isfinite({EACH})))"
    nan = "CASE WHEN {} = false THEN CAST('nan' AS DOUBLE) ELSE {} END"
    return _arithmetic(nan.format(test, of_column), nan.format(test_list, of_list))


def _chosen(sql: str) -> Builder:
    """The value of one row: the first, the last, the earliest or the latest that has one."""

    def choose(value: Sql, rows: bool, over: str) -> Sql:
        kind = value.kind if value.kind in (Kind.NUMBER, Kind.MULTIVALUE) else Kind.TEXT
        text = as_text(value) if kind is Kind.TEXT else value.text
        return Sql(sql.format(text) + over, kind)

    return choose


# Of rows with the same time, the first is chosen †. Where rows have no order it is the least or the greatest value, so that each
# run gives the same.
_TIMED = f"FILTER ({{0}} IS NOT NULL AND {TIME} IS NOT NULL)"


def _mode(value: Sql, rows: bool, over: str) -> Sql:
    """The value that comes most often, as text; the least of several that do †."""
    if value.kind is Kind.MULTIVALUE:
        counts = f"list_aggregate({_flat(value, over)}, 'histogram')"
    else:
        counts = f"histogram({as_text(value)}){over}"
    rank = f"{{'n': -CAST({EACH}.value AS BIGINT), 'v': {EACH}.key}}"
    ranked = f"list_transform(map_entries({counts}), lambda {EACH}: {rank})"
    return Sql(f"list_min({ranked}).v", Kind.TEXT)


def _time_of(extreme: str) -> Builder:
    """The time of the earliest or latest row that has a value."""

    def time(value: Sql, rows: bool, over: str) -> Sql:
        return Sql(f"{extreme}({TIME}) FILTER ({value.text} IS NOT NULL){over}", Kind.NUMBER)

    return time


def _rate(value: Sql, rows: bool, over: str) -> Sql:
    """How much the value grew in a second, from the earliest to the latest; null where one of them is no number or both are one."""

    def of(function: str) -> str:
        return as_number(_SQL[function](value, rows, over))

    times_ = f"({of('latest_time')} - {of('earliest_time')})"
    return Sql(f"(({of('latest')} - {of('earliest')}) / spl_divisor({times_}))", Kind.NUMBER)


def _sparkline(aggregate: Aggregate, value: Sql) -> Sql:
    """What is drawn, as the text from which Splunk draws it †: a mark, and the aggregate of each span.

    Where a span has nothing, a count is 0 and all else is empty, as in timechart †.
    """
    points = []
    for start, end in itertools.pairwise(aggregate.edges):
        inside = f"{TIME} >= {number(start)} AND {TIME} < {number(end)}"
        there = Sql(f"(CASE WHEN {inside} THEN {value.text} END)", value.kind)
        points.append(f"coalesce({as_text(_SQL[aggregate.drawn](there, False, ''))}, '')")
    return Sql(f"'{SPARKLINE}' || array_to_string([{', '.join(points)}], ',')", Kind.TEXT)


_SQL: dict[str, Builder] = {
    "count": _count,
    "dc": _dc,
    "values": _values,
    "list": _list,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "sum": _arithmetic("sum({0}){1}", "list_sum({})"),
    "avg": _arithmetic("avg({0}){1}", "list_avg({})"),
    "sumsq": _arithmetic("sum({0} * {0}){1}", f"list_sum(list_transform({{}}, lambda {EACH}: {EACH} * {EACH}))"),
    "stdevp": _spread("stddev_pop"),
    "varp": _spread("var_pop"),
    "range": _arithmetic("(max({0}){1} - min({0}){1})", "(list_max({0}) - list_min({0}))"),
    "stdev": _spread("stddev_samp"),
    "var": _spread("var_samp"),
    "median": _percentile("50"),
    "first": _chosen(f"arg_min({{0}}, {PLACE}) FILTER ({{0}} IS NOT NULL)"),
    "last": _chosen(f"arg_max({{0}}, {PLACE}) FILTER ({{0}} IS NOT NULL)"),
    "earliest": _chosen(f"arg_min({{0}}, row({TIME}, {PLACE}, {{0}})) {_TIMED}"),
    "latest": _chosen(f"arg_max({{0}}, row({TIME}, -{PLACE}, {{0}})) {_TIMED}"),
    "mode": _mode,
    "earliest_time": _time_of("min"),
    "latest_time": _time_of("max"),
    "rate": _rate,
}
NAMES = tuple(_SQL)
