"""mvcombine: make one result of those that differ in one field alone, which gets all its values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import ORDER, Cursor, Run, Segment, Table, Transform
from splreplay.spl.options import read_options
from splreplay.sql.values import EACH, Kind, Sql, as_list, identifier, or_null


@dataclass(frozen=True)
class MvCombine(Transform):
    """`mvcombine field`."""

    keeps_fields = True

    field: str

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> MvCombine:
        """Read the field.

        Raises:
            UnsupportedError: For delim=, which nomv would join the values by: in replay, values carry no such mark.
        """
        start, spec = cursor.here, {"delim": str}
        options = read_options(cursor, spec)
        field = cursor.name()
        if options | read_options(cursor, spec):
            joined = f'eval {field}=mvjoin({field}, "…")'
            cursor.refuse(
                "replay's mvcombine has no delim=, which only nomv would show", start, f"write behind it: {joined}"
            )
        return cls(segment, field)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def run(self, rows: Table, run: Run) -> Table:
        """Return one result for those that are the same in all other fields, where the first of them stood.

        The values are in the order of the results, each as often as it came †. Source: Search Reference, "mvcombine".
        """
        value = rows.field(self.field)
        if value.kind is Kind.NOTHING:
            return rows
        keys = [column.text for name, column in rows.columns.items() if name != self.field]
        values = f"flatten(list({as_list(value)} ORDER BY {ORDER}) FILTER ({value.text} IS NOT NULL))"
        kept = or_null(f"list_filter({values}, lambda {EACH}: {EACH} IS NOT NULL)")
        grouping = f" GROUP BY {', '.join(keys)}" if keys else " HAVING count(*) > 0"
        fields = {**rows.columns, self.field: Sql(identifier("#values"), Kind.MULTIVALUE)}
        listed = "".join(f", {key}" for key in keys)
        inner = f'SELECT min({ORDER}) AS {ORDER}, {kept} AS "#values"{listed} FROM {rows.name}{grouping}'
        return run.stages.store(fields, f"FROM ({inner})")
