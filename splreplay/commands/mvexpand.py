"""mvexpand: make one result for each value of a multivalue field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import ORDER, Cursor, Run, Segment, Table, Transform
from splreplay.spl.options import count, read_options
from splreplay.sql.values import Kind, Sql


@dataclass(frozen=True)
class MvExpand(Transform):
    """`mvexpand field [limit=count]`; a limit of 0 is none."""

    keeps_fields = True

    field: str
    limit: int = 0

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> MvExpand:
        field = cursor.name()
        limit = read_options(cursor, {"limit": count}).get("limit", 0)
        return cls(segment, field, limit)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results expanded, in order; one without the field stays as it is."""
        column = rows.field(self.field)
        if column.kind is not Kind.MULTIVALUE:
            return rows
        values = f"{column.text}[1:{self.limit}]" if self.limit else column.text
        each_value = (
            f'unnest(coalesce({values}, [NULL])) AS "#one", unnest(range(coalesce(len({values}), 1))) AS "#place"'
        )
        fields = {**rows.columns, self.field: Sql('"#one"', Kind.TEXT)}
        order = f'row_number() OVER (ORDER BY {ORDER}, "#place")'
        return run.stages.store(fields, f"FROM (SELECT *, {each_value} FROM {rows.name})", order)
