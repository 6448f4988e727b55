"""streamstats: add to every result the aggregates of the results up to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from splreplay import limits
from splreplay.run.command import ORDER, Outputs, Run, Segment, Table, Transform
from splreplay.run.groups import aggregated, inputs, used
from splreplay.spl.options import Convert, at_option, boolean, count, read_options, refuse_options
from splreplay.spl.tokens import Cursor
from splreplay.sql.aggregates import (
    PLACE,
    TIME,
    Aggregate,
    check_names,
    expand,
    parse_aggregates,
    parse_by,
    sql_of,
)
from splreplay.sql.values import Sql, as_number, as_text

_OPTIONS: dict[str, Convert] = {"current": boolean, "window": count, "global": boolean}
_REFUSED = ("reset_on_change", "reset_before", "reset_after", "time_window", "allnum")


@dataclass(frozen=True)
class StreamStats(Transform):
    """`streamstats [current=] [window=] [global=] aggregates BY fields`; a window of 0 is all the results so far."""

    aggregates: tuple[Aggregate, ...]
    by: tuple[str, ...]
    current: bool = True
    window: int = 0

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> StreamStats:
        """Read the aggregates and the by-clause, and the options before, between or after them.

        Raises:
            UnsupportedError: For the reset options, time_window= and allnum=, and for one window over several groups.
        """
        start = cursor.here
        options = _options(cursor)
        aggregates = parse_aggregates(
            cursor, lambda token: token.is_word("by") or at_option(cursor, (*_OPTIONS, *_REFUSED)), True
        )
        options |= _options(cursor)
        by = parse_by(cursor, (*_OPTIONS, *_REFUSED))
        options |= _options(cursor)
        check_names(cursor, aggregates, by)
        if options.pop("global", True) and by and options.get("window"):
            cursor.refuse("replay's streamstats does not share a window among groups", start, "add global=false")
        return cls(segment, aggregates, by, **options)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (*used(self.aggregates, needed), *self.by)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(aggregated(self.aggregates, before))

    def run(self, rows: Table, run: Run) -> Table:
        """Return all results in their order; a result without a by-field gets no aggregates †.

        Source: Search Reference, "streamstats": current= includes the result itself, window= is the number of results.
        """
        if not self.window and rows.count > limits.STREAM_WINDOW:
            run.warn(
                f"streamstats looked back over all of {rows.count:,} results; the documentation speaks of a default window of "
                f"{limits.STREAM_WINDOW:,}, so Splunk may give other values: write window="
            )
        keys = [as_text(rows.one_value(name, self.segment)) for name in self.by]
        first = f"{self.window - self.current} PRECEDING" if self.window else "UNBOUNDED PRECEDING"
        last = "CURRENT ROW" if self.current else "1 PRECEDING"
        partition = f"PARTITION BY {', '.join(keys)} " if keys else ""
        over = f"({partition}ORDER BY {PLACE} ROWS BETWEEN {first} AND {last})"
        value = inputs(self.segment, rows, run)
        present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        fields = dict(rows.columns)
        for aggregate in expand(self.aggregates, list(rows.columns), self.by):
            running = sql_of(aggregate, value(aggregate), f" OVER {over}")
            fields[aggregate.alias] = (
                Sql(f"CASE WHEN {present} THEN {running.text} END", running.kind) if keys else running
            )
        time = as_number(rows.field("_time"))
        return run.stages.store(fields, f"FROM (SELECT *, {ORDER} AS {PLACE}, {time} AS {TIME} FROM {rows.name})")


def _options(cursor: Cursor) -> dict[str, Any]:
    options = read_options(cursor, _OPTIONS)
    refuse_options(cursor, _REFUSED, "it runs current=, window= and global=")
    return options
