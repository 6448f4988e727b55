"""fieldformat: show a field in another form, without changing its value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.commands.eval import parse_assignment
from splreplay.run.command import Cursor, Run, Segment, Table, Transform
from splreplay.spl.expression import Expression, fields_of


@dataclass(frozen=True)
class FieldFormat(Transform):
    """`fieldformat field=expression`."""

    streams = True
    keeps_fields = True
    by_name = True

    field: str
    expression: Expression

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> FieldFormat:
        return cls(segment, *parse_assignment(cursor, "fieldformat"))

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field, *fields_of(self.expression, needed))

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results as they are; those of the whole search, not of a subsearch, are shown in the form at its end.

        Source: Search Reference, "fieldformat": the commands behind it see the value.
        """
        run.compiler(self.segment.cursor(), rows.field).stored(self.expression)  # what is wrong with it is told here
        if not run.depth:
            run.formats[self.field] = (self.segment, self.expression)
        return rows
