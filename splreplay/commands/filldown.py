"""filldown: give a field that has no value the last one that there was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import ORDER, Cursor, Run, Segment, Table, Transform
from splreplay.spl.wildcards import matching
from splreplay.sql.values import Sql


@dataclass(frozen=True)
class FillDown(Transform):
    """`filldown [fields]`; without fields, every field."""

    keeps_fields = True

    fields: tuple[str, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> FillDown:
        return cls(segment, tuple(cursor.names()) if cursor.here.kind != "end" else ())

    def uses(self, needed: bool = False) -> Iterable[str]:
        return self.fields

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results filled; those before the first value of a field stay without (Search Reference, "filldown")."""
        named = {name for pattern in self.fields for name in matching(pattern, rows.columns)}

        def filled(value: Sql) -> Sql:
            return Sql(f"last_value({value.text} IGNORE NULLS) OVER (ORDER BY {ORDER})", value.kind)

        fields = {name: filled(value) for name, value in rows.columns.items() if name in named or not self.fields}
        return run.stages.with_fields(rows, fields)
