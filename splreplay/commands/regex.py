"""regex: keep the results whose field matches a regular expression, or does not match it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import Cursor, Run, Segment, Table, Transform
from splreplay.sql.comparison import any_value
from splreplay.sql.patterns import check, matches
from splreplay.sql.values import EACH, Kind, as_text


@dataclass(frozen=True)
class Regex(Transform):
    """`regex field="pattern"`, `regex field!="pattern"`, or `regex "pattern"` for `_raw`."""

    streams = True
    keeps_fields = True
    by_name = True
    keeps_values = True

    pattern: str
    field: str = "_raw"
    matches: bool = True

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Regex:
        field, op = "_raw", "="
        if cursor.ahead().is_op("=", "!="):
            field = cursor.name()
            op = cursor.take().value
        if cursor.here.kind != "quoted":
            cursor.fail("expected a pattern in double quotes", remedy='write: regex field="pattern"')
        token = cursor.take()
        check(token.value, cursor, token)
        pattern = token.value
        return cls(segment, pattern, field, op == "=")

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def run(self, rows: Table, run: Run) -> Table:
        """Keep the results whose field matches; with `!=`, those whose field does not match or is missing †.

        A field of several values matches where one of them does †.
        """
        value = rows.field(self.field)
        if value.kind is Kind.MULTIVALUE:
            found = any_value(value, EACH, matches(EACH, self.pattern))
        else:
            found = matches(as_text(value), self.pattern)
        test = f"coalesce({found}, false)"
        return run.stages.keep(rows, test if self.matches else f"NOT {test}")
