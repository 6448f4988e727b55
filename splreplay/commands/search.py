"""search: keep the results for which a predicate is true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from splreplay.run import summary
from splreplay.run.command import ORDER, Cursor, Pipeline, Reads, Run, Segment, Source, Table, Transform
from splreplay.run.predicates import TIME_MODIFIERS, predicate_test, resolve, subsearches, time_range
from splreplay.spl.predicate import Compare, Predicate, Term, fields_of, parse_predicate
from splreplay.sql.predicates import predicate_sql
from splreplay.sql.values import Kind, Sql, as_number, identifier


@dataclass(frozen=True)
class Search(Source, Transform):
    """`search predicate`."""

    streams = True
    keeps_fields = True

    predicate: Predicate

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Search:
        """Read the predicate; an empty one keeps every result."""
        predicate = parse_predicate(cursor)
        return cls(segment, predicate)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (name for name in fields_of(self.predicate, needed) if name not in TIME_MODIFIERS)

    @property
    def searches(self) -> tuple[Pipeline, ...]:
        return subsearches(self.predicate)

    def reads(self, first: bool) -> Reads:
        """Return None, any field, where it starts from the events."""
        return None if first else {}

    def start(self, run: Run) -> Table:
        """Return the events of the log for which the predicate is true."""
        predicate, modifiers = resolve(self.predicate, run)
        events, absent = _events(run, modifiers), set[str]()

        def field(name: str) -> Sql:
            if name not in events.columns:
                absent.add(name)
            return events.field(name)

        test = predicate_sql(predicate, field, _any_field(events, self.segment))
        if absent:
            run.say("blind", f"this search is blind in {', '.join(sorted(absent))}: no event here has such a field")
        return run.stages.keep(events, test)

    def run(self, rows: Table, run: Run) -> Table:
        """Keep the results for which the predicate is true."""
        return run.stages.keep(rows, predicate_test(self.predicate, rows.field, run, _any_field(rows, self.segment)))


def _events(run: Run, modifiers: Mapping[str, float]) -> Table:
    """Return the events of the log, and of the summary indexes if the run has a folder of them, newest first.

    Events of the log have the fields that every event has, and those of EventData under their own names.
    """
    run.warn(
        "search starts from the events of the log, all in index main; their fields are host, source, sourcetype, EventCode, "
        "and those of EventData as Windows names them"
    )
    described = run.stages.connection.execute("SELECT name FROM pragma_table_info('event')").fetchall()
    event_data = [
        name for (name,) in described if name not in ("provider", "event_id", "time", "computer", "channel", "source")
    ]
    fields = {
        "_time": Sql("time", Kind.NUMBER),
        "host": Sql("computer", Kind.TEXT),
        "source": Sql("'XmlWinEventLog:' || channel", Kind.TEXT),
        "sourcetype": Sql("'XmlWinEventLog'", Kind.TEXT),
        "index": Sql("'main'", Kind.TEXT),
        "EventCode": Sql("CAST(event_id AS VARCHAR)", Kind.TEXT),
        **{name: Sql(f"nullif({identifier(name)}, '')", Kind.TEXT) for name in event_data},
    }
    # Newest first, as in Splunk.
    rows = run.stages.store(
        fields, f"FROM event WHERE {time_range(run, 'time', modifiers)}", "row_number() OVER (ORDER BY time DESC)"
    )
    return rows if run.means.collect is None else _with_collected(rows, run, run.means.collect, modifiers)


def _with_collected(log: Table, run: Run, folder: Path, modifiers: Mapping[str, float]) -> Table:
    for path in summary.unread(folder):
        run.warn(f"search does not read {path}: how Splunk finds the fields in it is not documented to the letter")
    collected = list(summary.read(folder))
    names = dict.fromkeys(name for result in collected for name in result)
    rows = run.stages.union(log, run.stages.from_python(list(names), collected))
    fields = {**rows.columns, "_time": Sql(as_number(rows.field("_time")), Kind.NUMBER)}
    rows = run.stages.store(fields, f"FROM {rows.name}")
    order = f"row_number() OVER (ORDER BY {rows.field('_time').text} DESC, {ORDER})"
    return run.stages.store(rows.columns, f"FROM {rows.name} WHERE {time_range(run, '_time', modifiers)}", order)


def _any_field(rows: Table, segment: Segment) -> Callable[[Term], str]:
    """Return the test of a bare word: `*` is true for every result, others are searched in `_raw`, which few results have."""

    def test(term: Term) -> str:
        if term.value == "*":
            return "true"
        if "_raw" in rows.columns:
            return predicate_sql(Compare("_raw", "=", f"*{term.value}*"), rows.field, test)
        message = "a bare word is looked for in the raw event, and these results have none"
        segment.refuse(message, "name the field: field=value", term.token)

    return test
