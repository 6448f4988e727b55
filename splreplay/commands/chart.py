"""chart: aggregate by a field, with a column for each value of another one (Search Reference, "chart")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from splreplay.commands.bin import Bin, Width, size_of
from splreplay.run.command import NONE, Outputs, Run, Segment, Table, Transform
from splreplay.run.groups import aggregated, grouped, used
from splreplay.run.series import NULL, OTHER, Series, rows_of
from splreplay.spl.options import Convert, at_option, boolean, read_options, refuse_options
from splreplay.spl.tokens import Cursor
from splreplay.sql.aggregates import Aggregate, check_names, parse_aggregates
from splreplay.sql.spans import Span


def _limit(text: str) -> tuple[int, bool]:
    """Return how many series to keep, and whether those with the least sums: `5`, `top5`, `bottom5`."""
    match = re.fullmatch("(top|bottom)?([0-9]{1,9})", text.lower())
    if match is None:
        raise ValueError("a whole number, as in 5, top5 or bottom5")
    return int(match[2]), match[1] == "bottom"


_OPTIONS: dict[str, Convert] = {
    "limit": _limit,
    "useother": boolean,
    "usenull": boolean,
    "otherstr": str,
    "nullstr": str,
}
_REFUSED = (
    *("bins", "minspan", "aligntime", "start", "end", "cont", "dedup_splitvals"),
    *("agg", "sep", "format"),
)


@dataclass(frozen=True)
class Chart(Transform):
    """`chart options aggregates OVER row BY column options`, or `… BY row column`; a limit of 0 keeps every series.

    Args:
        row: The field whose values are the rows; None makes one row of all results.
        by: The field whose values are the columns; None makes a column of each aggregate.
        span: The size of the bins of the row's values, as `bin` has it.
    """

    by_name = True

    aggregates: tuple[Aggregate, ...]
    row: str | None = None
    by: str | None = None
    span: Span | Width | None = None
    limit: tuple[int, bool] = (10, False)
    useother: bool = True
    usenull: bool = True
    otherstr: str = OTHER
    nullstr: str = NULL

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Chart:
        """Read the options, which may stand before the aggregates and behind the fields, the aggregates and the fields.

        Raises:
            SplSyntaxError: For a third field, and for an aggregate that is called as a field.
            UnsupportedError: For several aggregates or a wildcard by a second field, for rows by `_time` without a span, and for
                options that change the spans or the names of columns.
        """
        options = _read_options(cursor)
        aggregates = parse_aggregates(cursor, lambda token: token.is_word("by", "over"), True, sparklines=True)
        fields: list[str] = []
        clause = cursor.here
        for word, most in (("over", 1), ("by", 2)):
            if not cursor.accept_word(word):
                continue
            cursor.skip_commas()
            while cursor.here.kind in ("word", "quoted") and not cursor.here.is_word("by", "where"):
                if at_option(cursor, ("span",)):
                    span = cursor.here
                    if len(fields) != 1:
                        cursor.refuse("replay's chart takes span= behind the field of the rows", span)
                    options["span"] = size_of(read_options(cursor, {"span": str})["span"], fields[0])
                    if options["span"] is None:
                        cursor.refuse("replay knows spans of seconds to months, and whole numbers", span)
                elif at_option(cursor, (*_OPTIONS, *_REFUSED)):
                    options |= _read_options(cursor)
                elif len(fields) == most:
                    cursor.fail("chart takes a field for the rows and one for the columns")
                else:
                    row = cursor.here
                    fields.append(cursor.name())
                cursor.skip_commas()
            if not fields:
                cursor.fail(f"expected a field behind {word}")
        if cursor.here.is_word("where"):
            message = "replay's chart takes no where: it keeps the columns with the largest sums"
            cursor.refuse(message, remedy="write limit= in its place, as in limit=5 or limit=bottom5")
        if fields[:1] == ["_time"] and "span" not in options:
            cursor.refuse("replay's chart does not guess the span of _time", row, "add one behind it: span=1h")
        if len(fields) == 2:
            if len(aggregates) > 1:
                written = cursor.text[aggregates[0].token.start : clause.start].strip()
                instead = f"write: stats {written} by {' '.join(fields)}"
                cursor.refuse("replay's chart takes one aggregate by a second field", aggregates[1].token, instead)
            if aggregates[0].expression is None and "*" in (aggregates[0].field or ""):
                cursor.refuse("replay's chart takes no wildcard by a second field", aggregates[0].token)
            if aggregates[0].drawn:
                cursor.refuse("replay's chart draws no sparkline by a second field", aggregates[0].token)
            if fields[0] == fields[1]:
                cursor.fail("chart takes two different fields", row)
        check_names(cursor, aggregates, fields)
        row_field, by, *_ = *fields, None, None
        return cls(segment, aggregates, row_field, by, **options)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (*used(self.aggregates, needed), *(name for name in (self.row, self.by) if name is not None))

    def behind(self, before: Outputs) -> Outputs:
        kept = NONE.plus([self.row] if self.row is not None and before.may_have(self.row) else [])
        return kept.opened() if self.by is not None else kept.plus(aggregated(self.aggregates, before))

    def run(self, rows: Table, run: Run) -> Table:
        """Return one result for each value of the rows' field, in order; results without one are in no row."""
        if self.row is None:
            return grouped(self.segment, self.aggregates, (), rows, run)
        if self.span is not None:
            rows = Bin(self.segment, self.row, self.row, self.span).run(rows, run)
        if self.by is None:
            return grouped(self.segment, self.aggregates, (self.row,), rows, run)
        limit, least = self.limit
        other, null = self.otherstr if self.useother else None, self.nullstr if self.usenull else None
        series = Series(self.segment, self.aggregates[0], self.by, limit, least, other, null)
        groups, cells = series.columns(self.row, rows, run)
        return rows_of(groups, self.row, cells, run)


def _read_options(cursor: Cursor) -> dict[str, Any]:
    options = read_options(cursor, _OPTIONS)
    refuse_options(cursor, _REFUSED, "the rows or columns would be others")
    return options
