"""append: add the results of a subsearch after the results so far."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay import limits
from splreplay.run.command import Cursor, Run, Segment, Table, WithSubsearch
from splreplay.run.execute import subsearch
from splreplay.spl.options import boolean, count, read_options


@dataclass(frozen=True)
class Append(WithSubsearch):
    """`append options [subsearch]`."""

    maxout: int = limits.APPEND_MAXOUT

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Append:
        """Read the options and the subsearch. The time limits are checked but have no effect here."""
        options = read_options(
            cursor, {"extendtimerange": boolean, "maxtime": count, "maxout": count, "timeout": count}
        )
        if cursor.here.kind != "subsearch":
            cursor.fail("append needs a subsearch", remedy="write: append [| tstats …]")
        inner = cursor.subsearch(cursor.take())
        return cls(segment, inner, options.get("maxout", limits.APPEND_MAXOUT))

    def run(self, rows: Table, run: Run) -> Table:
        """Return all results so far, then those of the subsearch; a field that one of them lacks is empty there."""
        return run.stages.union(rows, subsearch(self.subsearch, self.maxout, "append", run))
