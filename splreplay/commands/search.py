"""search: keep the results that a predicate is true for. Also what other commands need to run a predicate."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from splreplay import limits, times
from splreplay.commands.append import union
from splreplay.commands.format import Format
from splreplay.errors import SplSyntaxError, UnsupportedError
from splreplay.run import ORDER, Run, Table, summary
from splreplay.spl.pipeline import Segment
from splreplay.spl.predicate import All, Any, Compare, Not, OneOf, Predicate, Subsearch, Term, parse_predicate
from splreplay.spl.tokens import Cursor, Token, lex_arguments
from splreplay.sql.predicates import FieldLookup, predicate_sql
from splreplay.sql.values import Kind, Sql, as_number, identifier, number

TIME_MODIFIERS = ("earliest", "latest")


@dataclass(frozen=True)
class Search:
    """`search predicate`."""

    segment: Segment = dataclasses.field(repr=False)
    predicate: Predicate

    @classmethod
    def parse(cls, segment: Segment) -> Search:
        """Read the predicate; none at all keeps every result."""
        cursor = segment.arguments()
        predicate = parse_predicate(cursor)
        cursor.finish()
        return cls(segment, predicate)

    def run(self, rows: Table | None, run: Run) -> Table:
        """Keep the results for which the predicate is true; as the first command, of the events of the log."""
        predicate, modifiers = resolve(self.predicate, run)
        if rows is not None:
            predicate = All((predicate, *_time_tests(modifiers)))
            return run.keep(rows, predicate_sql(predicate, rows.field, _any_field(rows, self.segment)))
        events, absent = _events(run, modifiers), set[str]()

        def field(name: str) -> Sql:
            if name not in events.columns:
                absent.add(name)
            return events.field(name)

        test = predicate_sql(predicate, field, _any_field(events, self.segment))
        if absent:
            run.blind.append(f"this search is blind in {', '.join(sorted(absent))}: no event here has such a field")
        return run.keep(events, test)


def _events(run: Run, modifiers: Mapping[str, float]) -> Table:
    """Return the events of the log, and of the summary indexes where a folder of them is named, the newest first.

    Those of the log have what every event has, and the fields of their EventData under their own names.
    """
    run.warn(
        "search starts from the events of the log, all in index main; their fields are host, source, sourcetype, EventCode, "
        "and those of EventData as Windows names them"
    )
    described = run.connection.execute("SELECT name FROM pragma_table_info('event')").fetchall()
    data = [
        name for (name,) in described if name not in ("provider", "event_id", "time", "computer", "channel", "source")
    ]
    fields = {
        "_time": Sql("time", Kind.NUMBER),
        "host": Sql("computer", Kind.TEXT),
        "source": Sql("'XmlWinEventLog:' || channel", Kind.TEXT),
        "sourcetype": Sql("'XmlWinEventLog'", Kind.TEXT),
        "index": Sql("'main'", Kind.TEXT),
        "EventCode": Sql("CAST(event_id AS VARCHAR)", Kind.TEXT),
        **{name: Sql(f"nullif({identifier(name)}, '')", Kind.TEXT) for name in data},
    }
    # Newest first, as an event search gives them.
    rows = run.store(
        fields, f"FROM event WHERE {time_range(run, 'time', modifiers)}", "row_number() OVER (ORDER BY time DESC)"
    )
    return rows if run.collect is None else _with_collected(rows, run, run.collect, modifiers)


def _with_collected(log: Table, run: Run, folder: Path, modifiers: Mapping[str, float]) -> Table:
    for path in summary.unread(folder):
        run.warn(f"search does not read {path}: how Splunk finds the fields in it is not documented to the letter")
    collected = list(summary.read(folder))
    names = dict.fromkeys(name for result in collected for name in result)
    rows = union(log, run.from_python(list(names), collected), run)
    fields = {**rows.columns, "_time": Sql(as_number(rows.field("_time")), Kind.NUMBER)}
    rows = run.store(fields, f"FROM {rows.name}")
    order = f"row_number() OVER (ORDER BY {rows.field('_time').text} DESC, {ORDER})"
    return run.store(rows.columns, f"FROM {rows.name} WHERE {time_range(run, '_time', modifiers)}", order)


def time_range(run: Run, column: str, modifiers: Mapping[str, float]) -> str:
    """Return SQL for the time range of a search that reads events: earliest inclusive, latest exclusive.

    Its own time modifiers replace the range of the run, and latest is now where only earliest is given (Search Reference,
    "Time modifiers").

    Raises:
        UnsupportedError: For latest= alone, of which the documents do not say where it starts.
    """
    earliest, latest = run.earliest, run.latest
    if modifiers:
        if "earliest" not in modifiers:
            raise UnsupportedError("replay does not guess where latest= alone starts; write earliest= beside it")
        earliest, latest = modifiers["earliest"], modifiers.get("latest", run.now)
    tests = [f"{identifier(column)} >= {number(earliest)}"] if earliest is not None else []
    tests += [f"{identifier(column)} < {number(latest)}"] if latest is not None else []
    return " AND ".join(tests) or "true"


def _any_field(rows: Table, segment: Segment) -> Callable[[Term], str]:
    """A bare `*` is true for every result; other bare words are looked for in `_raw`, which results here lack."""

    def test(term: Term) -> str:
        if term.value == "*":
            return "true"
        if "_raw" in rows.columns:
            return predicate_sql(Compare("_raw", "=", f"*{term.value}*"), rows.field, test)
        message = "a bare word is looked for in the raw event, and these results have none"
        segment.refuse(message, "name the field: field=value", term.token)

    return test


def predicate_test(predicate: Predicate, field: FieldLookup, run: Run, term: Callable[[Term], str]) -> str:
    """Return the SQL of *predicate* on results; its time modifiers test their `_time`."""
    resolved, modifiers = resolve(predicate, run)
    return predicate_sql(All((resolved, *_time_tests(modifiers))), field, term)


def _time_tests(modifiers: Mapping[str, float]) -> list[Predicate]:
    return [Compare("_time", ">=" if name == "earliest" else "<", repr(epoch)) for name, epoch in modifiers.items()]


def resolve(predicate: Predicate, run: Run) -> tuple[Predicate, dict[str, float]]:
    """Return *predicate* with its subsearches run and put in as Splunk puts them in, and its time modifiers taken out.

    A subsearch may give time modifiers too. They are no part of what is true for an event, but set what the search
    reads: so they stand beside the other terms, not behind NOT or OR.

    Raises:
        SplSyntaxError: For a time modifier whose value is no time.
        UnsupportedError: For one that stands elsewhere, stands twice, or is not compared by `=`.
    """
    modifiers: dict[str, float] = {}

    def walk(part: Predicate, beside: bool) -> Predicate:
        match part:
            case Subsearch():
                return walk(_results(part, run), beside)
            case Compare(name, op, value) if name in TIME_MODIFIERS:
                if not beside:
                    raise UnsupportedError(
                        "replay reads earliest= and latest= beside the other terms, not behind NOT or OR"
                    )
                if op != "=":
                    raise UnsupportedError(f"replay reads {name}=, not {name}{op}{value}")
                if name in modifiers:
                    raise UnsupportedError(f"replay reads one {name}= in a search, not {name}{op}{value} beside it")
                modifiers[name] = _epoch(name, value, run)
                return All(())
            case OneOf(name) if name in TIME_MODIFIERS:
                raise UnsupportedError(f"replay reads {name}=, not {name} IN (…)")
            case All(parts):
                return All(tuple(walk(inner, beside) for inner in parts))
            case Any(parts):
                return Any(tuple(walk(inner, False) for inner in parts))
            case Not(inner):
                return Not(walk(inner, False))
            case _:
                return part

    return walk(predicate, True), modifiers


def _epoch(name: str, value: str, run: Run) -> float:
    epoch = times.time_argument(value, run.now)
    if epoch is None:
        raise SplSyntaxError(f"{name}={value} is not a time; write for example {name}=-24h@h")
    return epoch


def _results(part: Subsearch, run: Run) -> Predicate:
    """Return the results of a subsearch as the predicate that Splunk's implicit `format` makes of them.

    A field `search` or `query` is taken as text of the search itself (Search Manual, "Change the format of subsearch results").
    """
    pipeline: typing.Any = part.pipeline
    rows = run.subsearch(pipeline, limits.SUBSEARCH_MAXOUT, "a subsearch in a search clause")
    if not {"search", "query"} & set(rows.columns):
        rows = Format(pipeline[-1].segment).run(rows, run)
    found = run.fetch(rows)
    texts = [value for row in found for name in ("search", "query") if isinstance(value := row.get(name), str)]
    if not texts:
        return Not(All(()))
    text = " ".join(texts)
    cursor = Cursor(text, lex_arguments(text, 0, len(text)), len(text), _nested)
    predicate = parse_predicate(cursor)
    cursor.finish()
    return predicate


def _nested(token: Token) -> typing.Any:
    raise AssertionError("values are quoted, so the text of results holds no subsearch")
