"""The commands that make another table of the results, over lists of rows, made from the documentation alone as `commands` is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product, zip_longest

from splreplay.commands.addtotals import AddTotals
from splreplay.commands.appendcols import AppendCols
from splreplay.commands.appendpipe import AppendPipe
from splreplay.commands.chart import Chart
from splreplay.commands.map import Map
from splreplay.commands.return_ import Return
from splreplay.commands.reverse import Reverse
from splreplay.commands.tail import Tail
from splreplay.commands.top import Top
from splreplay.commands.transaction import Filter, Transaction
from splreplay.commands.transpose import Transpose
from splreplay.commands.union import Union
from splreplay.commands.untable import Untable
from splreplay.commands.xyseries import XySeries
from splreplay.parser import parse
from splreplay.spl.predicate import Predicate
from tests.oracle.aggregates import aggregate
from tests.oracle.commands import Results, grouped, matching, meaning, run
from tests.oracle.expressions import Row, evaluate
from tests.oracle.predicates import holds
from tests.oracle.values import Value, few, natural, number, several, text


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


@dataclass
class _Transaction:
    """The events of a transaction so far, the newest first."""

    events: list[Row]
    ended: bool
    started: bool = False
    open: bool = True
    closed: bool = False

    def value(self, name: str) -> str | None:
        return next((one for row in self.events if (one := text(row.get(name))) is not None), None)


@meaning.register
def _(command: Transaction, results: Results) -> Results:
    """Give each event to the open transaction that it suits best, looking at all of them."""
    made: list[_Transaction] = []
    rows = sorted((row for row in results.rows if number(row.get("_time")) is not None), key=lambda row: -_at(row))
    for row in rows:
        if command.fields and not _names_of(command, row):
            continue
        suited = [one for one in made if one.open and _suits(command, one, row)]
        one = max(suited, key=lambda one: _rank(command, one, row, rows), default=None)
        ends = command.endswith is not None and _passes(command.endswith, row)
        if one is not None and (ends or _beyond(command, one, row)):
            one.open, one.closed, one = False, True, None
        if one is None:
            one = _Transaction([], ends or command.endswith is None)
            made.append(one)
        one.events.append(row)
        one.started = command.startswith is not None and _passes(command.startswith, row)
        if one.started or len(one.events) == command.maxevents:
            one.open, one.closed = False, True
    fields = list(dict.fromkeys([*results.fields, "closed_txn", "duration", "eventcount"]))
    whole = [one.ended and (one.started or command.startswith is None) for one in made]
    kept = [(one, fine) for one, fine in zip(made, whole, strict=True) if fine or command.keepevicted]
    kept.sort(key=lambda pair: -_at(pair[0].events[-1]))
    return Results(fields, [_shown(one, fine, results.fields) for one, fine in kept])


def _at(row: Row) -> float:
    return number(row["_time"]) or 0.0


def _names_of(command: Transaction, row: Row) -> list[str]:
    return [name for name in command.fields if text(row.get(name)) is not None]


def _common(command: Transaction, one: _Transaction, row: Row) -> list[str]:
    return [name for name in _names_of(command, row) if one.value(name) == text(row[name])]


def _suits(command: Transaction, one: _Transaction, row: Row) -> bool:
    if any(one.value(name) not in (None, text(row[name])) for name in _names_of(command, row)):
        return False
    return bool(_common(command, one, row)) or not command.fields or not command.connected


def _rank(command: Transaction, one: _Transaction, row: Row, rows: Sequence[Row]) -> tuple[int, int]:
    last = next(place for place, other in enumerate(rows) if other is one.events[-1])
    return len(_common(command, one, row)), last


def _beyond(command: Transaction, one: _Transaction, row: Row) -> bool:
    spans = command.maxspan is not None and _at(one.events[0]) - _at(row) >= command.maxspan
    return spans or (command.maxpause is not None and _at(one.events[-1]) - _at(row) > command.maxpause)


def _passes(test: Filter, row: Row) -> bool:
    return bool(holds(test, row) if isinstance(test, Predicate) else evaluate(test, row))


def _shown(one: _Transaction, whole: bool, fields: Sequence[str]) -> Row:
    values = {name: few(sorted({value for row in one.events for value in several(row.get(name))})) for name in fields}
    return values | {
        "_time": _at(one.events[-1]),
        "closed_txn": float(whole and one.closed),
        "duration": _at(one.events[0]) - _at(one.events[-1]),
        "eventcount": float(len(one.events)),
    }


@meaning.register
def _(command: AppendPipe, results: Results) -> Results:
    return _behind(results, run(command.commands, results))


@meaning.register
def _(command: Union, results: Results) -> Results:
    for part in command.parts:
        results = _behind(results, run(part, results))
    return results


@meaning.register
def _(command: Map, results: Results) -> Results:
    """Only values that are one word: what others become is the vectors' business."""
    found = Results([], [])
    for row in results.rows[: command.maxsearches]:
        filled = re.sub(r"\$(\w+)\$", lambda name: text(row.get(name[1])) or "", command.text)  # noqa: B023
        found = _behind(found, run(parse(filled), results))
    return found


def _behind(first: Results, second: Results) -> Results:
    return Results(list(dict.fromkeys([*first.fields, *second.fields])), [*first.rows, *second.rows])


@meaning.register
def _(command: AppendCols, results: Results) -> Results:
    right = run(command.subsearch, results)
    added = [name for name in right.fields if name[0] != "_"]
    rows = []
    for mine, theirs in zip_longest(results.rows, right.rows, fillvalue={}):
        one, other = (theirs, mine) if command.override else (mine, theirs)
        shared = {name: one.get(name) if one.get(name) is not None else other.get(name) for name in added}
        rows.append({**mine, **shared})
    return Results(list(dict.fromkeys([*results.fields, *added])), rows)


@meaning.register
def _(command: Return, results: Results) -> Results:
    texts = []
    for row in results.rows[: command.limit]:
        parts = []
        for part in command.parts:
            values = several(row.get(part.field))
            tests = [one if part.name is None else f"{part.name}={_in_quotes(one)}" for one in values]
            together = " ".join(tests) if part.name is None else f"( {' OR '.join(tests)} )"
            parts += [together if len(tests) > 1 else tests[0]] if tests else []
        texts += [" ".join(parts)] if parts else []
    joined = texts[0] if len(texts) == 1 else " OR ".join(f"({one})" for one in texts)
    return Results(["search"], [{"search": joined}] if joined else [])


def _in_quotes(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@meaning.register
def _(command: Transpose, results: Results) -> Results:
    rows = results.rows[: command.limit] if command.limit else results.rows
    heads = [text(row.get(command.header_field or "")) for row in rows]
    columns = [head if head is not None else f"row {place}" for place, head in enumerate(heads, start=1)]
    turned: list[Row] = [
        {command.column_name: name} | {column: row.get(name) for column, row in zip(columns, rows, strict=True)}
        for name in results.fields
        if name != command.header_field and rows
    ]
    if not command.include_empty:
        turned = [row for row in turned if any(row[column] is not None for column in columns)]
    return Results([command.column_name, *columns], turned)


@meaning.register
def _(command: XySeries, results: Results) -> Results:
    there = [
        row for row in results.rows if text(row.get(command.x)) is not None and text(row.get(command.y)) is not None
    ]
    xs = sorted({text(row[command.x]) for row in there}, key=natural)
    ys = sorted({text(row[command.y]) or "" for row in there})
    names = {y: f"VALUE{y}" if y.startswith("_") or y == command.x else y for y in ys}
    cells: dict[tuple[str | None, str], Value] = {}
    for row in there:
        for field in command.data:
            name = names[text(row[command.y]) or ""]
            column = name if len(command.data) == 1 else f"{field}: {name}"
            if row.get(field) is not None:
                cells[text(row[command.x]), column] = row[field]
    columns = [
        name if len(command.data) == 1 else f"{field}: {name}"
        for field in command.data
        for name in sorted(names.values())
    ]
    return Results(
        [command.x, *columns], [{command.x: x} | {column: cells.get((x, column)) for column in columns} for x in xs]
    )


@meaning.register
def _(command: Untable, results: Results) -> Results:
    rows = [
        {command.x: row.get(command.x), command.y: name, command.data: row[name]}
        for row in results.rows
        for name in results.fields
        if name != command.x and name[0] != "_" and row.get(name) is not None
    ]
    return Results([command.x, command.y, command.data], rows)


@meaning.register
def _(command: AddTotals, results: Results) -> Results:
    names = list(
        dict.fromkeys(name for pattern in command.fields or ("*",) for name in matching(pattern, results.fields))
    )
    names = [name for name in names if not any(isinstance(row.get(name), list) for row in results.rows)]
    if command.row:
        results = results.with_field(command.fieldname, lambda row: float(sum(_numbers(row, names))))
        names = list(dict.fromkeys([*names, command.fieldname]))
    if not command.col:
        return results
    sums: Row = {}
    for name in names:
        numbers = [size for row in results.rows for size in _numbers(row, [name])]
        sums[name] = sum(numbers) if numbers else None
    sums |= {command.labelfield: command.label} if command.labelfield else {}
    return _behind(results, Results(list(sums), [sums] if results.rows else []))


def _numbers(row: Row, names: Sequence[str]) -> list[float]:
    return [size for name in names if (size := number(row.get(name))) is not None]
