"""The commands that look beside the results they get: at data models, databases, files and spans of time without results.

They are over lists of rows, made from the documentation alone as `commands` is. A source gets the rows of the one dataset there is.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from splreplay.commands.chart import Chart
from splreplay.commands.datamodel import DataModel
from splreplay.commands.multisearch import MultiSearch
from splreplay.commands.timechart import TimeChart
from splreplay.commands.xmlkv import XmlKv
from splreplay.sql.spans import Span
from tests.oracle.commands import Results, grouped, meaning, run, shown
from tests.oracle.expressions import Row
from tests.oracle.values import few, number, text


@meaning.register
def _(command: DataModel, results: Results) -> Results:
    """Return the rows, the newest first, with the fields that any of them has; the mode search writes the dataset before a field."""
    root = command.name.rpartition(".")[2]
    there = [name for name in results.fields if name == "_time" or any(row.get(name) for row in results.rows)]
    names = {name: f"{root}.{name}" if command.prefixed and name != "_time" else name for name in there}
    rows = sorted(results.rows, key=_newest_first)
    return Results(list(names.values()), [{names[name]: row.get(name) for name in there} for row in rows])


@meaning.register
def _(command: MultiSearch, results: Results) -> Results:
    parts = [run(part, results) for part in command.parts]
    fields = dict.fromkeys(name for part in parts for name in part.fields)
    return Results(list(fields), sorted((row for part in parts for row in part.rows), key=_newest_first))


def _newest_first(row: Row) -> tuple[bool, float]:
    time = number(row.get("_time"))
    return time is None, -(time or 0.0)


@meaning.register
def _(command: XmlKv, results: Results) -> Results:
    """Only well-formed texts: others are the vectors' business."""
    found = [_leaves(text(row.get(command.field))) for row in results.rows]
    names = dict.fromkeys(name for leaves in found for name in sorted(leaves))
    rows = [row | leaves for row, leaves in zip(results.rows, found, strict=True)]
    return Results(list(dict.fromkeys([*results.fields, *names])), rows)


def _leaves(written: str | None) -> Row:
    try:
        root = ET.fromstring(f"<root>{written or ''}</root>")
    except ET.ParseError:
        return {}
    leaves: dict[str, list[str]] = {}
    for element in root.iter():
        if element is not root and not len(element) and element.text:
            leaves.setdefault(element.tag, []).append(element.text)
    return {name: few(values) for name, values in leaves.items()}


@dataclass(frozen=True)
class Located:
    """iplocation with the networks of its database, and the fields of each."""

    field: str
    networks: Mapping[str, Mapping[str, str]]
    names: tuple[str, ...]


@meaning.register
def _(command: Located, results: Results) -> Results:
    fields = list(dict.fromkeys([*results.fields, *command.names]))
    return Results(fields, [row | _place(command, text(row.get(command.field))) for row in results.rows])


def _place(command: Located, address: str | None) -> Row:
    try:
        wanted = ipaddress.ip_address(address or "")
    except ValueError:
        return {}
    of = [place for network, place in command.networks.items() if wanted in ipaddress.ip_network(network)]
    return dict(of[0]) if of else {}


def written(results: Results) -> str:
    """Return what outputlookup makes of the results: a CSV file, in which several values stand one on each line."""
    out = io.StringIO()
    file = csv.DictWriter(out, results.fields, lineterminator="\n")
    file.writeheader()
    for row in shown(results):
        file.writerow({name: cell if isinstance(cell, str) else "\n".join(cell) for name, cell in row.items()})
    return out.getvalue()


@meaning.register
def _(command: TimeChart, results: Results) -> Results:
    """Give each result the start of its span as its time, make a chart of these, and put the spans in between that have none."""
    span = command.span
    assert span, "the generator writes one"
    times = [time for row in results.rows if (time := number(row.get("_time"))) is not None]
    if not times:
        return Results(["_time"], [])
    there = [
        row | {"_time": _start(span, time)} for row in results.rows if (time := number(row.get("_time"))) is not None
    ]
    if command.by is None:
        charted = grouped(command.aggregates, ["_time"], replace(results, rows=there))
    else:
        limit = (command.limit, False)
        as_text = [row | {"_time": text(row["_time"])} for row in there]
        chart = Chart(
            command.segment, command.aggregates, "_time", command.by, None, limit, command.useother, command.usenull
        )
        charted = meaning(chart, replace(results, rows=as_text))
    by_start = {number(row["_time"]): row for row in charted.rows}
    columns = charted.fields[1:]
    counted = {one.alias for one in command.aggregates if one.function in ("count", "dc")}
    zero = set(columns) if command.by and counted else counted
    nothing: Row = {name: 0.0 if name in zero else None for name in columns}
    rows = []
    start = _start(span, min(times))
    while start <= max(times):
        rows.append(nothing | by_start.get(start, {}) | {"_time": start})
        start = _next(span, start)
    return Results(charted.fields, rows)


def _start(span: Span, time: float) -> float:
    if not span.months:
        return time // span.size * span.size
    moment = datetime.fromtimestamp(time, UTC)
    month = (moment.year - 1970) * 12 + moment.month - 1
    return _of_month(month // span.size * span.size)


def _next(span: Span, start: float) -> float:
    if not span.months:
        return start + span.size
    moment = datetime.fromtimestamp(start, UTC)
    return _of_month((moment.year - 1970) * 12 + moment.month - 1 + span.size)


def _of_month(month: int) -> float:
    return datetime(1970 + month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()
