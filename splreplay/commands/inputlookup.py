"""inputlookup: read a lookup table of the app."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from splreplay.commands.append import union
from splreplay.commands.search import predicate_test
from splreplay.run import Run, Table
from splreplay.spl.options import boolean, count, read_options, refuse_options
from splreplay.spl.pipeline import Segment
from splreplay.spl.predicate import All, Predicate, Term, parse_predicate


@dataclass(frozen=True)
class InputLookup:
    """`inputlookup [append=] [start=] [max=] name [where predicate]`."""

    segment: Segment = dataclasses.field(repr=False)
    name: str
    predicate: Predicate
    append: bool = False
    start: int = 0
    max: int = 1_000_000_000  # Search Reference, "inputlookup"

    @classmethod
    def parse(cls, segment: Segment) -> InputLookup:
        """Read the options, the name of a lookup or of its file, and the predicate."""
        cursor = segment.arguments()
        refuse_options(cursor, ("strict",), "replay is always strict")
        options = read_options(cursor, {"append": boolean, "start": count, "max": count})
        name = cursor.name("the name of a lookup")
        predicate: Predicate = All(())
        if cursor.accept_word("where"):
            predicate = parse_predicate(cursor)
        cursor.finish()
        return cls(segment, name, predicate, **options)

    def run(self, rows: Table | None, run: Run) -> Table:
        """Return the rows of the lookup, with append behind the results so far; empty cells are no values."""
        if rows is not None and not self.append:
            message = "'inputlookup' makes its own results, so it must come first"
            self.segment.fail(message, "write inputlookup append=true, or put it first")
        lookup = run.app.lookup(self.name)
        found = run.from_python(lookup.fields, lookup.rows)
        found = run.keep(found, predicate_test(self.predicate, found.field, run, self._no_terms))
        found = run.store(found.columns, f'FROM {found.name} ORDER BY "#" LIMIT {self.max} OFFSET {self.start}')
        return union(rows, found, run) if self.append and rows is not None else found

    def _no_terms(self, term: Term) -> str:
        self.segment.fail("inputlookup where takes field=value", token=term.token)
