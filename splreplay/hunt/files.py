"""In which logs the results of a search lie.

The first commands of the search, which work on each event or row alone, are run once more, with the log of what they leave, and its
rows are matched with the results by the fields that the other commands hand on. Where there is no such field, or the search starts
in another way, the results may lie in any of the logs that the first commands leave something of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from splreplay import cim, engine
from splreplay.cim.mapping import FILE
from splreplay.commands.dedup import Dedup
from splreplay.commands.fields import Fields
from splreplay.commands.fillnull import FillNull
from splreplay.commands.head import Head
from splreplay.commands.join import Join
from splreplay.commands.search import Search
from splreplay.commands.tail import Tail
from splreplay.commands.tstats import Tstats
from splreplay.hunt.outcome import Place
from splreplay.logs.names import RENDERING, SYSTEM, name_of
from splreplay.output import Results
from splreplay.planning import Plan, plan
from splreplay.recording import Recording
from splreplay.run import Means
from splreplay.run.command import Source, Transform, origin, outputs
from splreplay.spl.tokens import quoted
from splreplay.sql.aggregates import Aggregate
from splreplay.sql.values import Value, storable, values_of

Row = Mapping[str, Value]


def files(planned: Plan, results: Results, recording: Recording, means: Means) -> Place:
    """Return the logs in which the results of a search lie, or may lie."""
    every = list(dict.fromkeys(file.path for file in recording.report.files))
    if len(every) == 1:
        return Place(every)
    if all(row.get(FILE) for row in results.rows):
        return Place(_in_order(results.rows, every))
    source, *others = planned.pipeline
    if not isinstance(source, Tstats | Search) or any(map(_adds_results, others)):
        return Place(every, known=False)
    first = tuple(takewhile(_works_on_each_row, others))
    before = outputs((source, *first))
    if isinstance(source, Tstats):  # its counts and times are often shown in another way
        there = before.names - {aggregate.alias for aggregate in source.aggregates}
    else:
        there = before.names | _of_events(planned, recording)
    earlier = {name: origin(name, others[len(first) :], before) for name in _single(results)}
    common = {name: old for name, old in earlier.items() if old in there and old != "_time"}
    again = _with_logs(planned, source, first, common.values())
    left: dict[object, list[Row]] = defaultdict(list)
    for row in engine.replay(again, recording, means).results.rows:
        left[_values_in(row, common.values())].append(row)
    wanted = {_values_in(row, common) for row in results.rows}
    lie = _in_order([row for values in wanted for row in left[values]], every)
    if not lie or not all(left[values] for values in wanted):  # a command has changed what it seemed to hand on
        return Place(every, known=False)
    told = bool(common) and not any(isinstance(one, Dedup | Head | Tail) for one in others)
    return Place(lie, known=told or all(len(_in_order(left[values], every)) == 1 for values in wanted))


def _with_logs(planned: Plan, source: Tstats | Search, first: Sequence[Transform], names: Iterable[str]) -> Plan:
    """Return a plan of the first commands, whose results have those of their fields that have *names*, and their logs."""
    if isinstance(source, Tstats):
        logs = Aggregate("values", FILE, FILE, source.datamodel_token)
        return replace(planned, pipeline=(replace(source, aggregates=(*source.aggregates, logs)), *first))
    text = " | ".join(command.segment.source for command in (source, *first))
    by = ", ".join(map(quoted, dict.fromkeys(names)))
    search = f"{text} | stats values({FILE}) as {FILE}" + (f" by {by}" if by else "")
    return plan(planned.app, search, planned.addon, planned.time)


def _works_on_each_row(command: Transform) -> bool:
    """Return whether a command works on each row alone, and leaves it the name of its log."""
    keeps_it = not isinstance(command, Fields) or command.drop
    return isinstance(command, FillNull) or (command.streams and keeps_it)


def _adds_results(command: Transform) -> bool:
    """Return whether a command may add results of its own, or put others in the place of those before it."""
    return not isinstance(command, Join | Search) and (bool(command.searches) or isinstance(command, Source))


def _values_in(row: Row, names: Iterable[str]) -> object:
    """Return the values of some fields of a row, so that two rows can be compared."""
    return tuple(tuple(values_of(row.get(name, ""))) for name in names)


def _single(results: Results) -> list[str]:
    """Return the fields that have one value in every result."""
    return [name for name in results.fields if all(isinstance(row.get(name), str) for row in results.rows)]


def _of_events(planned: Plan, recording: Recording) -> set[str]:
    """Return the fields that events can have, but for their time, which commands show in other ways."""
    own = {name_of(column).removeprefix(SYSTEM).removeprefix(RENDERING) for column in recording.facts.columns}
    made = {name for fields in cim.event_fields(planned.addon).values() for name in fields}
    return own | made | {"host", "source", "Computer", "Channel", "EventCode", "EventID", "Name"}


def _in_order(rows: Sequence[Row], every: Sequence[str]) -> list[str]:
    """Return the logs that some rows name, in the order of all."""
    named = {file for row in rows for file in values_of(row.get(FILE, ""))}
    return [file for file in every if storable(file) in named]
