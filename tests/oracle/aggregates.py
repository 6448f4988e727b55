"""The aggregates of stats, over the rows of one group in their order (Search Reference, "Statistical functions")."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from splreplay.sql.aggregates import Aggregate
from tests.oracle.expressions import Row, evaluate
from tests.oracle.values import Value, few, number, several, text


def aggregate(one: Aggregate, rows: Sequence[Row]) -> Value:
    """Return one aggregate of *rows*."""
    if one.field is None:
        return float(len(rows))
    inputs = [(_input(one, row), row) for row in rows]
    there = [(value, row) for value, row in inputs if value is not None]
    values = [single for value, _ in there for single in several(value)]
    if one.function in ("first", "last"):
        return None if not there else there[0 if one.function == "first" else -1][0]
    if one.function in ("earliest", "latest"):
        timed = [(time, value) for value, row in there if (time := number(row.get("_time"))) is not None]
        choose = min if one.function == "earliest" else max
        return choose(timed, key=lambda pair: pair[0])[1] if timed else None
    if one.function in ("count", "dc"):
        return float(len(values) if one.function == "count" else len(set(values)))
    if one.function in ("values", "list"):
        return few(sorted(set(values)) if one.function == "values" else values[:100])
    if one.function in ("min", "max"):
        return _extreme(values, min if one.function == "min" else max)
    numbers = [size for value in values if (size := number(value)) is not None]
    enough = len(numbers) >= (2 if one.function in ("stdev", "var") else 1)
    return _ARITHMETIC[one.function](numbers) if enough else None


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
    "stdev": statistics.stdev,
    "var": statistics.variance,
}
