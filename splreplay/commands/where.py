"""where: keep the results for which an eval expression is true."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from splreplay.run import Run, Table
from splreplay.spl.expression import Expression, parse_expression
from splreplay.spl.pipeline import Segment
from splreplay.sql.expressions import Compiler


@dataclass(frozen=True)
class Where:
    """`where expression`."""

    segment: Segment = dataclasses.field(repr=False)
    test: Expression

    @classmethod
    def parse(cls, segment: Segment) -> Where:
        """Read the expression."""
        cursor = segment.expression()
        test = parse_expression(cursor)
        cursor.finish()
        return cls(segment, test)

    def run(self, rows: Table | None, run: Run) -> Table:
        """Keep the results for which the test is true; false and null ones go."""
        assert rows is not None
        compiler = Compiler(self.segment.expression(), rows.field, run.now, run.warn)
        return run.keep(rows, f"coalesce({compiler.boolean(self.test)}, false)")
