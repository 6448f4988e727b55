"""fillnull: give a value to fields that have none."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import read_options
from splreplay.spl.wildcards import matching
from splreplay.sql.values import Kind, Sql, as_text, cast, literal


@dataclass(frozen=True)
class FillNull(Transform):
    """`fillnull [value=text] [fields]`; without fields, every field that some result has."""

    keeps_values = True

    value: str
    fields: tuple[str, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> FillNull:
        value = read_options(cursor, {"value": str}).get("value", "0")
        fields = cursor.names() if cursor.here.kind != "end" else []
        return cls(segment, value, tuple(fields))

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(name for name in self.fields if "*" not in name)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results filled; a named field that no result has is added to all of them."""
        named = [name for pattern in self.fields for name in (matching(pattern, rows.columns) or [pattern])]
        filled = {name: self._filled(rows.field(name)) for name in named or rows.columns if "*" not in name}
        return run.stages.with_fields(rows, filled)

    def _filled(self, value: Sql) -> Sql:
        by = Sql(literal(self.value), Kind.LITERAL)
        if value.kind is Kind.MULTIVALUE:
            return Sql(f"coalesce({value.text}, {cast(by, Kind.MULTIVALUE)})", Kind.MULTIVALUE)
        return Sql(f"coalesce({as_text(value)}, {by.text})", Kind.TEXT)
