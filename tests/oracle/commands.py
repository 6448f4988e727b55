"""The commands, over lists of rows: slow, plain, and made from the documentation alone.

It shares the parser's trees with replay and nothing behind them: no SQL, no kinds of columns.
"""

from __future__ import annotations

import fnmatch
import itertools
import json
import math
import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from functools import singledispatch
from typing import Any

from splreplay.commands.append import Append
from splreplay.commands.bin import Bin, Width
from splreplay.commands.dedup import Dedup
from splreplay.commands.eval import Eval
from splreplay.commands.eventstats import EventStats
from splreplay.commands.fieldformat import FieldFormat
from splreplay.commands.fields import Fields
from splreplay.commands.fieldsummary import FieldSummary
from splreplay.commands.filldown import FillDown
from splreplay.commands.fillnull import FillNull
from splreplay.commands.foreach import ForEach
from splreplay.commands.head import Head
from splreplay.commands.join import Join
from splreplay.commands.makemv import MakeMv
from splreplay.commands.makeresults import MakeResults
from splreplay.commands.mvcombine import MvCombine
from splreplay.commands.mvexpand import MvExpand
from splreplay.commands.nomv import NoMv
from splreplay.commands.rangemap import RangeMap
from splreplay.commands.regex import Regex
from splreplay.commands.rename import Rename
from splreplay.commands.replace import Replace
from splreplay.commands.rex import Rex
from splreplay.commands.search import Search
from splreplay.commands.sort import Sort
from splreplay.commands.stats import Stats
from splreplay.commands.streamstats import StreamStats
from splreplay.commands.table import Table_
from splreplay.commands.tstats import Tstats
from splreplay.commands.where import Where
from splreplay.run.order import Key
from splreplay.sql.aggregates import Aggregate
from splreplay.sql.spans import Span
from tests.oracle.aggregates import aggregate
from tests.oracle.expressions import NOW, Row, evaluate
from tests.oracle.predicates import holds
from tests.oracle.values import Value, few, natural, number, several, text

Keys = Callable[[Row, str], list[str]]


@dataclass(frozen=True)
class Results:
    """Rows in order, and the fields that they may have, in order."""

    fields: list[str]
    rows: list[Row]

    def with_field(self, name: str, value: Callable[[Row], Value]) -> Results:
        """Return the results with one field set on every row."""
        rows = [{**row, name: value(row)} for row in self.rows]
        return Results(list(dict.fromkeys([*self.fields, name])), rows)

    def where(self, test: Callable[[Row], Any]) -> Results:
        """Return the rows for which *test* is true."""
        return replace(self, rows=[row for row in self.rows if test(row)])


def run(pipeline: Iterable[Any], results: Results) -> Results:
    """Return what *pipeline* makes of *results*."""
    for command in pipeline:
        results = meaning(command, results)
    return results


def shown(results: Results) -> list[dict[str, str | list[str]]]:
    """Return the rows as replay shows them: text, lists of text, nothing for null."""
    found = []
    for row in results.rows:
        cells = {name: row.get(name) for name in results.fields}
        found.append({name: _cell(value) for name, value in cells.items() if text(value) is not None})
    return found


def _cell(value: Value) -> str | list[str]:
    return value if isinstance(value, list) else text(value) or ""


@singledispatch
def meaning(command: Any, results: Results) -> Results:
    """Return what one command makes of *results*."""
    raise NotImplementedError(command)


@meaning.register
def _(command: MakeResults, results: Results) -> Results:
    return Results(["_time"], [{"_time": NOW} for _ in range(command.count)])


@meaning.register
def _(command: Search, results: Results) -> Results:
    return results.where(lambda row: holds(command.predicate, row))


@meaning.register
def _(command: Where, results: Results) -> Results:
    return results.where(lambda row: evaluate(command.test, row))


@meaning.register
def _(command: Eval, results: Results) -> Results:
    for name, expression in command.assignments:
        if match := re.fullmatch(r"(.*)\{(\w+)\}(.*)", name):
            results = _set_named(*match.groups(), expression, results)
            continue
        results = results.with_field(name, lambda row, expression=expression: _stored(evaluate(expression, row)))
    return results


def _set_named(before: str, field: str, behind: str, expression: Any, results: Results) -> Results:
    """Each row sets the field that its own value of *field* names."""
    fields, rows = list(results.fields), []
    for row in results.rows:
        called = text(row.get(field))
        target = None if called is None else f"{before}{called}{behind}"
        fields += [target] if target and target not in fields else []
        rows.append({**row, target: _stored(evaluate(expression, row))} if target else row)
    return Results(fields, rows)


@meaning.register
def _(command: FieldFormat, results: Results) -> Results:
    return results  # only what is shown at the end differs


def _stored(value: Value) -> Value:
    """A field does not remember that its text was quoted."""
    return str(value) if isinstance(value, str) else value


@meaning.register
def _(command: Table_, results: Results) -> Results:
    named = [name for pattern in command.fields for name in matching(pattern, results.fields) or _plain(pattern)]
    kept = list(dict.fromkeys(named))
    return Results(kept, [{name: row.get(name) for name in kept} for row in results.rows])


@meaning.register
def _(command: Fields, results: Results) -> Results:
    named = [name for pattern in command.fields for name in matching(pattern, results.fields)]
    if command.drop:
        kept = [name for name in results.fields if name not in named]
    else:
        kept = [name for name in dict.fromkeys(["_time", "_raw", *named]) if name in results.fields]
    return Results(kept, [{name: row.get(name) for name in kept} for row in results.rows])


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """A star does not stand for the underscore of an internal field."""
    listed = [name for name in names if pattern[0] == "_" or name[0] != "_"]
    return [name for name in listed if fnmatch.fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))]


def _plain(pattern: str) -> list[str]:
    return [] if "*" in pattern else [pattern]


@meaning.register
def _(command: Rename, results: Results) -> Results:
    """Only plain names: wildcards are the vectors' business."""
    fields, rows = results.fields, results.rows
    for old, new in command.pairs:
        if old == new and old in fields:
            continue
        fields = [new if name == old else name for name in fields if name != new]
        rows = [{new if name == old else name: value for name, value in row.items() if name != new} for row in rows]
    return Results(fields, rows)


@meaning.register
def _(command: FillNull, results: Results) -> Results:
    for name in command.fields or results.fields:
        results = results.with_field(name, lambda row, name=name: command.value if row.get(name) is None else row[name])
    return results


@meaning.register
def _(command: Head, results: Results) -> Results:
    rows = results.rows
    if command.test is not None:
        tests = [evaluate(command.test, row) for row in rows]
        ends = [place for place, test in enumerate(tests) if not (command.null if test is None else test)]
        rows = rows[: ends[0] + command.keeplast] if ends else rows
    return replace(results, rows=rows[: command.limit])


@meaning.register
def _(command: MvExpand, results: Results) -> Results:
    rows = []
    for row in results.rows:
        values = several(row.get(command.field)) if isinstance(row.get(command.field), list) else []
        kept = values[: command.limit] if command.limit else values
        rows += [{**row, command.field: value} for value in kept] or [row]
    return replace(results, rows=rows)


@meaning.register
def _(command: Append, results: Results) -> Results:
    right = run(command.subsearch, results)
    return Results(list(dict.fromkeys([*results.fields, *right.fields])), [*results.rows, *right.rows])


@meaning.register
def _(command: Join, results: Results) -> Results:
    right = run(command.subsearch, results)
    common = [name for name in results.fields if name in right.fields and not name.startswith("_")]
    keys = list(command.fields or common)
    rows: list[Row] = []
    for row in results.rows:
        matches = [other for other in right.rows if keys and _same(row, other, keys)]
        matches = matches[: command.max] if command.max else matches
        rows += [_joined(row, other, keys, command.overwrite) for other in matches]
        rows += [row] if not matches and command.type != "inner" else []
    return Results(list(dict.fromkeys([*results.fields, *right.fields])), rows)


def _same(row: Row, other: Row, keys: Sequence[str]) -> bool:
    return all(text(row.get(key)) is not None and text(row.get(key)) == text(other.get(key)) for key in keys)


def _joined(row: Row, other: Row, keys: Sequence[str], overwrite: bool) -> Row:
    extra = {name: value for name, value in other.items() if value is not None and name not in keys}
    return {**row, **extra} if overwrite else {**extra, **{n: v for n, v in row.items() if n in row}}


@meaning.register
def _(command: Dedup, results: Results) -> Results:
    seen: dict[tuple[str | None, ...], int] = {}
    before: object = None
    rows = []
    for row in _sorted(command.sortby, results.rows):
        key = tuple(text(row.get(name)) for name in command.fields)
        if command.consecutive and key != before:
            seen.clear()
        before = key
        if None in key:
            rows += [row] if command.keepempty or command.keepevents else []
            continue
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= command.count:
            rows.append(row)
        elif command.keepevents:
            rows.append({**row, **dict.fromkeys(command.fields)})
    return replace(results, rows=rows)


@meaning.register
def _(command: Sort, results: Results) -> Results:
    rows = _sorted(command.keys, results.rows)
    return replace(results, rows=rows[: command.limit] if command.limit else rows)


def _sorted(keys: Sequence[Key], rows: Sequence[Row]) -> list[Row]:
    rows = list(rows)
    for key in reversed(keys):  # the last first: each sorting leaves equal rows as they were
        if key.way == "auto" and all(_octets(row.get(key.field)) for row in rows if row.get(key.field) is not None):
            key = replace(key, way="ip")
        there = [row for row in rows if _sort_value(key, row) is not None]
        absent = [row for row in rows if _sort_value(key, row) is None]
        ordered = sorted(there, key=lambda row, key=key: _sort_value(key, row), reverse=key.descending)
        rows = [*ordered, *absent]
    return rows


def _sort_value(key: Key, row: Row) -> Any:
    value = row.get(key.field)
    if value is None:
        return None
    if key.way == "auto":
        bucket, size, written = natural(value)
        return (bucket, size, written if bucket else "")
    return {"num": number, "str": text, "ip": _octets}[key.way](value)


def _octets(value: Value) -> list[int]:
    """Return the four numbers of an IPv4 address, none for what is no such address."""
    parts = (text(value) or "").split(".")
    octets = [int(part) for part in parts if part.isdecimal() and str(int(part)) == part and int(part) < 256]
    return octets if len(parts) == len(octets) == 4 else []


@meaning.register
def _(command: Stats, results: Results) -> Results:
    return grouped(command.aggregates, command.by, results)


def _values_of(row: Row, name: str) -> list[str]:
    return several(row.get(name))


def grouped(aggregates: Sequence[Aggregate], by: Sequence[str], results: Results, keys: Keys = _values_of) -> Results:
    """Return a row for each group; *keys* gives the groups, of one by-field, that a row is in."""
    expanded = _expanded(aggregates, results.fields, by)
    groups = _groups(results.rows, by, keys) if by else {(): results.rows} if expanded else {}
    rows = [
        dict(zip(by, key, strict=True)) | {one.alias: aggregate(one, groups[key], results.rows) for one in expanded}
        for key in sorted(groups, key=lambda key: [natural(one) for one in key])
    ]
    return Results([*by, *(one.alias for one in expanded)], rows)


def _expanded(aggregates: Sequence[Aggregate], fields: list[str], by: Sequence[str]) -> list[Aggregate]:
    """Only plain names and `* as *`, which leaves the by-fields alone: other wildcards are the vectors' business."""
    found = []
    for one in aggregates:
        if one.field == "*":
            found += [replace(one, field=name, alias=name) for name in matching("*", fields) if name not in by]
        else:
            found.append(one)
    return found


def _groups(rows: Iterable[Row], by: Sequence[str], keys: Keys) -> dict[tuple[str, ...], list[Row]]:
    """Return the rows of each combination of values; a row with several values is in several groups."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        for key in itertools.product(*(keys(row, name) for name in by)):
            groups.setdefault(key, []).append(row)
    return groups


@meaning.register
def _(command: Tstats, results: Results) -> Results:
    """tstats over the rows of its dataset, whose fields bear its name as a prefix; only `_time` does not."""
    dataset = command.datamodel.rpartition(".")[2]
    fields = [name if name == "_time" else f"{dataset}.{name}" for name in results.fields]
    rows = [dict(zip(fields, (row.get(name) for name in results.fields), strict=True)) for row in results.rows]
    found = Results(fields, rows).where(lambda row: holds(command.predicate, row))

    def keys(row: Row, name: str) -> list[str]:
        if name == "_time":
            size = command.span.size if command.span else 1
            start = (number(row["_time"]) or 0.0) // size * size
            return several(start)
        return several(row.get(name)) or ([] if command.fillnull_value is None else [command.fillnull_value])

    return grouped(command.aggregates, command.by, found, keys)


@meaning.register
def _(command: EventStats, results: Results) -> Results:
    return _per_row(command.aggregates, results, lambda place, row: _peers(results.rows, row, command.by), command.by)


@meaning.register
def _(command: StreamStats, results: Results) -> Results:
    resets = _resets(command, results.rows)

    def so_far(place: int, row: Row) -> list[Row]:
        end = place + 1 if command.current else place
        seen = list(enumerate(results.rows))[resets[place] : end]
        if command.time_window is not None:
            now = number(row["_time"]) or 0.0
            seen = [one for one in seen if abs(now - (number(one[1]["_time"]) or 0.0)) < command.time_window]
        if command.window and command.shared and command.by and command.time_window is None:
            seen = [one for one in seen if one[0] >= end - command.window]
        peers = [one for _, one in seen if _same(one, row, command.by)]
        return peers[max(0, len(peers) - command.window) :] if command.window else peers

    return _per_row(command.aggregates, results, so_far, command.by)


def _resets(command: StreamStats, rows: Sequence[Row]) -> list[int]:
    """Return for each row the place of the first that was not forgotten."""
    start, last, starts = 0, None, []
    for place, row in enumerate(rows):
        group = [text(row.get(name)) for name in command.by]
        if command.reset_on_change and None not in group:
            start, last = (place if last not in (None, group) else start), group
        if command.reset_before is not None and evaluate(command.reset_before, row):
            start = place
        starts.append(start)
        if command.reset_after is not None and evaluate(command.reset_after, row):
            start = place + 1
    return starts


def _peers(rows: Sequence[Row], row: Row, by: Sequence[str]) -> list[Row]:
    return [one for one in rows if _same(one, row, by)]


def _per_row(
    aggregates: Sequence[Aggregate], results: Results, window: Callable[[int, Row], list[Row]], by: Sequence[str]
) -> Results:
    expanded = _expanded(aggregates, results.fields, by)
    rows = []
    for place, row in enumerate(results.rows):
        peers = window(place, row)
        absent = any(row.get(name) is None for name in by)
        rows.append({**row, **{one.alias: None if absent else aggregate(one, peers) for one in expanded}})
    return Results(list(dict.fromkeys([*results.fields, *(one.alias for one in expanded)])), rows)


@meaning.register
def _(command: Bin, results: Results) -> Results:
    if command.field not in results.fields:
        return results

    sizes = [size for row in results.rows if (size := number(row.get(command.field))) is not None]
    span = command.span or _chosen(command, sizes)

    def bucket(row: Row) -> Value:
        value = row.get(command.field)
        size = number(value)
        if size is None:
            return None if command.field == "_time" else value
        if isinstance(span, Span):
            return _month(size) if span.months else float(math.floor(size / span.size) * span.size)
        width = Decimal(span.factor).scaleb(span.exponent)
        start = (Decimal(repr(size)) / width).to_integral_value(ROUND_FLOOR) * width
        return f"{text(float(start))}-{text(float(start + width))}"

    return results.with_field(command.alias, bucket)


def _chosen(command: Bin, sizes: list[float]) -> Span | Width:
    """The least power of ten, or for `_time` the least of the usual spans, that puts them into so few buckets."""
    if command.field == "_time":
        usual = (1, 5, 10, 30, 60, 300, 600, 1800, 3600)
        return Span(next(size for size in usual if max(sizes) - min(sizes) <= size * command.bins))
    for exponent in itertools.count(-9):
        buckets = {math.floor(Decimal(repr(size)).scaleb(-exponent)) for size in sizes or [0.0]}
        if max(buckets) - min(buckets) < command.bins:
            return Width(1, exponent)
    raise AssertionError


def _month(time: float) -> float:
    """The start of the month that holds a time."""
    moment = datetime.fromtimestamp(time, UTC)
    return datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()


@meaning.register
def _(command: Regex, results: Results) -> Results:
    def matches(row: Row) -> bool:
        return any(re.search(command.pattern, value) for value in several(row.get(command.field)))

    return results.where(lambda row: matches(row) == command.matches)


@meaning.register
def _(command: Rex, results: Results) -> Results:
    expression = re.compile(command.pattern.replace("(?<", "(?P<"))
    source = results.rows
    for name in expression.groupindex:
        found = [_found(expression, name, row.get(command.field), command.max_match) for row in source]
        values = iter(found)

        def value(row: Row, name: str = name, values: Any = values) -> Value:
            new = next(values)
            return row.get(name) if new is None else new

        results = results.with_field(name, value)
    return results


def _found(expression: re.Pattern[str], name: str, value: Value, limit: int) -> Value:
    matches = [list(expression.finditer(one)) for one in several(value)]
    kept = [match for of_value in matches for match in (of_value[:limit] if limit else of_value)]
    return few([one for match in kept if (one := match.group(name))])


@meaning.register
def _(command: MakeMv, results: Results) -> Results:
    if command.field not in results.fields:
        return results

    def cut(row: Row) -> Value:
        value = text(row.get(command.field))
        parts = [] if value is None else value.split(command.delim)
        return few([part for part in parts if part or command.allowempty])

    return results.with_field(command.field, cut)


@meaning.register
def _(command: ForEach, results: Results) -> Results:
    for name in [name for pattern in command.patterns for name in matching(pattern, results.fields)]:
        results = run(command.segment.parser.template(command.template.replace("<<FIELD>>", name)), results)
    return results


@meaning.register
def _(command: MvCombine, results: Results) -> Results:
    if command.field not in results.fields:
        return results
    groups: dict[tuple[str | None, ...], list[Row]] = {}
    for row in results.rows:
        key = tuple(text(row.get(name)) for name in results.fields if name != command.field)
        groups.setdefault(key, []).append(row)
    rows = [
        {**alike[0], command.field: few([one for row in alike for one in several(row.get(command.field))])}
        for alike in groups.values()
    ]
    return replace(results, rows=rows)


@meaning.register
def _(command: NoMv, results: Results) -> Results:
    if command.field not in results.fields:
        return results
    return results.with_field(command.field, lambda row: text(row.get(command.field)))


@meaning.register
def _(command: FillDown, results: Results) -> Results:
    named = [name for pattern in command.fields for name in matching(pattern, results.fields)]
    last: Row = {}
    rows = []
    for row in results.rows:
        last |= {name: value for name, value in row.items() if value is not None}
        filled = named if command.fields else results.fields
        rows.append({**row, **{name: last.get(name) for name in filled}})
    return replace(results, rows=rows)


@meaning.register
def _(command: RangeMap, results: Results) -> Results:
    def named(row: Row) -> Value:
        size = number(row.get(command.field))
        names = [one.name for one in command.ranges if size is not None and one.least <= size <= one.greatest]
        return few(names) or command.default

    return results.with_field("range", named)


@meaning.register
def _(command: Replace, results: Results) -> Results:
    """The pairs as the manual ranks them: the last without a wildcard, then the longest with one."""
    last_first = command.pairs[::-1]
    plain = [pair for pair in last_first if "*" not in pair[0]]
    wild = [pair for pair in last_first if "*" in pair[0]]
    order = [*plain, *sorted(wild, key=lambda pair: -len(pair[0].replace("*", "")))]

    def new(value: str) -> str:
        for old, by in order:
            match = re.fullmatch("(.*)".join(map(re.escape, old.split("*"))), value, re.S)
            if match:
                parts = by.split("*")
                return "".join(itertools.chain(*zip(parts, (*match.groups()[: len(parts) - 1], ""), strict=True)))
        return value

    for name in [name for pattern in command.fields or ("*",) for name in matching(pattern, results.fields)]:
        results = results.with_field(name, lambda row, name=name: few([new(one) for one in several(row.get(name))]))
    return results


@meaning.register
def _(command: FieldSummary, results: Results) -> Results:
    named = {name for pattern in command.fields or ("*",) for name in matching(pattern, results.fields)}
    rows: list[Row] = []
    for name in sorted(named):
        there = [row for row in results.rows if text(row.get(name)) is not None]
        values = [one for row in there for one in several(row.get(name))]
        sizes = [size for one in values if (size := number(one)) is not None]
        ranked = sorted(set(values), key=lambda value: (-values.count(value), value))
        kept = ranked[: command.maxvals] if command.maxvals else ranked
        listed = [{"value": one, "count": values.count(one)} for one in kept]
        summary: Row = {
            "field": name,
            "count": float(len(there)),
            "distinct_count": float(len(ranked)),
            "is_exact": float(len(kept) == len(ranked)),
            "max": max(sizes, default=None),
            "mean": statistics.fmean(sizes) if sizes else None,
            "min": min(sizes, default=None),
            "numeric_count": float(len(sizes)),
            "stdev": statistics.stdev(sizes) if len(sizes) > 1 else None,
            "values": json.dumps(listed, ensure_ascii=False, separators=(",", ":")),
        }
        rows += [summary] if there else []
    columns = "field count distinct_count is_exact max mean min numeric_count stdev values"
    return Results(columns.split(), rows)
