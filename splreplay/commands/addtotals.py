"""addtotals: the sum of the numbers of each result, and of each field (Search Reference, "addtotals")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import Convert, at_option, boolean, read_option
from splreplay.spl.wildcards import matching
from splreplay.sql.values import Kind, Sql, as_number, literal


@dataclass(frozen=True)
class AddTotals(Transform):
    """`addtotals [row=] [col=] [fieldname=] [labelfield=] [label=] fields`; without fields, all but internal ones."""

    options: ClassVar[dict[str, Convert]] = {
        "row": boolean,
        "col": boolean,
        "fieldname": str,
        "labelfield": str,
        "label": str,
    }

    fields: tuple[str, ...] = ()
    row: bool = True
    col: bool = False
    fieldname: str = "Total"
    labelfield: str | None = None
    label: str = "Total"

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Self:
        """Read the fields, which may hold wildcards, and the options between them."""
        command = cls(segment)
        fields: list[str] = []
        while cursor.here.kind in ("word", "quoted"):
            if at_option(cursor, cls.options):
                name, value = read_option(cursor, cls.options)
                command = replace(command, **{name: value})
            else:
                fields.append(cursor.name())
            cursor.skip_commas()
        return replace(command, fields=tuple(fields))

    @property
    def names_all(self) -> bool:
        """Whether it names the fields that it sums."""
        return bool(self.fields) and "*" not in self.segment.source

    def uses(self, needed: bool = False) -> Iterable[str]:
        return () if needed else self.fields  # it sums those that are there

    def behind(self, before: Outputs) -> Outputs:
        made = [self.fieldname] * self.row + [self.labelfield or ""] * (self.col and self.labelfield is not None)
        return before.plus(made)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with their sums, and behind them one with the sum of each field.

        What is no number does not count; a result without a number has the sum 0 †, a field without one no sum.
        """
        patterns = self.fields or ("*",)
        names = list(dict.fromkeys(name for pattern in patterns for name in matching(pattern, rows.columns)))
        numbers = {name: as_number(rows.field(name)) for name in names if rows.field(name).kind is not Kind.MULTIVALUE}
        if self.row:
            total = " + ".join(f"coalesce({number}, 0)" for number in numbers.values()) or "0"
            rows = run.stages.with_fields(rows, {self.fieldname: Sql(f"CAST({total} AS DOUBLE)", Kind.NUMBER)})
            numbers = {name: as_number(rows.field(name)) for name in numbers} | {
                self.fieldname: rows.field(self.fieldname).text
            }
        if not self.col:
            return rows
        sums = {name: Sql(f"sum({number})", Kind.NUMBER) for name, number in numbers.items()}
        if self.labelfield is not None:
            sums[self.labelfield] = Sql(literal(self.label), Kind.TEXT)
        # A sum of no results would be a result where nothing was found †.
        return run.stages.union(rows, run.stages.store(sums, f"FROM {rows.name} HAVING count(*) > 0", "1"))
