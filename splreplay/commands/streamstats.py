"""streamstats: add to every result the aggregates of the results up to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from splreplay import limits, times
from splreplay.run.command import ORDER, Outputs, Run, Segment, Table, Transform
from splreplay.run.groups import aggregated, beside, inputs, used
from splreplay.spl.expression import Expression, fields_of, parse_parenthesised, parse_text
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

_OPTIONS: dict[str, Convert] = {
    "current": boolean,
    "window": count,
    "global": boolean,
    "reset_on_change": boolean,
    "time_window": str,
}
_TESTS = ("reset_before", "reset_after")
_REFUSED = ("allnum",)
_ALL = (*_OPTIONS, *_TESTS, *_REFUSED)


@dataclass(frozen=True)
class StreamStats(Transform):
    """`streamstats options aggregates BY fields`; a *window* of 0 is all the results so far.

    A *shared* window counts the results of all groups. *time_window* is in seconds.
    """

    aggregates: tuple[Aggregate, ...]
    by: tuple[str, ...]
    current: bool = True
    window: int = 0
    shared: bool = True
    time_window: int | None = None
    reset_on_change: bool = False
    reset_before: Expression | None = None
    reset_after: Expression | None = None

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> StreamStats:
        """Read the aggregates and the by-clause, and the options before, between or after them.

        Raises:
            UnsupportedError: For allnum=, and for a reset_after= that reads what streamstats itself makes.
        """
        options = _options(cursor)
        aggregates = parse_aggregates(cursor, lambda token: token.is_word("by") or at_option(cursor, _ALL), True)
        options |= _options(cursor)
        by = parse_by(cursor, _ALL)
        options |= _options(cursor)
        check_names(cursor, aggregates, by)
        command = cls(segment, aggregates, by, **options)
        made = {aggregate.alias for aggregate in aggregates}
        if command.reset_after is not None and made & set(fields_of(command.reset_after)):
            segment.refuse(
                "replay's reset_after= does not read what streamstats makes", "test a field that was there before"
            )
        return command

    def uses(self, needed: bool = False) -> Iterable[str]:
        tests = [test for test in (self.reset_before, self.reset_after) if test is not None]
        yield from (*used(self.aggregates, needed), *self.by, *(("_time",) if self.time_window is not None else ()))
        for test in tests:
            yield from fields_of(test, needed)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(aggregated(self.aggregates, before))

    def origin(self, name: str, before: Outputs) -> str | None:
        return beside(self.aggregates, name)

    def run(self, rows: Table, run: Run) -> Table:
        """Return all results in their order; a result without a by-field gets no aggregates †.

        Source: Search Reference, "streamstats": current= includes the result itself, window= is the number of results, of all
        groups unless global=false. A reset forgets the results before it, of all groups.
        """
        if not self.window and self.time_window is None and rows.count > limits.STREAM_WINDOW:
            run.warn(
                f"streamstats looked back over all of {rows.count:,} results; the documentation speaks of a default window of "
                f"{limits.STREAM_WINDOW:,}, so Splunk may give other values: write window="
            )
        keys = [as_text(rows.one_value(name, self.segment)) for name in self.by]
        time = as_number(rows.field("_time"))
        places = f"row_number() OVER (ORDER BY {ORDER}) AS {PLACE}"
        source = f"SELECT *, {places}, {time} AS {TIME} FROM {rows.name}"
        source, resets = self._with_resets(source, keys, rows, run)
        groups = [*keys, *resets]
        partition = f"PARTITION BY {', '.join(groups)}" if groups else ""
        if self.time_window is not None:
            source = self._with_backs(source, partition, rows, run)
        over = f"({partition} ORDER BY {PLACE} {self._frame()})"
        value = inputs(self.segment, rows, run)
        present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        fields = dict(rows.columns)
        for aggregate in expand(self.aggregates, list(rows.columns), self.by):
            running = sql_of(aggregate, value(aggregate), f" OVER {over}")
            fields[aggregate.alias] = (
                Sql(f"CASE WHEN {present} THEN {running.text} END", running.kind) if keys else running
            )
        return run.stages.store(fields, f"FROM ({source})")

    def _frame(self) -> str:
        """Return the SQL of the window, seen from a result."""
        last = "CURRENT ROW" if self.current else "1 PRECEDING"
        most = self.window - self.current
        if self.time_window is not None:
            back = f'least("#back", {most})' if self.window else '"#back"'
            return f"ROWS BETWEEN {back} PRECEDING AND {last}"
        if not self.window:
            return f"ROWS BETWEEN UNBOUNDED PRECEDING AND {last}"
        # Of a shared window, a group sees the part that is its own.
        return f"{'RANGE' if self.shared and self.by else 'ROWS'} BETWEEN {most} PRECEDING AND {last}"

    def _with_resets(self, source: str, keys: list[str], rows: Table, run: Run) -> tuple[str, list[str]]:
        """Return *source* with columns that count how often it was reset before a result, and the names of these."""
        compiler = run.compiler(self.segment.cursor(), rows.field)
        so_far = f"(ORDER BY {PLACE})"
        before = f"(ORDER BY {PLACE} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
        resets: dict[str, tuple[str, str]] = {}
        if self.reset_on_change and keys:
            whole = " AND ".join(f"{key} IS NOT NULL" for key in keys)
            source = f'SELECT *, CASE WHEN {whole} THEN [{", ".join(keys)}] END AS "#group" FROM ({source})'
            source = f'SELECT *, last_value("#group" IGNORE NULLS) OVER {before} AS "#last" FROM ({source})'
            resets['"#changes"'] = '"#group" <> "#last"', so_far
        if self.reset_before is not None:
            resets['"#before"'] = compiler.boolean(self.reset_before), so_far
        if self.reset_after is not None:
            resets['"#after"'] = compiler.boolean(self.reset_after), before
        columns = "".join(
            f", count(CASE WHEN {test} THEN 1 END) OVER {over} AS {name}" for name, (test, over) in resets.items()
        )
        return (f"SELECT *{columns} FROM ({source})" if resets else source), list(resets)

    def _with_backs(self, source: str, partition: str, rows: Table, run: Run) -> str:
        """Return *source* with how many results of its group lie before each within the window of time, as `#back`.

        Raises:
            UnsupportedError: If the results are in no order of time.
        """
        time = as_number(rows.field("_time"))
        steps = f"SELECT {time} - lag({time}) OVER (ORDER BY {ORDER}) AS step, {time} AS time FROM {rows.name}"
        falls, rises, absent = (
            run.stages.scalar(f"SELECT coalesce(bool_or({test}), false) FROM ({steps})")
            for test in ("step < 0", "step > 0", "time IS NULL")
        )
        if (falls and rises) or absent:
            self.segment.refuse("time_window= takes results in the order of their _time", "put before it: sort 0 _time")
        ranked = f'SELECT *, row_number() OVER ({partition} ORDER BY {PLACE}) AS "#rank" FROM ({source})'
        # What lies a whole window back is outside †; a time has microseconds.
        within = f"RANGE BETWEEN {self.time_window} - 0.000001 PRECEDING AND CURRENT ROW"
        first = f'min("#rank") OVER ({partition} ORDER BY {TIME} {"DESC" if falls else "ASC"} {within})'
        return f'SELECT *, "#rank" - {first} AS "#back" FROM ({ranked})'


def _options(cursor: Cursor) -> dict[str, Any]:
    """Return the options at the cursor, by the names of StreamStats' fields."""
    options: dict[str, Any] = {}
    while at_option(cursor, (*_OPTIONS, *_TESTS)):
        start = cursor.here
        if at_option(cursor, _TESTS):
            name = cursor.take().value.lower()
            options[name] = _test(cursor)
            continue
        options |= read_options(cursor, _OPTIONS)
        if isinstance(window := options.get("time_window"), str):
            options["time_window"] = times.span_seconds(window)
            if options["time_window"] is None:
                cursor.refuse("replay knows windows of seconds to weeks", start, "write for example time_window=5m")
    if "global" in options:
        options["shared"] = options.pop("global")
    refuse_options(cursor, _REFUSED, "it changes what the aggregates give")
    return options


def _test(cursor: Cursor) -> Expression:
    """Return the test behind `=`: in parentheses, in quotes, or as the manual has it, between quoted parentheses."""
    cursor.expect_op("=")
    if cursor.here.is_op("("):
        return parse_parenthesised(cursor)
    token = cursor.take()
    if token.kind != "quoted":
        cursor.fail("expected a test in parentheses", token)
    if token.value != "(":
        return parse_text(token.value)
    while not (cursor.here.kind == "quoted" and cursor.here.value == ")"):
        if cursor.here.kind == "end":
            cursor.fail("this parenthesis is never closed", token)
        cursor.take()
    return parse_text(cursor.text[token.end : cursor.take().start].replace('\\"', '"'))
