"""transaction: events that belong together as one result (Search Reference, "transaction")."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from splreplay import limits, times
from splreplay.commands.search import in_text
from splreplay.run.command import ORDER, Cursor, Outputs, Pipeline, Run, Segment, Table, Transform
from splreplay.run.predicates import predicate_test, subsearches
from splreplay.run.transactions import Event, Rules, Transactions, find
from splreplay.spl import expression, predicate
from splreplay.spl.expression import Expression, parse_parenthesised
from splreplay.spl.options import Convert, at_option, boolean, count, read_option, refuse_options
from splreplay.spl.predicate import Compare, Predicate, Term, parse_predicate, terms_of
from splreplay.spl.tokens import Token, lex_arguments
from splreplay.sql.aggregates import PLACE, TIME, Aggregate, sql_of
from splreplay.sql.values import Kind, Sql, as_number, as_text

_BATCH = 20_000  # events that are fetched at once
_MADE = ("closed_txn", "duration", "eventcount")


def _seconds(text: str) -> float | None:
    """Return a length of time in seconds; None for a negative one, which is no bound."""
    if re.fullmatch("-[0-9]+[a-z]*", text):
        return None
    seconds = float(text) if re.fullmatch("[0-9]{1,15}", text) else times.span_seconds(text)
    if seconds is None:
        raise ValueError("a length of time, as in 30s, 5m, 2h or 1d")
    return seconds


def _number(text: str) -> int | None:
    return None if re.fullmatch("-[0-9]+", text) else count(text)


_OPTIONS: dict[str, Convert] = {
    "maxspan": _seconds,
    "maxpause": _seconds,
    "maxevents": _number,
    "connected": boolean,
    "keepevicted": boolean,
    "maxopentxn": count,
    "maxopenevents": count,
}
# What these do by default is what is done here.
_BY_DEFAULT: dict[str, Convert] = {"unifyends": boolean, "keeporphans": boolean, "mvlist": str, "mvraw": boolean}
_REFUSED = ("name", "delim", "nullstr")
_FILTERS = ("startswith", "endswith")
Filter = Predicate | Expression


@dataclass(frozen=True)
class Transaction(Transform):
    """`transaction fields maxspan= maxpause= maxevents= startswith= endswith= connected= keepevicted=`.

    A bound of None is none.
    """

    by_name = True

    fields: tuple[str, ...]
    maxspan: float | None = None
    maxpause: float | None = None
    maxevents: int | None = 1000
    startswith: Filter | None = None
    endswith: Filter | None = None
    connected: bool = True
    keepevicted: bool = False
    maxopentxn: int = limits.TRANSACTIONS
    maxopenevents: int = limits.TRANSACTION_EVENTS

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Transaction:
        """Read the fields and the options, in any order.

        Raises:
            UnsupportedError: For a transaction type of transactiontypes.conf, and for what shows values or orphans in other ways.
        """
        fields: list[str] = []
        options: dict[str, Any] = {}
        while cursor.here.kind in ("word", "quoted"):
            start = cursor.here
            if at_option(cursor, _FILTERS):
                name = cursor.take().value.lower()
                cursor.take()
                options[name] = _read_filter(cursor)
            elif at_option(cursor, _BY_DEFAULT):
                name, value = read_option(cursor, _BY_DEFAULT)
                if value is not False and str(value).lower() not in ("f", "false", "0"):
                    instead = _INSTEAD[name].format(" ".join(fields) or "the fields that bind the events")
                    cursor.refuse(f"replay's transaction does not run {name}=", start, instead)
            elif at_option(cursor, _OPTIONS):
                name, value = read_option(cursor, _OPTIONS)
                options[name] = value
            else:
                refuse_options(cursor, _REFUSED, "it reads no transactiontypes.conf, and keeps values apart")
                if "*" in start.value or "," in start.value:
                    cursor.refuse("replay's transaction takes the names of fields, one by one", start)
                fields.append(cursor.name())
            cursor.skip_commas()
        return cls(segment, tuple(fields), **options)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (*self.fields, *(name for one in self._filters for name in _fields_of(one, needed)), "_time")

    @property
    def searches(self) -> tuple[Pipeline, ...]:
        predicates = (one for one in self._filters if isinstance(one, Predicate))
        return tuple(inner for one in predicates for inner in subsearches(one))

    @property
    def reads_raw(self) -> bool:
        """Whether it looks for words, or names the text."""
        words = any(any(terms_of(one)) for one in self._filters if isinstance(one, Predicate))
        return words or super().reads_raw

    @property
    def _filters(self) -> tuple[Filter, ...]:
        return tuple(one for one in (self.startswith, self.endswith) if one is not None)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(_MADE)

    def run(self, rows: Table, run: Run) -> Table:
        """Return one result for each transaction, the one that began last first †.

        It has the time of its earliest event, the text of all of them in the order of time †, and every value of the other fields,
        each once and in the order of characters.

        Raises:
            UnsupportedError: If one of the fields has several values.
        """
        time = as_number(rows.field("_time"))
        found = find(self._events(rows, time, run), self._rules)
        self._say_limits(found, run)
        members = run.stages.from_numbers({"place": found.places, "number": found.numbers})
        kept = found.whole | dict.fromkeys(found.broken, False) if self.keepevicted else found.whole
        closed = run.stages.from_numbers({"number": array("q", kept), "closed": array("q", kept.values())})
        several = [name for name in rows.columns if name not in (*self.fields, *_MADE, "_time", "_raw")]
        fields = {name: self._joined(name, rows) for name in rows.columns if name not in _MADE}
        fields |= {"_time": Sql(f"min({TIME})", Kind.NUMBER)} if "_time" in rows.columns else {}
        fields |= {
            "closed_txn": Sql('CAST(any_value(c."closed") AS DOUBLE)', Kind.NUMBER),
            "duration": Sql(f"max({TIME}) - min({TIME})", Kind.NUMBER),
            "eventcount": Sql("CAST(count(*) AS DOUBLE)", Kind.NUMBER),
        }
        rest = (
            f'FROM (SELECT *, CAST({ORDER} AS DOUBLE) AS {PLACE}, {time} AS {TIME} FROM {rows.name}) JOIN {members.name} m ON {PLACE} = m."place" '
            f'JOIN {closed.name} c USING ("number") GROUP BY "number"'
        )
        joined = run.stages.store(fields, rest, f'row_number() OVER (ORDER BY min({TIME}) DESC, "number")')
        return self._single(joined, several, run)

    @property
    def _rules(self) -> Rules:
        starts, ends = self.startswith is not None, self.endswith is not None
        return Rules(self.maxspan, self.maxpause, self.maxevents, starts, ends, self.connected)

    def _events(self, rows: Table, time: str, run: Run) -> Iterator[Event]:
        """Yield the events that have a time, the newest first."""
        keys = ", ".join(as_text(rows.one_value(name, self.segment)) for name in self.fields)
        tests = ", ".join(self._test(one, rows, run) for one in (self.startswith, self.endswith))
        timed = f"FROM {rows.name} WHERE {time} IS NOT NULL"
        if run.stages.scalar(
            f"SELECT count(*) FROM (SELECT {time} > lag({time}) OVER (ORDER BY {ORDER}) AS later {timed}) WHERE later"
        ):
            run.warn(
                "transaction needs its results from the newest to the oldest, and takes them so, though they came in another order; "
                "Splunk may find other transactions: put sort 0 - _time before it"
            )
        query = f"SELECT CAST({ORDER} AS DOUBLE), {time} AS t, [{keys}], {tests} {timed} ORDER BY t DESC, {ORDER}"
        if not run.stages.makes:
            return
        result = run.stages.connection.execute(query)
        while batch := result.fetchmany(_BATCH):
            for place, at, values, starts, ends in batch:
                yield Event(place, at, tuple(values), starts, ends)

    def _test(self, one: Filter | None, rows: Table, run: Run) -> str:
        if one is None:
            return "false"
        if isinstance(one, Predicate):
            return predicate_test(one, rows.field, run, in_text(rows.columns, self.segment))
        return f"coalesce({run.compiler(self.segment.cursor(), rows.field).boolean(one)}, false)"

    def _joined(self, name: str, rows: Table) -> Sql:
        value = rows.field(name)
        if name in self.fields:
            return Sql(f"any_value({value.text})", value.kind)
        if name == "_raw":
            texts = f"list({as_text(value)} ORDER BY {PLACE} DESC) FILTER ({value.text} IS NOT NULL)"
            return Sql(f"array_to_string({texts}, chr(10))", Kind.TEXT)
        return sql_of(Aggregate("values", name, name, self.segment.cursor().here), value)

    @staticmethod
    def _single(rows: Table, several: list[str], run: Run) -> Table:
        """Return the transactions with plain values in the fields of which none has two: many commands take no others."""
        listed = ", ".join(f"coalesce(max(len({rows.field(name).text})), 0)" for name in several)
        most = run.stages.column(f"SELECT unnest([{listed}]) FROM {rows.name}") if several else []
        known = dict(zip(several, most or [1] * len(several), strict=True))
        single = {name: Sql(f"{rows.field(name).text}[1]", Kind.TEXT) for name, size in known.items() if size < 2}
        return run.stages.with_fields(rows, single) if single else rows

    def _say_limits(self, found: Transactions, run: Run) -> None:
        for most, limit, what in (
            (found.most_open, self.maxopentxn, "transactions"),
            (found.most_events, self.maxopenevents, "events of transactions"),
        ):
            if most > limit:
                message = (
                    f"transaction held {most:,} open {what} at once; Splunk holds {limit:,} and gives up the oldest"
                )
                run.say("limit", message)


_INSTEAD = {
    "unifyends": "name in startswith= and endswith= what binds the events, too",
    "keeporphans": "write keepevicted=true: it shows the transactions that lack their start or end",
    "mvlist": "write: stats list(*) as * by {}",
    "mvraw": "write: stats list(_raw) by {}",
}


def _fields_of(one: Filter, needed: bool) -> Iterator[str]:
    return predicate.fields_of(one, needed) if isinstance(one, Predicate) else expression.fields_of(one, needed)


def _read_filter(cursor: Cursor) -> Filter:
    """Return what an event is tested by: `eval(test)`, `(predicate)`, `"predicate"`, or a word.

    Raises:
        SplSyntaxError: If it is none of these.
    """
    if cursor.here.is_word("eval") and cursor.ahead().is_op("("):
        cursor.take()
        return parse_parenthesised(cursor)
    if cursor.accept_op("("):
        inside = parse_predicate(cursor)
        cursor.expect_op(")")
        return inside
    if cursor.here.kind == "quoted":
        return _in_quotes(cursor, cursor.take())
    if cursor.here.kind != "word":
        cursor.fail(
            "expected what the event has",
            remedy='write for example startswith=eval(EventCode=4624) or startswith="text"',
        )
    word = cursor.take()
    if not cursor.here.is_op("=", "!=", "<", ">", "<=", ">="):
        return Term(word.value, word)
    return Compare(word.value, cursor.take().value, cursor.name("a value"))


def _in_quotes(cursor: Cursor, token: Token) -> Predicate:
    """Return the predicate that stands in quotes; its words are shown at the quotes."""
    if not token.value.strip():
        cursor.fail("expected what the event has", token)
    words = [
        Token(one.kind, one.value, token.start, token.end) for one in lex_arguments(token.value, 0, len(token.value))
    ]
    inner = Cursor(cursor.text, words, token.end, cursor.subsearch)
    if any(word.kind == "subsearch" for word in words):
        cursor.refuse("replay's transaction takes no subsearch in quotes", token)
    found = parse_predicate(inner)
    inner.finish()
    return found
