"""tstats: count and group the rows of a data model (Search Reference, "tstats")."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from splreplay import cim
from splreplay.commands.format import Format
from splreplay.run.command import NONE, Outputs, Pipeline, Reads, Run, Segment, Source, Table, outputs
from splreplay.run.datasets import COMMON, dataset
from splreplay.run.groups import group
from splreplay.run.predicates import resolve, subsearches, time_range
from splreplay.spl.options import Convert, at_option, boolean, read_option, refuse_options
from splreplay.spl.predicate import All, Predicate, Term, fields_of, parse_predicate
from splreplay.spl.tokens import Cursor, Token
from splreplay.sql import spans
from splreplay.sql.aggregates import Aggregate, check_names, expand, parse_aggregates
from splreplay.sql.predicates import predicate_sql
from splreplay.sql.values import NOTHING, Kind, Sql, as_text, identifier, literal

# A dataset with more matching rows than this is not kept, but read again. DuckDB searches for this many rows and one more in all
# its threads.
SHARED_ROWS = 9_999

# These have no effect, because replay has no summaries that could be partial, old or local; their values are checked.
_OPTIONS: dict[str, Convert] = {
    "summariesonly": boolean,
    "allow_old_summaries": boolean,
    "local": boolean,
    "include_reduced_buckets": boolean,
    "chunk_size": str,
    "fillnull_value": str,
}
_REFUSED = ("prestats", "append")


@dataclass(frozen=True)
class Tstats(Source):
    """`tstats options aggregates FROM datamodel=X WHERE predicate BY fields`."""

    aggregates: tuple[Aggregate, ...]
    datamodel: str
    predicate: Predicate
    by: tuple[str, ...]
    span: spans.Span | None  # of _time; None leaves the choice to Splunk
    fillnull_value: str | None
    datamodel_token: Token = dataclasses.field(repr=False, compare=False)

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Tstats:
        """Read the whole command.

        Raises:
            UnsupportedError: For prestats=, append= and a search without a data model.
        """
        fillnull_value: str | None = None
        while at_option(cursor, (*_OPTIONS, *_REFUSED)):
            refuse_options(cursor, _REFUSED, "its output is Splunk's own intermediate form")
            name, value = read_option(cursor, _OPTIONS)
            fillnull_value = value if name == "fillnull_value" else fillnull_value
        aggregates = parse_aggregates(cursor, lambda token: token.is_word("from", "where", "by", "groupby"), False)
        for aggregate in aggregates:
            if aggregate.function in ("first", "last", "list"):
                cursor.refuse(
                    f"replay's tstats does not run {aggregate.function}: a data model has no order", aggregate.token
                )
        if not cursor.accept_word("from"):
            cursor.refuse("replay's tstats reads data models only", remedy="add: from datamodel=Endpoint.Processes")
        if not at_option(cursor, ("datamodel",)):
            cursor.refuse("replay's tstats reads data models only", remedy="write: from datamodel=Endpoint.Processes")
        cursor.take()
        cursor.take()
        datamodel_token = cursor.here
        name = cursor.name("a data model")
        datamodel = cim.ROOTS.get(name, name)
        predicate: Predicate = All(())
        if cursor.accept_word("where"):
            predicate = parse_predicate(cursor, lambda token: token.is_word("by", "groupby"))
        by, span = _parse_by(cursor)
        check_names(cursor, aggregates, by)
        return cls(segment, aggregates, datamodel, predicate, by, span, fillnull_value, datamodel_token)

    def behind(self, before: Outputs) -> Outputs:
        return NONE.plus([*self.by, *(aggregate.alias for aggregate in self.aggregates)])

    @property
    def searches(self) -> tuple[Pipeline, ...]:
        return subsearches(self.predicate)

    def reads(self, first: bool) -> Reads:
        """Return the fields that it names, and those that the results of its subsearches may add to its predicate."""
        names = {aggregate.field for aggregate in self.aggregates if aggregate.field is not None}
        names |= {*self.by, *fields_of(self.predicate)}
        for inner in self.searches:
            source, *others = inner
            before = others[:-1] if isinstance(inner[-1], Format) else others
            named = outputs((source, *before))
            if named.open or {"search", "query"} & named.names:
                return None
            names |= named.names
        if any("*" in name for name in names):
            return None
        prefix = f"{self.datamodel.rpartition('.')[2]}."
        return {self.datamodel: {name.removeprefix(prefix) for name in names}}

    def start(self, run: Run) -> Table:
        """Return one result for each group, ordered by the by-fields."""
        model = dataset(self.datamodel, run, self.segment, self.datamodel_token, "from datamodel=", self._without)
        root = self.datamodel.rpartition(".")[2]
        names = [name if name in COMMON else f"{root}.{name}" for name in model.columns]
        absent: set[str] = set()
        asked: set[str] = set()
        read: dict[str, None] = {}

        def field(name: str) -> Sql:
            column = name.removeprefix(f"{root}.")
            if name not in names and name != "nodename":
                absent.add(name)
                return NOTHING
            if name not in (*COMMON, "nodename"):
                asked.add(column)
            read[column] = None
            return Sql(identifier(column), model.kind(column))

        def value(aggregate: Aggregate) -> Sql:
            return field(aggregate.field) if aggregate.field is not None else Sql("1", Kind.NUMBER)

        by = {name: field(name) for name in self.by}
        # With a fillnull_value no row is dropped for a missing by-field.
        filled = self.fillnull_value is not None
        grouped = set() if filled else set(asked)
        asked.clear()
        predicate, modifiers = resolve(self.predicate, run)
        test = predicate_sql(predicate, field, self._no_terms)
        run.models.decides(self.datamodel, asked, grouped, predicate)
        aggregates, moment = expand(self.aggregates, names, self.by), field("_time")
        inputs = {aggregate: value(aggregate) for aggregate in aggregates}
        rest = self._rows(run, model, read, f"({test}) AND {time_range(run, '_time', modifiers)}")
        if "_time" in by:
            by["_time"] = Sql((self.span or self._span(rest, run)).start_of('"_time"'), Kind.NUMBER)
        groups = group(
            run,
            aggregates,
            {name: self._key(name, sql) for name, sql in by.items()},
            inputs.__getitem__,
            rest,
            moment,
            None,
            filled,
        )
        if absent:
            run.warn(f"{self.datamodel} has no field {' '.join(sorted(absent))} here, so it is empty in this search")
            run.note_case(absent, names)
        return groups

    def _rows(self, run: Run, model: cim.Dataset, read: Collection[str], where: str) -> str:
        """Return the SQL, from `FROM` on, of the matching rows; a few rows that the search reads again are kept."""

        def rows(fields: Iterable[str]) -> str:
            return f"FROM ({model.query(fields)}) AS {identifier(self.datamodel)} WHERE {where}"

        shared = sorted(model.columns.keys() & run.models.shared.get(self.datamodel, ()))
        if set(read) <= set(shared):
            fields = {name: Sql(identifier(name), model.kind(name)) for name in shared}
            kept = run.stages.store(fields, f"{rows(shared)} LIMIT {SHARED_ROWS + 1}", "0")
            if kept.count <= SHARED_ROWS:
                return f"FROM {kept.name}"
        return rows(read)

    @property
    def _without(self) -> str:
        """What else to leave out where a search names another dataset."""
        return ", without nodename=" if "nodename" in fields_of(self.predicate) else ""

    def _span(self, rest: str, run: Run) -> spans.Span:
        """Return the span of `_time` that Splunk is taken to choose for the rows, or for the time range if that is wider †."""
        if not run.stages.makes:
            return spans.Span(1)
        edges = run.stages.scalar(f'SELECT [min("_time"), max("_time")] {rest}')
        if edges in (None, [None, None]):
            return spans.Span(1)
        (first, last), time = edges, run.time
        start = first if time.earliest is None else min(first, time.earliest)
        end = last if time.latest is None else max(last, time.latest)
        span = spans.chosen(start, end)
        run.warn(f"tstats groups by _time without a span=, so replay took {span}; Splunk may take another")
        return span

    def _key(self, name: str, sql: Sql) -> Sql:
        if name == "_time" or self.fillnull_value is None:
            return sql
        filler = literal(self.fillnull_value)
        if sql.kind is Kind.MULTIVALUE:
            return Sql(f"coalesce({sql.text}, [{filler}])", Kind.MULTIVALUE)
        return Sql(f"coalesce({as_text(sql)}, {filler})", Kind.TEXT)

    def _no_terms(self, term: Term) -> str:
        remedy = "write field=value, for example Processes.process_name=cmd.exe"
        self.segment.fail("tstats cannot look for a bare word", remedy, term.token)


def _parse_by(cursor: Cursor) -> tuple[tuple[str, ...], spans.Span | None]:
    """Return the by-fields and the span of `_time`."""
    if not cursor.accept_word("by", "groupby"):
        return (), None
    by: list[str] = []
    span: spans.Span | None = None
    start = cursor.here
    cursor.skip_commas()
    while cursor.here.kind in ("word", "quoted"):
        if at_option(cursor, ("span",)):
            start = cursor.here
            span = _parse_span(cursor)
        else:
            by.append(cursor.name())
        cursor.skip_commas()
    if not by:
        cursor.fail("expected a field behind by")
    if span is not None and "_time" not in by:
        cursor.fail("span= goes with _time", start, remedy="write: by _time span=1h")
    return tuple(by), span


def _parse_span(cursor: Cursor) -> spans.Span | None:
    cursor.take()
    cursor.expect_op("=")
    token = cursor.here
    text = cursor.name("a span")
    span = spans.Span.of(text)
    if span is None and text.lower() != "auto":
        cursor.refuse("replay knows spans of seconds to months", token, "write for example span=1h")
    return span
