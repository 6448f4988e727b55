"""search: keep the results for which a predicate is true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from splreplay.run import events, summary
from splreplay.run.command import ORDER, Cursor, Pipeline, Reads, Run, Segment, Source, Table, Transform
from splreplay.run.predicates import TIME_MODIFIERS, predicate_test, resolve, subsearches, time_range
from splreplay.run.unmatched import Searched, reasons
from splreplay.spl.predicate import Predicate, Term, fields_of, parse_predicate, terms_of
from splreplay.sql.predicates import predicate_sql
from splreplay.sql.terms import term_sql
from splreplay.sql.values import NOTHING, Kind, Sql, as_number, identifier

# Every event has these, but for its text, which not every search reads.
ALWAYS = ("_time", "_raw", "host", "source", "sourcetype", "index")


@dataclass(frozen=True)
class Search(Source, Transform):
    """`search predicate`."""

    streams = True
    keeps_fields = True
    keeps_values = True
    searches_events = True

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

    @property
    def names_all(self) -> bool:
        """True: a `*` in it stands for values."""
        return True

    @property
    def reads_raw(self) -> bool:
        """Whether it looks for words, or names the text."""
        return any(term.value != "*" for term in terms_of(self.predicate)) or super().reads_raw

    def reads(self, first: bool) -> Reads:
        """Return None, any field, where it starts from the events."""
        return None if first else {}

    def start(self, run: Run) -> Table:
        """Return the events of the log, and of the summary indexes if the run has a folder of them, for which the predicate is true.

        They come newest first.
        """
        predicate, modifiers = resolve(self.predicate, run)
        if not run.stages.makes:
            fields = {name: Sql(identifier(name), Kind.TEXT) for name in (*ALWAYS, "_raw")}
            predicate_sql(predicate, lambda name: fields.get(name, NOTHING), in_text(fields, self.segment))
            return run.stages.store(fields, "FROM event")
        fields = events.fields(run)
        rows = self._of_log(run, predicate, fields, modifiers)
        searched = [Searched(fields, "event")]
        if run.means.collect is not None:
            collected = _collected(run, run.means.collect)
            searched.append(Searched(collected.columns, collected.name))
            kept = run.stages.keep(collected, predicate_sql(predicate, collected.field, _in_no_text))
            rows = _newest_first(rows, kept, run, modifiers)
        known = {name for table in searched for name in table.fields}
        absent = sorted(set(fields_of(predicate)) - known)
        if not rows.count:
            for blind in reasons(predicate, searched, run.stages.connection):
                run.say("blind", blind)
        elif absent:
            run.say("partly blind", f"no event of this log has the field {', '.join(absent)}, which the search tests")
        run.note_case(absent, known)
        return rows

    def _of_log(
        self, run: Run, predicate: Predicate, fields: Mapping[str, Sql], modifiers: Mapping[str, float]
    ) -> Table:
        """Return the events of the log that pass, with the fields that any of them has."""
        test = predicate_sql(predicate, lambda name: fields.get(name, NOTHING), in_text(fields, self.segment))
        kinds = events.kinds_test(events.possible(predicate, run.facts), run.facts)
        rest = f"FROM event WHERE {kinds} AND ({test}) AND {time_range(run, 'time', modifiers)}"
        if not run.stages.scalar(f"SELECT EXISTS ({rest})"):
            return run.stages.store({name: fields[name] for name in ALWAYS if name in fields}, f"{rest} AND false", "0")
        # A name that can be written in more than one way is kept in any case.
        kept = {
            name: value
            for name, value in fields.items()
            if run.naming is None or name in run.naming or name in ALWAYS or set(name) & set("\"\\'")
        }
        counts = ", ".join(f"count({value.text})" for value in kept.values())
        [there] = run.stages.connection.execute(f"SELECT {counts} {rest}").fetchall()
        present = {
            name: value for (name, value), count in zip(kept.items(), there, strict=True) if count or name in ALWAYS
        }
        return run.stages.store(present, rest, "row_number() OVER (ORDER BY time DESC)")

    def run(self, rows: Table, run: Run) -> Table:
        """Keep the results for which the predicate is true."""
        return run.stages.keep(
            rows, predicate_test(self.predicate, rows.field, run, in_text(rows.columns, self.segment))
        )


def _collected(run: Run, folder: Path) -> Table:
    """Return the events of the summary indexes."""
    for path in summary.unread(folder):
        run.warn(f"search does not read {path}: how Splunk finds the fields in it is not documented to the letter")
    collected = list(summary.read(folder))
    rows = run.stages.from_python(list(dict.fromkeys(name for result in collected for name in result)), collected)
    return run.stages.with_fields(rows, {"_time": Sql(as_number(rows.field("_time")), Kind.NUMBER)})


def _newest_first(log: Table, collected: Table, run: Run, modifiers: Mapping[str, float]) -> Table:
    rows = run.stages.union(log, collected)
    order = f"row_number() OVER (ORDER BY {rows.field('_time').text} DESC, {ORDER})"
    time = rows.field("_time").text.strip('"')
    return run.stages.store(rows.columns, f"FROM {rows.name} WHERE {time_range(run, time, modifiers)}", order)


def in_text(fields: Mapping[str, Sql], segment: Segment) -> Callable[[Term], str]:
    """Return the test of a bare word: `*` is true for every event, others are looked for in the event's text."""

    def test(term: Term) -> str:
        if term.value == "*" and not term.directive:
            return "true"
        if "_raw" in fields:
            return term_sql(term, fields["_raw"].text)
        message = "a bare word is looked for in the raw event, and these results have none"
        segment.refuse(message, "name the field: field=value", term.token)

    return test


def _in_no_text(term: Term) -> str:
    """Return the test of a bare word in events without a text, as `collect output_format=hec` writes them."""
    return "true" if term.value == "*" and not term.directive else "false"
