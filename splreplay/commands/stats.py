"""stats: aggregate all results, or groups of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from splreplay.run.command import NONE, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.run.groups import aggregated, grouped, used
from splreplay.spl.options import boolean, read_options, refuse_options
from splreplay.sql.aggregates import Aggregate, check_names, parse_aggregates, parse_by


@dataclass(frozen=True)
class Stats(Transform):
    """`stats aggregates BY fields`."""

    by_name = True
    sparklines: ClassVar[bool] = True

    aggregates: tuple[Aggregate, ...]
    by: tuple[str, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Self:
        refuse_options(cursor, ("allnum", "delim"), "it changes what the aggregates give")
        read_options(cursor, {"partitions": str, "dedup_splitvals": boolean})
        aggregates = parse_aggregates(cursor, lambda token: token.is_word("by"), True, cls.sparklines)
        by = parse_by(cursor)
        check_names(cursor, aggregates, by)
        return cls(segment, aggregates, by)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (*used(self.aggregates, needed), *self.by)

    def behind(self, before: Outputs) -> Outputs:
        kept = [name for name in self.by if before.may_have(name)]
        return NONE.plus([*kept, *aggregated(self.aggregates, before)])

    def origin(self, name: str, before: Outputs) -> str | None:
        return name if name in self.by else None

    def run(self, rows: Table, run: Run) -> Table:
        """Return one result for each group, ordered by the by-fields; results without a by-field are in no group."""
        return grouped(self.segment, self.aggregates, self.by, rows, run)
