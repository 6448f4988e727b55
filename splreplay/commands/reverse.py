"""reverse: the results in the opposite order (Search Reference, "reverse")."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.run.command import ORDER, Cursor, Run, Segment, Table, Transform


@dataclass(frozen=True)
class Reverse(Transform):
    """`reverse`, without arguments."""

    keeps_fields = True
    by_name = True
    keeps_values = True

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Reverse:
        return cls(segment)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results, the last one first."""
        return run.stages.store(rows.columns, f"FROM {rows.name}", f"-{ORDER}")
