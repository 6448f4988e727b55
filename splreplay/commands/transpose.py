"""transpose: results as columns, and fields as results (Search Reference, "transpose")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from splreplay.run.command import NONE, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.run.series import check_columns
from splreplay.spl.options import Convert, boolean, read_count, read_options
from splreplay.sql.values import Value

_OPTIONS: dict[str, Convert] = {"column_name": str, "header_field": str, "include_empty": boolean}


@dataclass(frozen=True)
class Transpose(Transform):
    """`transpose [count] [column_name=] [header_field=] [include_empty=]`; a count of 0 takes every result."""

    limit: int = 5
    column_name: str = "column"
    header_field: str | None = None
    include_empty: bool = True

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Transpose:
        """Read the count, before or behind the options."""
        number = read_count(cursor, "transpose")
        options = read_options(cursor, _OPTIONS)
        number = read_count(cursor, "transpose") if number is None else number
        options |= read_options(cursor, _OPTIONS)
        return cls(segment, 5 if number is None else number, **options)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return () if self.header_field is None else (self.header_field,)

    def behind(self, before: Outputs) -> Outputs:
        return NONE.plus([self.column_name]).opened()  # a column for each result

    def run(self, rows: Table, run: Run) -> Table:
        """Return a result for each field, in their order; its columns are called `row 1`, `row 2` … or as header_field says.

        Raises:
            UnsupportedError: If two columns would have the same name, or there would be more of them than a table has.
        """
        kept = run.stages.first(rows, self.limit) if self.limit else rows
        check_columns(self.segment, kept.count)
        results = run.stages.fetch(kept)
        columns = [self._header(number, result) for number, result in enumerate(results, start=1)]
        taken = {self.column_name}
        for name in columns:
            if name in taken:
                remedy = (
                    f"put dedup {self.header_field} before it"
                    if self.header_field
                    else "give column_name= another name"
                )
                self.segment.refuse(f"two columns would be called {name!r}", remedy)
            taken.add(name)
        names = [name for name in rows.columns if name != self.header_field]
        if not self.include_empty:
            names = [name for name in names if any(name in result for result in results)]
        turned: list[dict[str, Value | None]] = []
        for name in names if results else ():  # a field that no result has is none
            cells = {column: result.get(name) for column, result in zip(columns, results, strict=True)}
            turned.append({self.column_name: name, **cells})
        return run.stages.from_python([self.column_name, *columns], turned)

    def _header(self, number: int, result: Mapping[str, Value]) -> str:
        value = None if self.header_field is None else result.get(self.header_field)
        if value is None:
            return f"row {number}"  # where header_field has no value, too †
        return value if isinstance(value, str) else " ".join(value)
