"""inputlookup: read a lookup table of the app."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.run.command import Cursor, Pipeline, Run, Segment, Source, Table, Transform
from splreplay.run.predicates import predicate_test, subsearches
from splreplay.spl.options import Convert, boolean, count, read_options, refuse_options
from splreplay.spl.predicate import All, Predicate, Term, parse_predicate


@dataclass(frozen=True)
class InputLookup(Source, Transform):
    """`inputlookup [append=] [start=] [max=] name [options] [where predicate]`."""

    name: str
    predicate: Predicate
    append: bool = False
    start_at: int = 0
    max: int = 1_000_000_000  # Search Reference, "inputlookup"

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> InputLookup:
        refuse_options(cursor, ("strict",), "replay is always strict")
        spec: dict[str, Convert] = {"append": boolean, "start": count, "max": count}
        options = read_options(cursor, spec)
        name = cursor.name("the name of a lookup")
        options |= read_options(cursor, spec)
        predicate: Predicate = All(())
        if cursor.accept_word("where"):
            predicate = parse_predicate(cursor)
        return cls(segment, name, predicate, start_at=options.pop("start", 0), **options)

    @property
    def searches(self) -> tuple[Pipeline, ...]:
        return subsearches(self.predicate)

    def start(self, run: Run) -> Table:
        """Return the rows of the lookup; an empty cell is no value."""
        lookup = run.lookup(self.name)
        rows = run.stages.from_python(lookup.fields, lookup.rows)
        rows = run.stages.keep(rows, predicate_test(self.predicate, rows.field, run, self._no_terms))
        rest = f'FROM {rows.name} ORDER BY "#" LIMIT {self.max} OFFSET {self.start_at}'
        return run.stages.store(rows.columns, rest)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results so far, followed by the rows of the lookup."""
        if not self.append:
            message = "'inputlookup' makes its own results, so it must come first"
            self.segment.fail(message, "write inputlookup append=true, or put it first")
        return run.stages.union(rows, self.start(run))

    def _no_terms(self, term: Term) -> str:
        self.segment.fail("inputlookup where takes field=value", token=term.token)
