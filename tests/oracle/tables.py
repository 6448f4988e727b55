"""The commands that make another table of the results, over lists of rows, made from the documentation alone as `commands` is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from splreplay.commands.chart import Chart
from splreplay.commands.reverse import Reverse
from splreplay.commands.tail import Tail
from splreplay.commands.top import Top
from tests.oracle.aggregates import aggregate
from tests.oracle.commands import Results, grouped, meaning
from tests.oracle.expressions import Row
from tests.oracle.values import Value, natural, number, several, text


@meaning.register
def _(command: Top, results: Results) -> Results:
    """Count the combinations of each group, and order them by how many they are and then by value."""
    keys = [*command.by, *command.fields]
    counts = Counter(key for row in results.rows for key in product(*(several(row.get(name)) for name in keys)))
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for key in sorted(counts, key=lambda key: [natural(one) for one in key]):
        groups.setdefault(key[: len(command.by)], []).append(key)
    way = 1 if command.segment.name == "rare" else -1
    rows = []
    for group in groups.values():
        group.sort(key=lambda key: way * counts[key])
        of_all = sum(counts[key] for key in group)
        kept = group[: command.limit] if command.limit else group
        rows += [_counted(command, key, counts[key], of_all) for key in kept]
        if command.useother and len(kept) < len(group):
            other = [*kept[0][: len(command.by)], *([command.otherstr] * len(command.fields))]
            rows.append(_counted(command, other, of_all - sum(counts[key] for key in kept), of_all))
    made = [command.countfield] * command.showcount + [command.percentfield] * command.showperc
    return Results([*dict.fromkeys(keys), *made], rows)


def _counted(command: Top, key: Sequence[str], count: int, of_all: int) -> Row:
    row: Row = dict(zip([*command.by, *command.fields], key, strict=True))
    row |= {command.countfield: float(count)} if command.showcount else {}
    return row | ({command.percentfield: f"{100 * count / of_all:.6f}"} if command.showperc else {})


@meaning.register
def _(command: Tail, results: Results) -> Results:
    return replace(results, rows=results.rows[::-1][: command.limit])


@meaning.register
def _(command: Reverse, results: Results) -> Results:
    return replace(results, rows=results.rows[::-1])


@meaning.register
def _(command: Chart, results: Results) -> Results:
    """Compute each cell of the results that belong to it; without a field for columns, chart is stats."""
    if command.by is None:
        return grouped(command.aggregates, [command.row] if command.row else [], results)
    # A result with several values is in the row of each.
    there = [(one, row) for row in results.rows for one in several(row.get(command.row))]
    starts = sorted({one for one, _ in there}, key=natural)
    values = dict.fromkeys(one for _, row in there if (one := text(row.get(command.by))) is not None)
    series = {one: f"VALUE{one}" if one.startswith("_") or one == command.row else one for one in values}
    [one] = command.aggregates

    def members(start: str, inside: Sequence[str | None]) -> list[Row]:
        return [row for one, row in there if one == start and text(row.get(command.by)) in inside]

    def cell(start: str, inside: Sequence[str | None]) -> Value:
        return aggregate(one, members(start, inside))

    def size(name: str) -> float:
        sizes = [number(cell(start, [name])) for start in starts]
        return sum(one for one in sizes if one is not None)

    def known(name: str) -> bool:
        return any(number(cell(start, [name])) is not None for start in starts)

    limit, least = command.limit
    order = sorted(series, key=lambda name: (not known(name), size(name) if least else -size(name), name))
    kept = sorted(order[:limit] if limit else order)
    columns: dict[str, list[str | None]] = {series[name]: [name] for name in kept}
    absent = any(row.get(command.by) is None for _, row in there)
    others = [name for name in series if name not in kept]
    columns |= {command.nullstr: [None]} if absent and command.usenull else {}
    columns |= {command.otherstr: list(others)} if others and command.useother else {}
    shown = [start for start in starts if any(members(start, inside) for inside in columns.values())]
    rows = [{command.row: start} | {name: cell(start, inside) for name, inside in columns.items()} for start in shown]
    return Results([command.row, *columns], rows)
