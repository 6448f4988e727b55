"""head: keep a number of results, or the results up to the first for which a test fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import ORDER, Cursor, Run, Segment, Table, Transform
from splreplay.spl.expression import Expression, fields_of, parse_parenthesised
from splreplay.spl.options import Convert, boolean, count, read_count, read_options

DEFAULT = 10


@dataclass(frozen=True)
class Head(Transform):
    """`head [count] [limit=count]`, ten by default, or `head (test) [limit=] [null=] [keeplast=]`."""

    keeps_fields = True
    by_name = True
    keeps_values = True

    limit: int | None = DEFAULT
    test: Expression | None = None
    null: bool = False
    keeplast: bool = False

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Head:
        spec: dict[str, Convert] = {"limit": count, "null": boolean, "keeplast": boolean}
        options = read_options(cursor, spec)
        if (number := read_count(cursor, "head")) is not None:
            options["limit"] = number
        elif cursor.here.is_op("("):
            options |= {"limit": options.get("limit"), "test": parse_parenthesised(cursor)}
        options |= read_options(cursor, spec)
        return cls(segment, **options)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return fields_of(self.test, needed) if self.test is not None else ()

    def run(self, rows: Table, run: Run) -> Table:
        """Return at most *limit* results, up to the first for which the test is not true.

        A test that is null ends them too, unless null=true. keeplast=true also keeps the result that ends them.
        Source: Search Reference, "head".
        """
        if self.test is not None:
            test = run.compiler(self.segment.cursor(), rows.field).boolean(self.test)
            fails = f"NOT coalesce({test}, {str(self.null).lower()})"
            last = run.stages.scalar(f"SELECT min({ORDER}) FROM {rows.name} WHERE {fails}")
            if last is not None:
                rows = run.stages.keep(rows, f"{ORDER} {'<=' if self.keeplast else '<'} {last}")
        return rows if self.limit is None else run.stages.first(rows, self.limit)
