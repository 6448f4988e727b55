"""appendcols: add the fields of a subsearch's results to the results, row by row (Search Reference, "appendcols")."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay import limits
from splreplay.commands.append import SUBSEARCH, read_subsearch
from splreplay.run.command import ORDER, Cursor, Outputs, Run, Segment, Table, WithSubsearch, outputs
from splreplay.run.execute import subsearch
from splreplay.spl.options import boolean, read_options
from splreplay.sql.values import NOTHING, Sql


@dataclass(frozen=True)
class AppendCols(WithSubsearch):
    """`appendcols [override=] options [subsearch]`."""

    maxout: int = limits.APPEND_MAXOUT
    override: bool = False

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> AppendCols:
        """Read the options and the subsearch."""
        options = read_options(cursor, {**SUBSEARCH, "override": boolean})
        inner = read_subsearch(segment, cursor)
        return cls(segment, inner, options.get("maxout", limits.APPEND_MAXOUT), options.get("override", False))

    def behind(self, before: Outputs) -> Outputs:
        """Return the fields of both, of the subsearch without internal ones."""
        right = outputs(self.subsearch)
        return Outputs(before.names | {name for name in right.names if name[:1] != "_"}, before.open or right.open)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the first result with the fields of the subsearch's first, and so on; the longer of the two has the others †.

        Where both have a value it is that of the result, with override=true that of the subsearch. Internal fields of the subsearch
        are left out.
        """
        right = subsearch(self.subsearch, self.maxout, "appendcols", run)
        added = {name: column.of("r") for name, column in right.columns.items() if name[:1] != "_"}
        fields = {name: column.of("l") for name, column in rows.columns.items()}
        for name, theirs in added.items():
            fields[name] = self._either(fields.get(name, NOTHING), theirs)
        sides = (
            f'(SELECT *, row_number() OVER (ORDER BY {ORDER}) AS "#row" FROM {side.name}) {alias}'
            for side, alias in ((rows, "l"), (right, "r"))
        )
        return run.stages.store(fields, f'FROM {" FULL JOIN ".join(sides)} USING ("#row")', '"#row"')

    def _either(self, mine: Sql, theirs: Sql) -> Sql:
        if mine == NOTHING:
            return theirs
        return theirs.or_else(mine) if self.override else mine.or_else(theirs)
