"""tail: the last results, the last one first (Search Reference, "tail")."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.run.command import ORDER, Cursor, Run, Segment, Table, Transform
from splreplay.spl.options import read_count

DEFAULT = 10


@dataclass(frozen=True)
class Tail(Transform):
    """`tail [count]`, ten by default."""

    keeps_fields = True
    by_name = True
    keeps_values = True

    limit: int = DEFAULT

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Tail:
        number = read_count(cursor, "tail")
        return cls(segment, DEFAULT if number is None else number)

    def run(self, rows: Table, run: Run) -> Table:
        """Return at most *limit* results from the end, in reverse order."""
        # With the table's name, because "#" alone would be the new order.
        rest = f"FROM {rows.name} r ORDER BY r.{ORDER} DESC LIMIT {self.limit}"
        return run.stages.store(rows.columns, rest, f"-r.{ORDER}")
