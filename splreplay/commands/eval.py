"""eval: compute fields, one after another; later expressions see the earlier fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from splreplay import limits
from splreplay.run.command import NONE, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.run.extracted import names
from splreplay.spl.expression import Expression, Field, fields_of, parse_expression
from splreplay.sql.values import Kind, Sql, as_text, literal

# A field in the name of the field that is set: `{a}` stands for what it holds.
_NAMED_BY = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Eval(Transform):
    """`eval field=expression, …`; where a name holds `{field}`, each result sets the field that the value there names."""

    streams = True
    by_name = True

    assignments: tuple[tuple[str, Expression], ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Eval:
        assignments: list[tuple[str, Expression]] = []
        while True:
            assignments.append(parse_assignment(cursor, "eval"))
            if not cursor.accept_op(","):
                break
        return cls(segment, tuple(assignments))

    def uses(self, needed: bool = False) -> Iterator[str]:
        made: set[str] = set()
        for name, expression in self.assignments:
            read = (*_NAMED_BY.findall(name), *fields_of(expression, needed))
            yield from (field for field in read if field not in made)
            if _NAMED_BY.search(name):
                return  # what is read behind it may be made by it
            made.add(name)

    def behind(self, before: Outputs) -> Outputs:
        made = before.plus(name for name, _ in self.assignments if not _NAMED_BY.search(name))
        return made.opened() if any(_NAMED_BY.search(name) for name, _ in self.assignments) else made

    def origin(self, name: str, before: Outputs) -> str | None:
        for made, expression in reversed(self.assignments):
            if made == name:
                if not isinstance(expression, Field):
                    return None
                name = expression.name
        return None if self.behind(NONE).open else name  # it may make a field of any name

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
            named_by = _NAMED_BY.findall(name)
            value = compiled(expression)
            if values and (named_by or not values.keys().isdisjoint(read)):
                table, values = run.stages.with_fields(table, values), {}
                value = compiled(expression)
            if named_by:
                table = self._set_named(name, value, table, run)
            else:
                values[name] = value
        return run.stages.with_fields(table, values)

    def _set_named(self, name: str, value: Sql, rows: Table, run: Run) -> Table:
        """Return the results, each with the field set that the values of others name; none where one of these is missing †.

        Source: Search Reference, "eval", "Field names".
        """
        parts = [
            as_text(rows.one_value(part, self.segment)) if place % 2 else literal(part)
            for place, part in enumerate(_NAMED_BY.split(name))
        ]
        called = f"({' || '.join(parts)})"
        found = names(f"[{called}]", rows, run)
        if len(found) > limits.EXTRACTED_FIELDS:
            self.segment.refuse(
                f"replay's eval makes at most {limits.EXTRACTED_FIELDS:,} fields of the values of others"
            )

        def cell(target: str) -> Sql:
            old = rows.field(target)
            new = Sql(f"CASE WHEN {called} = {literal(target)} THEN {value.text} END", value.kind)
            if old.kind is Kind.NOTHING:
                return new
            kept = Sql(f"CASE WHEN {called} = {literal(target)} THEN NULL ELSE {old.text} END", old.kind)
            return new.or_else(kept)

        return run.stages.with_fields(rows, {target: cell(target) for target in found if target})


def parse_assignment(cursor: Cursor, command: str) -> tuple[str, Expression]:
    """Return the field and the expression at the cursor, which stands at `field=expression` of a *command*."""
    if cursor.here.kind not in ("word", "field", "quoted"):
        cursor.fail("expected a field to assign to", remedy=f"write: {command} field=expression")
    name = cursor.take().value
    while cursor.here.is_op(".") and cursor.ahead().kind == "word":  # eval a.b=1 assigns to the field "a.b"
        cursor.take()
        name += f".{cursor.take().value}"
    cursor.expect_op("=")
    return name, parse_expression(cursor)
