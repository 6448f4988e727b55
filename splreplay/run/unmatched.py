"""Why a search of events finds nothing in any log like this one: it asks for a place, a kind of event or a field that is not there.

A search that finds nothing says something only if there are events that it could have found: from the indexes, sources and hosts
that it names, of its kinds of event, with its fields. The predicate is therefore tried without its values, but for those of SCOPE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from splreplay.cim.mapping import FILE
from splreplay.output import Blind
from splreplay.spl.predicate import All, Any, Compare, OneOf, Predicate, failing
from splreplay.sql.predicates import predicate_sql
from splreplay.sql.values import NOTHING, Kind, Sql, as_text

# What says which events are looked at, rather than what is in them.
SCOPE = (
    "index",
    "source",
    "sourcetype",
    "host",
    "EventCode",
    "EventID",
    "Channel",
    "Computer",
    "Name",
    "eventtype",
    FILE,
)
# So many values of a field are shown.
SHOWN = 5
Leaf = Compare | OneOf


@dataclass(frozen=True)
class Searched:
    """A table of events: the SQL of its fields, and its name."""

    fields: Mapping[str, Sql]
    name: str


def reasons(predicate: Predicate, searched: Sequence[Searched], connection: duckdb.DuckDBPyConnection) -> list[Blind]:
    """Return why no event of the log could be found; nothing where one could be, with another value."""

    def tried(part: Predicate) -> bool:
        return _any(part, searched, connection)

    if tried(predicate):
        return []
    alive = {leaf: tried(leaf) for leaf in _leaves(predicate)}
    dead = list(dict.fromkeys(failing(predicate, lambda leaf: [] if alive[leaf] else [leaf])))
    absent = sorted({leaf.field for leaf in dead if not tried(Compare(leaf.field, "=", "*"))})
    said = [Blind(", ".join(absent), "no event of this log has such a field")] if absent else []
    for leaf in dead:
        if leaf.field not in absent:
            said.append(Blind(_written(leaf), _instead(leaf.field, searched, connection), "event"))
    if not dead:
        together = " ".join(map(_written, alive))
        said.append(Blind("", f"no event of this log has, with any value, all that it asks for ({together})"))
    return said


def _tried(part: Predicate, fields: Mapping[str, Sql]) -> str:
    """Return SQL for whether an event passes a predicate, or would with another value of a field that it has."""
    match part:
        case All(parts):
            return " AND ".join(f"({_tried(inner, fields)})" for inner in parts) or "true"
        case Any(parts):
            return " OR ".join(f"({_tried(inner, fields)})" for inner in parts) or "false"
        case Compare() | OneOf() if part.field in SCOPE:
            return predicate_sql(part, lambda name: fields.get(name, NOTHING), lambda term: "true")
        case Compare() | OneOf():
            value = fields.get(part.field, NOTHING)
            return "false" if value.kind is Kind.NOTHING else f"({value.text}) IS NOT NULL"
        case _:
            return "true"


def _leaves(part: Predicate) -> list[Leaf]:
    match part:
        case All(parts) | Any(parts):
            return [leaf for inner in parts for leaf in _leaves(inner)]
        case Compare() | OneOf():
            return [part]
        case _:
            return []


def _any(part: Predicate, searched: Sequence[Searched], connection: duckdb.DuckDBPyConnection) -> bool:
    queries = (f"SELECT EXISTS (FROM {table.name} WHERE {_tried(part, table.fields)})" for table in searched)
    return any(connection.execute(query).fetchall()[0][0] for query in queries)


def _written(leaf: Leaf) -> str:
    if isinstance(leaf, Compare):
        return f"{leaf.field}{leaf.op}{leaf.value}"
    return f"{leaf.field} IN ({', '.join(leaf.values)})"


def _instead(field: str, searched: Sequence[Searched], connection: duckdb.DuckDBPyConnection) -> str:
    """Return what values a field has in the log."""
    values: list[str] = []
    for table in searched:
        value = as_text(table.fields.get(field, NOTHING))
        query = f"SELECT {value} AS v FROM {table.name} WHERE v IS NOT NULL GROUP BY v ORDER BY count(*) DESC, v"
        values += [text for (text,) in connection.execute(query).fetchall()]
    shown = ", ".join(values[:SHOWN])
    more = f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else ""
    return f"in this log {field} is {shown}{more}"
