"""table: keep the named fields, in the order in which they are named."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from splreplay.run import Run, Table
from splreplay.spl.options import matching
from splreplay.spl.pipeline import Segment
from splreplay.sql.values import Sql


@dataclass(frozen=True)
class Table_:  # noqa: N801 - the command's own name is taken by the results
    """`table fields`."""

    segment: Segment = dataclasses.field(repr=False)
    fields: tuple[str, ...]

    @classmethod
    def parse(cls, segment: Segment) -> Table_:
        """Read the fields."""
        cursor = segment.arguments()
        fields = cursor.names()
        cursor.finish()
        return cls(segment, tuple(fields))

    def run(self, rows: Table | None, run: Run) -> Table:
        """Return the named fields only, `_time` and `_raw` among those that go; one that is not there is an empty column."""
        assert rows is not None
        kept: dict[str, Sql] = {}
        for pattern in self.fields:
            names = [pattern] if "*" not in pattern else matching(pattern, rows.columns)
            kept |= {name: rows.field(name) for name in names if name not in kept}
        return rows.named(kept, run)
