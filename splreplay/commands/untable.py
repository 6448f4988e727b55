"""untable: a result for each cell of a table, the inverse of xyseries (Search Reference, "untable")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import NONE, ORDER, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.sql.values import Kind, Sql, cast, common_kind, literal


@dataclass(frozen=True)
class Untable(Transform):
    """`untable x y_name y_data`."""

    x: str
    y: str
    data: str

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Untable:
        names = cursor.names()
        if len(names) != 3 or len(set(names)) != 3:
            cursor.fail("untable takes three names", remedy="write: untable row column value")
        return cls(segment, *names)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.x,)

    def behind(self, before: Outputs) -> Outputs:
        return NONE.plus([*([self.x] if before.may_have(self.x) else []), self.y, self.data])

    def run(self, rows: Table, run: Run) -> Table:
        """Return one result for each value of each result, in the order of the fields; internal fields are none but x †."""
        values = {name: value for name, value in rows.columns.items() if name != self.x and name[:1] != "_"}
        kind = common_kind(values.values())
        cells = ", ".join(
            f"struct_pack(p := {place}, n := {literal(name)}, v := {cast(value, kind)})"
            for place, (name, value) in enumerate(values.items())
        )
        x = rows.field(self.x)
        made = {self.y: Sql('"#cell".n', Kind.TEXT), self.data: Sql('"#cell".v', kind)}
        if not cells:
            return run.stages.store(
                {self.x: x, self.y: Sql("''", Kind.TEXT), self.data: Sql("''", Kind.TEXT)},
                f"FROM {rows.name} WHERE false",
            )
        inner = f'SELECT *, unnest([{cells}]) AS "#cell" FROM {rows.name}'
        order = f'row_number() OVER (ORDER BY {ORDER}, "#cell".p)'
        return run.stages.store({self.x: x, **made}, f'FROM ({inner}) WHERE "#cell".v IS NOT NULL', order)
