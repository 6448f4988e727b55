"""table: keep the named fields, in this order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.wildcards import matching
from splreplay.sql.values import Sql


@dataclass(frozen=True)
class Table_(Transform):  # noqa: N801 - the command's own name is taken by the results
    """`table fields`."""

    by_name = True
    keeps_values = True

    fields: tuple[str, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Table_:
        fields = cursor.names()
        return cls(segment, tuple(fields))

    def uses(self, needed: bool = False) -> Iterable[str]:
        return self.fields

    def behind(self, before: Outputs) -> Outputs:
        return before.named(self.fields)

    def run(self, rows: Table, run: Run) -> Table:
        """Return only the named fields, without `_time` and `_raw` unless named; a missing field becomes an empty column."""
        kept: dict[str, Sql] = {}
        for pattern in self.fields:
            names = [pattern] if "*" not in pattern else matching(pattern, rows.columns)
            kept |= {name: rows.field(name) for name in names if name not in kept}
        return run.stages.named(rows, kept)
