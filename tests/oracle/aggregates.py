"""The aggregates of stats, over the rows of one group in their order (Search Reference, "Statistical functions")."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from splreplay.sql.aggregates import Aggregate
from tests.oracle.expressions import Row, evaluate
from tests.oracle.values import Value, few, number, several, text


def aggregate(one: Aggregate, rows: Sequence[Row], among: Sequence[Row] = ()) -> Value:
    """Return one aggregate of *rows*, which are *among* all the results: a sparkline spans these."""
    if one.drawn:
        return _sparkline(one, rows, among)
    if one.field is None:
        return float(len(rows))
    inputs = [(_input(one, row), row) for row in rows]
    there = [(value, row) for value, row in inputs if value is not None]
    values = [single for value, _ in there for single in several(value)]
    if one.function in ("first", "last"):
        return None if not there else there[0 if one.function == "first" else -1][0]
    if one.function in ("earliest", "latest", "earliest_time", "latest_time", "rate"):
        return _by_time(one.function, [(time, value) for value, row in there if (time := _time(row)) is not None])
    if one.function in ("count", "dc"):
        return float(len(values) if one.function == "count" else len(set(values)))
    if one.function in ("values", "list"):
        return few(sorted(set(values)) if one.function == "values" else values[:100])
    if one.function in ("min", "max"):
        return _extreme(values, min if one.function == "min" else max)
    if one.function == "mode":
        return min(values, key=lambda value: (-values.count(value), value)) if values else None
    numbers = [size for value in values if (size := number(value)) is not None]
    enough = len(numbers) >= (2 if one.function in ("stdev", "var") else 1)
    return _ARITHMETIC[one.function](numbers) if enough else None


def _time(row: Row) -> float | None:
    return number(row.get("_time"))


def _by_time(function: str, timed: list[tuple[float, Value]]) -> Value:
    """What the first and the last of the times say, with the first of several values of the same time."""
    if not timed:
        return None
    (start, first), (end, last) = (choose(timed, key=lambda pair: pair[0]) for choose in (min, max))
    if function == "rate":
        grown = number(last), number(first)
        return None if start == end or None in grown else (grown[0] - grown[1]) / (end - start)  # type: ignore[operator]
    return {"earliest": first, "latest": last, "earliest_time": start, "latest_time": end}[function]


def _sparkline(one: Aggregate, rows: Sequence[Row], among: Sequence[Row]) -> str:
    """The aggregate of the rows of each span, from the span of the first of all the results to that of the last."""
    assert one.span is not None and not one.span.months, "the others are the vectors' business"
    times = [time for row in among if (time := _time(row)) is not None]
    size = one.span.size
    spans = range(int(min(times) // size), int(max(times) // size) + 1) if times else range(1)
    points = []
    for span in spans:
        inside = [row for row in rows if (time := _time(row)) is not None and time // size == span]
        points.append(text(aggregate(replace(one, function=one.drawn, drawn=""), inside)) or "")
    return ",".join(["##__SPARKLINE__##", *points])


def _input(one: Aggregate, row: Row) -> Value:
    if one.expression is None:
        return row.get(one.field or "")
    value = evaluate(one.expression, row)
    return (1.0 if value else None) if isinstance(value, bool) else value


def _extreme(values: list[str], choose: Callable[..., Any]) -> Value:
    """The least or greatest: by number where all are numbers, else by text."""
    if not values:
        return None
    numbers = [number(value) for value in values]
    return choose(values) if None in numbers else text(choose(numbers))


def _ranked(numbers: list[float], percent: int) -> float:
    """The number at the nearest rank: the least one that so many percent of them do not exceed."""
    return min(size for size in numbers if 100 * sum(other <= size for other in numbers) >= percent * len(numbers))


_ARITHMETIC: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "avg": statistics.fmean,
    "range": lambda numbers: max(numbers) - min(numbers),
    "sumsq": lambda numbers: sum(size * size for size in numbers),
    "stdevp": statistics.pstdev,
    "varp": statistics.pvariance,
    "median": lambda numbers: _ranked(numbers, 50),
    "p25": lambda numbers: _ranked(numbers, 25),
    "perc99": lambda numbers: _ranked(numbers, 99),
    "exactperc90": lambda numbers: _ranked(numbers, 90),
    "upperperc10": lambda numbers: _ranked(numbers, 10),
    "stdev": statistics.stdev,
    "var": statistics.variance,
}
