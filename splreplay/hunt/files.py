"""In which logs the results of a search lie.

The search's first command is run once more, for the logs of what it found, and its rows are matched with the results by the fields
that both have. A search that changes all of these fields, or starts in another way, leaves it unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from splreplay import cim, engine
from splreplay.cim.mapping import FILE
from splreplay.commands.search import Search
from splreplay.commands.tstats import Tstats
from splreplay.logs.names import RENDERING, SYSTEM, name_of
from splreplay.output import Results
from splreplay.planning import Plan, plan
from splreplay.recording import Recording
from splreplay.run import Means
from splreplay.sql.aggregates import Aggregate
from splreplay.sql.values import Value

Row = Mapping[str, Value]


def files(planned: Plan, results: Results, recording: Recording, means: Means) -> Sequence[str]:
    """Return the logs in which the results of a search lie, in their order; nothing where that is not known."""
    every = [file.path for file in recording.report.files]
    if len(every) == 1:
        return every
    if FILE in results.fields:
        return _in_order(results.rows, every)
    source = planned.pipeline[0]
    match source:
        case Tstats():
            names = {name: name.removeprefix(f"{source.datamodel.rpartition('.')[2]}.") for name in source.by}
            common = {name: short for name, short in names.items() if short in _single(results) and short != "_time"}
            aggregate = Aggregate("values", FILE, FILE, source.datamodel_token)
            again = replace(planned, pipeline=(replace(source, aggregates=(aggregate,)),))
        case Search():
            common = {name: name for name in _single(results) if name in _of_events(planned, recording)}
            by = ", ".join('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in common)
            grouped = f"{source.segment.source} | stats values({FILE}) as {FILE}" + (f" by {by}" if by else "")
            again = plan(planned.app, grouped, planned.addon, planned.time)
        case _:
            return ()
    found = engine.replay(again, recording, means).results.rows
    wanted = {tuple(row.get(short, "") for short in common.values()) for row in results.rows}
    return _in_order([row for row in found if tuple(row.get(name, "") for name in common) in wanted], every)


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
    named = {file for row in rows for file in _values(row.get(FILE, ""))}
    return [file for file in every if file in named]


def _values(value: Value) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
