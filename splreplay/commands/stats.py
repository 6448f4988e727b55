"""stats: aggregate the results, in groups or all together."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from splreplay.run import ORDER, Run, Table
from splreplay.spl.options import boolean, read_options, refuse_options
from splreplay.spl.pipeline import Segment
from splreplay.spl.tokens import Cursor
from splreplay.sql.aggregates import Aggregate, check_names, expand, field_value, group, parse_aggregates, parse_by
from splreplay.sql.expressions import Compiler


@dataclass(frozen=True)
class Stats:
    """`stats aggregates BY fields`."""

    segment: Segment = dataclasses.field(repr=False)
    aggregates: tuple[Aggregate, ...]
    by: tuple[str, ...]

    @classmethod
    def parse(cls, segment: Segment) -> Stats:
        """Read the aggregates and the by-clause."""
        cursor = segment.arguments()
        aggregates, by = parse_stats(cursor)
        return cls(segment, aggregates, by)

    def run(self, rows: Table | None, run: Run) -> Table:
        """Return one result for each group, in the order of the by-fields; a result without a by-field is in none."""
        assert rows is not None
        return grouped(self.segment, self.aggregates, self.by, rows, run)


def parse_stats(cursor: Cursor) -> tuple[tuple[Aggregate, ...], tuple[str, ...]]:
    """Return the aggregates and by-fields that make up the arguments of stats and eventstats."""
    refuse_options(cursor, ("allnum", "delim"), "it changes what the aggregates give")
    read_options(cursor, {"partitions": str, "dedup_splitvals": boolean})
    aggregates = parse_aggregates(cursor, lambda token: token.is_word("by"), True)
    by = parse_by(cursor)
    check_names(cursor, aggregates, by)
    cursor.finish()
    return aggregates, by


def grouped(segment: Segment, aggregates: tuple[Aggregate, ...], by: tuple[str, ...], rows: Table, run: Run) -> Table:
    """Return the aggregates of *rows*, one row for each group."""
    value = field_value(rows, Compiler(segment.arguments(), rows.field, run.now, run.warn))
    fields = {name: rows.field(name) for name in by}
    expanded = expand(aggregates, list(rows.columns), by)
    return group(run, expanded, fields, value, f"FROM {rows.name}", rows.field("_time"), ORDER)
