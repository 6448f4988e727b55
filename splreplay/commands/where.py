"""where: keep the results for which an eval expression is true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import Cursor, Run, Segment, Table, Transform
from splreplay.spl.expression import Expression, fields_of, parse_expression


@dataclass(frozen=True)
class Where(Transform):
    """`where expression`."""

    streams = True
    keeps_fields = True
    by_name = True
    keeps_values = True

    test: Expression

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Where:
        test = parse_expression(cursor)
        return cls(segment, test)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return fields_of(self.test, needed)

    def run(self, rows: Table, run: Run) -> Table:
        """Keep the results for which the test is true, and drop those for which it is false or null."""
        compiler = run.compiler(self.segment.cursor(), rows.field)
        return run.stages.keep(rows, f"coalesce({compiler.boolean(self.test)}, false)")
