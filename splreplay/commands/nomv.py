"""nomv: make one value of several, a line each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import Cursor, Run, Segment, Table, Transform
from splreplay.sql.values import Kind, Sql, as_text


@dataclass(frozen=True)
class NoMv(Transform):
    """`nomv field`."""

    streams = True
    keeps_fields = True
    by_name = True

    field: str

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> NoMv:
        return cls(segment, cursor.name())

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with the values of the field joined by line breaks (Search Reference, "nomv")."""
        value = rows.field(self.field)
        if value.kind is not Kind.MULTIVALUE:
            return rows
        return run.stages.with_fields(rows, {self.field: Sql(as_text(value), Kind.TEXT)})
