"""eval: compute fields, one after another; later expressions see the earlier fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.expression import Expression, fields_of, parse_expression
from splreplay.sql.values import Sql


@dataclass(frozen=True)
class Eval(Transform):
    """`eval field=expression, …`."""

    streams = True
    by_name = True

    assignments: tuple[tuple[str, Expression], ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Eval:
        assignments: list[tuple[str, Expression]] = []
        while True:
            if cursor.here.kind not in ("word", "field", "quoted"):
                cursor.fail("expected a field to assign to", remedy="write: eval field=expression")
            name = cursor.take().value
            while cursor.here.is_op(".") and cursor.ahead().kind == "word":  # eval a.b=1 assigns to the field "a.b"
                cursor.take()
                name += f".{cursor.take().value}"
            cursor.expect_op("=")
            assignments.append((name, parse_expression(cursor)))
            if not cursor.accept_op(","):
                break
        return cls(segment, tuple(assignments))

    def uses(self, needed: bool = False) -> Iterator[str]:
        made: set[str] = set()
        for name, expression in self.assignments:
            yield from (read for read in fields_of(expression, needed) if read not in made)
            made.add(name)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(name for name, _ in self.assignments)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with each field set; a field that is set to null is missing.

        Several fields are set in one step, as long as no expression reads a field of that step.
        """
        table, cursor = rows, self.segment.cursor()
        values: dict[str, Sql] = {}
        read: set[str] = set()

        def field(name: str) -> Sql:
            read.add(name)
            return table.field(name)

        def compiled(expression: Expression) -> Sql:
            read.clear()
            return run.compiler(cursor, field).stored(expression)

        for name, expression in self.assignments:
            value = compiled(expression)
            if not values.keys().isdisjoint(read):
                table, values = run.stages.with_fields(table, values), {}
                value = compiled(expression)
            values[name] = value
        return run.stages.with_fields(table, values)
