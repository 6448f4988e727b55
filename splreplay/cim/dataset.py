"""A dataset of a data model, as a query of the table `event`: first an add-on's mapping, then the CIM's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from splreplay.cim.mapping import FILE, EventMapping
from splreplay.sql.values import Kind, Sql, identifier, literal

MULTIVALUE = ("answer", "record_type", "nodename", "nodes")
# Every event has these, whatever the data model.
EVENT_FIELDS = {name: f'"{name}"' for name in ("_time", "host", "source", "sourcetype", "index", FILE)}
_TYPES = {Kind.NUMBER: "DOUBLE", Kind.TEXT: "VARCHAR", Kind.MULTIVALUE: "VARCHAR[]"}


def kind(field: str) -> Kind:
    """Return the kind of a dataset's field: `_time` is in seconds since 1970, others are text, or lists of it."""
    return Kind.NUMBER if field == "_time" else Kind.MULTIVALUE if field in MULTIVALUE else Kind.TEXT


@dataclass(frozen=True)
class Dataset:
    """One dataset of a data model, over the table `event`.

    Args:
        name: "Endpoint.Processes" and so on.
        columns: The SQL of each field over what an add-on extracts; NULL where the event does not fill it. Fields that the
            CIM version lacks are left out.
        fill: The mappings of the events that fill it.
        in_log: The mappings of events that the log has; each costs a scan of its own.
        constraint: SQL over what an add-on extracts, true for its rows.
        children: The datasets below it, each with SQL that is true for its rows.
    """

    name: str
    columns: Mapping[str, str]
    fill: tuple[EventMapping, ...]
    in_log: tuple[EventMapping, ...]
    constraint: str = "true"
    children: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """Its own name, which stands before those of its fields."""
        return self.name.rpartition(".")[2]

    def kind(self, name: str) -> Kind:
        """Return the kind of a field."""
        return kind(name)

    def parts(self) -> tuple[Dataset, ...]:
        """Return it once for each kind of event in the log that fills it; nothing where none does."""
        return tuple(replace(self, in_log=(fill,)) for fill in self.in_log)

    def reads(self, fields: Iterable[str]) -> set[str]:
        """Return the events' own fields from which *fields* are made; a field that the dataset lacks needs none."""
        extracted = self._extracted(field for field in fields if field in self._expressions)
        return {own for mapping in self.fill for own in mapping.reads(extracted)}

    def query(self, fields: Iterable[str]) -> str:
        """Return the query of its rows, with these fields; `nodename` holds the datasets that a row is in."""
        chosen = {field: self._expressions[field] for field in fields}
        extracted = self._extracted(chosen)
        # A query without rows gives the names and kinds of the fields that no event fills.
        nothing = ", ".join(f'CAST(NULL AS {_TYPES[kind(name)]}) AS "{name}"' for name in sorted(extracted))
        queries = [f"SELECT {nothing} WHERE false", *(mapping.query(extracted) for mapping in self.in_log)]
        selected = ", ".join(f'{expression} AS "{field}"' for field, expression in chosen.items())
        where = "" if self.constraint == "true" else f" WHERE {self.constraint}"
        query = f"SELECT {selected} FROM ({' UNION ALL BY NAME '.join(queries)}){where}"
        return " ".join(line.strip() for line in query.splitlines())  # as --explain shows it

    @property
    def _expressions(self) -> Mapping[str, str]:
        nodes = "".join(
            f" || CASE WHEN {test} THEN [{literal(f'{self.root}.{child}')}] ELSE [] END"
            for child, test in self.children.items()
        )
        return {**self.columns, "nodename": f"[{literal(self.root)}]{nodes}"}

    def _extracted(self, fields: Iterable[str]) -> set[str]:
        """Return the fields that an add-on extracts for *fields*, and the time."""
        expressions = " ".join([self.constraint, *(self._expressions[field] for field in fields)])
        own = {*self.columns, *(name.rpartition(".")[2] for name in self.columns), "nodes"}
        known = own.union(*(mapping.fields for mapping in self.fill))
        return {"_time"} | {quoted or word for quoted, word in re.findall(r'"([^"#]+)"|(\w+)', expressions)} & known


@dataclass(frozen=True)
class Stored(Dataset):
    """A dataset whose rows a table holds; *values* is the SQL of each of its columns, and fields beyond them have no value."""

    table: str = ""
    values: Mapping[str, Sql] = field(default_factory=dict)

    def parts(self) -> tuple[Dataset, ...]:
        """Return itself, as its rows are in one place; nothing where there are none."""
        return (self,) if self.values else ()

    def kind(self, name: str) -> Kind:
        """Return the kind of a field."""
        return self.values[name].kind if name in self.values else Kind.TEXT

    def query(self, fields: Iterable[str]) -> str:
        """Return the query of its rows, with these fields."""
        listed = ((self.values[name].text if name in self.values else "NULL::VARCHAR", name) for name in fields)
        return f"SELECT {', '.join(f'{sql} AS {identifier(name)}' for sql, name in listed)} FROM {self.table}"
