"""append: add the results of a subsearch after the results so far."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay import limits
from splreplay.run.command import Cursor, Pipeline, Run, Segment, Table, WithSubsearch
from splreplay.run.execute import subsearch
from splreplay.spl.options import Convert, boolean, count, read_options

# The options of commands with a subsearch; the time limits are checked but have no effect here.
SUBSEARCH: dict[str, Convert] = {"extendtimerange": boolean, "maxtime": count, "maxout": count, "timeout": count}


@dataclass(frozen=True)
class Append(WithSubsearch):
    """`append options [subsearch]`."""

    maxout: int = limits.APPEND_MAXOUT

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Append:
        """Read the options and the subsearch."""
        options = read_options(cursor, SUBSEARCH)
        inner = read_subsearch(segment, cursor)
        return cls(segment, inner, options.get("maxout", limits.APPEND_MAXOUT))

    def run(self, rows: Table, run: Run) -> Table:
        """Return all results so far, then those of the subsearch; a field that one of them lacks is empty there."""
        return run.stages.union(rows, subsearch(self.subsearch, self.maxout, "append", run))


def read_subsearch(segment: Segment, cursor: Cursor) -> Pipeline:
    """Return the subsearch at the cursor; SplSyntaxError if there is none."""
    if cursor.here.kind != "subsearch":
        cursor.fail(f"{segment.name} needs a subsearch", remedy=f"write: {segment.name} [| tstats …]")
    inner: Pipeline = cursor.subsearch(cursor.take())
    return inner
