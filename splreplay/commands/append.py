"""append: put the results of a subsearch behind the results so far."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from splreplay import limits
from splreplay.run import ORDER, Run, Table
from splreplay.spl.options import boolean, count, read_options
from splreplay.spl.pipeline import Segment
from splreplay.sql.values import Sql, cast, common_kind

if TYPE_CHECKING:
    from splreplay.commands import Pipeline


@dataclass(frozen=True)
class Append:
    """`append options [subsearch]`."""

    segment: Segment = dataclasses.field(repr=False)
    subsearch: Pipeline
    maxout: int = limits.APPEND_MAXOUT

    @classmethod
    def parse(cls, segment: Segment) -> Append:
        """Read the options and the subsearch; the time limits are read and, as nothing here waits, never bite."""
        cursor = segment.arguments()
        options = read_options(
            cursor, {"extendtimerange": boolean, "maxtime": count, "maxout": count, "timeout": count}
        )
        if cursor.here.kind != "subsearch":
            cursor.fail("append needs a subsearch", remedy="write: append [| tstats …]")
        subsearch = cursor.subsearch(cursor.take())
        cursor.finish()
        return cls(segment, subsearch, options.get("maxout", limits.APPEND_MAXOUT))

    def run(self, rows: Table | None, run: Run) -> Table:
        """Return all results so far, then those of the subsearch; a field that one side lacks is empty there."""
        assert rows is not None
        return union(rows, run.subsearch(self.subsearch, self.maxout, "append"), run)


def union(first: Table, second: Table, run: Run) -> Table:
    """Return the rows of *first*, then those of *second*, with the fields of both."""
    names = list(dict.fromkeys([*first.columns, *second.columns]))
    kinds = {name: common_kind([first.field(name), second.field(name)]) for name in names}

    def select(table: Table, part: int) -> str:
        cells = [cast(table.field(name), kinds[name]) for name in names]
        columns = "".join(f", {cell} AS c{number}" for number, cell in enumerate(cells))
        return f"SELECT {part} AS part, {ORDER} AS o{columns} FROM {table.name}"

    fields = {name: Sql(f"c{number}", kinds[name]) for number, name in enumerate(names)}
    rest = f"FROM ({select(first, 1)} UNION ALL {select(second, 2)})"
    return run.store(fields, rest, "row_number() OVER (ORDER BY part, o)")
