"""Aggregates over results, in groups or for each result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from splreplay import limits
from splreplay.output import Blind
from splreplay.run import Run
from splreplay.run.fields import Outputs
from splreplay.run.stages import ORDER, Table
from splreplay.spl.expression import fields_of
from splreplay.spl.pipeline import Segment
from splreplay.spl.wildcards import matching, substitute
from splreplay.sql.aggregates import PLACE, TIME, Aggregate, expand, sql_of
from splreplay.sql.spans import chosen
from splreplay.sql.values import Kind, Sql, as_number, as_text


def group(
    run: Run,
    aggregates: Sequence[Aggregate],
    by: Mapping[str, Sql],
    value: Callable[[Aggregate], Sql],
    rest: str,
    time: Sql,
    order: str | None,
    filled: bool = False,
) -> Table:
    """Return one row for each combination of the by-fields' values, in their order.

    Args:
        run: The run.
        aggregates: What to compute, without wildcards.
        by: SQL of each by-field. A row where one is NULL is in no group. A row with several values is in a group for each of
            them, and for each pair of values where two fields have several.
        value: Gives the SQL of an aggregate's field.
        rest: SQL from `FROM` on, without GROUP BY.
        time: `_time` of the rows, for earliest and latest.
        order: The column that orders the rows, for first, last and list; None where they have no order.
        filled: Whether it is known that no by-field is NULL in any row.
    """
    keys = {name: f"k{number}" for number, name in enumerate(by)}
    columns = {f"v{number}": value(aggregate) for number, aggregate in enumerate(aggregates)}
    plain = (Kind.NUMBER, Kind.MULTIVALUE)
    selected = [f"{sql.text if sql.kind in plain else as_text(sql)} AS {keys[name]}" for name, sql in by.items()]
    selected += [f"{sql.text} AS {column}" for column, sql in columns.items()]
    selected += [f"{order or 0} AS {PLACE}", f"{as_number(time)} AS {TIME}"]
    inner = f"SELECT {', '.join(selected)} {rest}"
    for name, sql in by.items():
        if sql.kind is Kind.MULTIVALUE:  # one after the other, because two unnest side by side pair their values
            inner = f"SELECT * REPLACE (unnest({keys[name]}) AS {keys[name]}) FROM ({inner})"
    # Where no field matches a wildcard and there is nothing to compute, there is no result either.
    tests = [] if filled else [f"{key} IS NOT NULL" for key in keys.values()]
    present = " AND ".join(tests) or ("true" if keys or aggregates else "false")
    grouping = f" GROUP BY {', '.join(keys.values())}" if keys else ""

    fields: dict[str, Sql] = {}
    for (name, sql), key in zip(by.items(), keys.values(), strict=True):
        fields[name] = Sql(key, Kind.NUMBER if sql.kind is Kind.NUMBER else Kind.TEXT)
    for aggregate, (column, sql) in zip(aggregates, columns.items(), strict=True):
        fields[aggregate.alias] = sql_of(aggregate, Sql(column, sql.kind))
    # Numbers come before texts. Equal numbers that are written in different ways are different groups, ordered as texts.
    key_order = ", ".join(f"{as_number(fields[name])}, {key}" for name, key in keys.items())
    order_by = f"row_number() OVER (ORDER BY {key_order})" if keys else "1"
    return run.stages.store(fields, f"FROM ({inner}) WHERE {present}{grouping}", order_by)


def grouped(segment: Segment, aggregates: tuple[Aggregate, ...], by: tuple[str, ...], rows: Table, run: Run) -> Table:
    """Return the aggregates of *rows*, one row for each group."""
    fields = {name: rows.field(name) for name in by}
    expanded = _with_edges(segment, expand(aggregates, list(rows.columns), by), rows, run)
    value = inputs(segment, rows, run)
    groups = group(run, expanded, fields, value, f"FROM {rows.name}", rows.field("_time"), ORDER)
    if rows.count and not groups.count and run.lacking.isdisjoint(by):
        # A result without one of them is in no group, and nothing else would say why there is none.
        run.say("blind", Blind("", f"no result has all of {', '.join(by)}, by which {segment.name} groups"))
    return groups


def time_range(rows: Table, run: Run) -> tuple[float, float]:
    """Return the time range of the run, the end exclusive; without one, that of the results.

    Results from beside the time range, if a search makes any, widen it †.
    """
    time = as_number(rows.field("_time"))
    first, last = (run.stages.scalar(f"SELECT {edge}({time}) FROM {rows.name}") for edge in ("min", "max"))
    if first is None:  # no result has a time, or none is made
        first = last = run.time.now
    start = first if run.time.earliest is None else min(first, run.time.earliest)
    end = math.nextafter(last, math.inf)
    return start, end if run.time.latest is None else max(end, run.time.latest)


def _with_edges(segment: Segment, aggregates: Sequence[Aggregate], rows: Table, run: Run) -> list[Aggregate]:
    """Return *aggregates*, the sparklines among them with the edges of their spans."""
    if not any(aggregate.drawn for aggregate in aggregates):
        return list(aggregates)
    start, end = time_range(rows, run)

    def edges(aggregate: Aggregate) -> tuple[float, ...]:
        span = aggregate.span or chosen(start, end)
        if (end - start) / span.least_s > limits.SPARKLINE_POINTS:
            message = f"a sparkline has at most {limits.SPARKLINE_POINTS} spans, and here more of {span}"
            segment.refuse(message, "take a longer span: sparkline(count, 1d)", aggregate.token)
        return (*span.starts(start, end), math.inf)

    return [replace(one, edges=edges(one)) if one.drawn else one for one in aggregates]


def inputs(segment: Segment, rows: Table, run: Run) -> Callable[[Aggregate], Sql]:
    """Return a function that gives the input of an aggregate: its field of *rows*, or the value of the eval inside it."""
    compiler = run.compiler(segment.cursor(), rows.field)

    def value(aggregate: Aggregate) -> Sql:
        if aggregate.expression is None:
            return rows.field(aggregate.field) if aggregate.field is not None else Sql("1", Kind.NUMBER)
        computed = compiler.value(aggregate.expression)
        if computed.kind is Kind.BOOLEAN:  # count(eval(test)) counts where the test is true
            return Sql(f"(CASE WHEN {computed.text} THEN 1.0 END)", Kind.NUMBER)
        return computed

    return value


def beside(aggregates: Iterable[Aggregate], name: str) -> str | None:
    """Return where a field's value comes from if aggregates are added to each result: from itself, unless one has its name."""
    return None if any(matching(aggregate.alias, [name]) for aggregate in aggregates) else name


def used(aggregates: Iterable[Aggregate], needed: bool) -> Iterator[str]:
    """Yield the fields that some aggregates read; *needed* as `Command.uses` has it."""
    for aggregate in aggregates:
        if aggregate.expression is not None:
            yield from fields_of(aggregate.expression, needed)
        elif aggregate.field is not None:
            yield aggregate.field


def aggregated(aggregates: Iterable[Aggregate], before: Outputs) -> Iterator[str]:
    """Yield the names of the aggregates that can have a value; with a wildcard, one name for each field that matches."""
    for aggregate in aggregates:
        if (
            aggregate.field is None
            or aggregate.expression is not None
            or aggregate.function in ("count", "dc", "sparkline")
        ):
            yield aggregate.alias
        elif "*" in aggregate.field:
            yield from (
                substitute(aggregate.field, aggregate.alias, name) for name in matching(aggregate.field, before.names)
            )
            if before.open:
                yield aggregate.alias
        elif before.may_have(aggregate.field):
            yield aggregate.alias
