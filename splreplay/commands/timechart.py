"""timechart: aggregate by spans of time, with a column for each value of a field (Search Reference, "timechart")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from splreplay import limits
from splreplay.run.command import NONE, Outputs, Run, Segment, Table, Transform
from splreplay.run.groups import grouped, time_range, used
from splreplay.run.series import NULL, OTHER, Series, cell
from splreplay.spl.options import Convert, boolean, count, read_options, refuse_options
from splreplay.spl.tokens import Cursor
from splreplay.sql import spans
from splreplay.sql.aggregates import Aggregate, check_names, parse_aggregates
from splreplay.sql.values import Kind, Sql, as_number, number

_DAY_S = 86400

_OPTIONS: dict[str, Convert] = {"span": str, "limit": count, "useother": boolean, "usenull": boolean}
_REFUSED = (
    *("bins", "minspan", "aligntime", "cont", "fixedrange", "partial", "dedup_splitvals"),
    *("agg", "sep", "format", "otherstr", "nullstr"),
)


@dataclass(frozen=True)
class TimeChart(Transform):
    """`timechart options aggregates BY field options`; a limit of 0 keeps every series."""

    by_name = True

    aggregates: tuple[Aggregate, ...]
    by: str | None = None
    span: spans.Span | None = None
    limit: int = 10
    useother: bool = True
    usenull: bool = True

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> TimeChart:
        """Read the options, which may stand before the aggregates and behind the field.

        Raises:
            SplSyntaxError: For an aggregate that is called `_time` or as the field.
            UnsupportedError: For a span that neither divides a day nor is one of months, for several aggregates by a field, and for wildcards.
        """
        options = _read_options(cursor)
        aggregates = parse_aggregates(cursor, lambda token: token.is_word("by"), True)
        for one in aggregates:
            if one.expression is None and "*" in (one.field or ""):
                cursor.refuse("replay's timechart takes no wildcard in an aggregate", one.token, "name the fields")
        by = None
        if cursor.accept_word("by"):
            field = cursor.here
            by = cursor.name()
            if by == "_time":
                cursor.fail("timechart splits by _time as it is", field, "name another field")
            if len(aggregates) > 1:
                cursor.refuse("replay's timechart takes one aggregate by a field", aggregates[1].token)
            options |= _read_options(cursor)
        check_names(cursor, aggregates, ["_time", *([by] if by else [])])
        if cursor.here.is_word("where"):
            cursor.refuse("replay's timechart takes no where: it keeps the columns with the largest sums")
        return cls(segment, aggregates, by, **options)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (*used(self.aggregates, needed), *((self.by,) if self.by else ()), "_time")

    def behind(self, before: Outputs) -> Outputs:
        if self.by is not None:
            return NONE.plus(["_time"]).opened()  # a column for each value
        return NONE.plus(["_time", *(aggregate.alias for aggregate in self.aggregates)])

    def run(self, rows: Table, run: Run) -> Table:
        """Return one result for each span of the time range, in order; none where no result has a time."""
        time = Sql(as_number(rows.field("_time")), Kind.NUMBER)
        used = set(self.uses())  # events may have hundreds of fields
        kept = {name: column for name, column in rows.columns.items() if name in used}
        rows = run.stages.store({**kept, "_time": time}, f"FROM {rows.name} WHERE {time.text} IS NOT NULL")
        time = rows.field("_time")
        if not rows.count:
            grouped(
                self.segment, self.aggregates, ("_time",), rows, run
            )  # what cannot be computed is refused all the same
            return run.stages.store({"_time": time}, f"FROM {rows.name}")
        start, end = time_range(rows, run)
        span = self.span or spans.chosen(start, end)
        if (end - start) / span.least_s > limits.TIMECHART_SPANS:
            self.segment.refuse(
                f"replay's timechart makes at most {limits.TIMECHART_SPANS:,} spans", "take a longer span="
            )
        rows = run.stages.store(
            {**rows.columns, "_time": Sql(span.start_of(time.text), Kind.NUMBER)}, f"FROM {rows.name}"
        )
        if self.by is None:
            groups = grouped(self.segment, self.aggregates, ("_time",), rows, run)
            cells = {aggregate.alias: cell(aggregate, groups) for aggregate in self.aggregates}
        else:
            (aggregate,) = self.aggregates
            other, null = OTHER if self.useother else None, NULL if self.usenull else None
            series = Series(self.segment, aggregate, self.by, self.limit, other=other, null=null)
            groups, cells = series.columns("_time", rows, run)
        starts = ", ".join(number(edge) for edge in span.starts(start, end))
        listed = f'(SELECT unnest([{starts}]) AS "#start")'
        rest = f'FROM {listed} LEFT JOIN {groups.name} ON {groups.field("_time").text} = "#start" GROUP BY "#start"'
        return run.stages.store({"_time": Sql('"#start"', Kind.NUMBER), **cells}, rest, '"#start"')


def _read_options(cursor: Cursor) -> dict[str, Any]:
    """Return the options at the cursor, by the names of TimeChart's fields."""
    token = cursor.here
    options = read_options(cursor, _OPTIONS)
    refuse_options(cursor, _REFUSED, "the spans or columns would be others")
    if "span" in options:
        span = spans.Span.of(options["span"])
        if span is None or not (span.months or _DAY_S % span.size == 0):
            remedy = "write for example span=1h"
            cursor.refuse("replay's timechart takes spans that divide a day, and months", token, remedy)
        options["span"] = span
    return options
