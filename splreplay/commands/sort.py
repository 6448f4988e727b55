"""sort: order the results by some of their fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay import limits
from splreplay.run.command import Cursor, Run, Segment, Table, Transform
from splreplay.run.order import Key, parse_keys, sorted_by
from splreplay.spl.options import count, read_count, read_options


@dataclass(frozen=True)
class Sort(Transform):
    """`sort [count] [+|-]field, … [desc]`; a count of 0 keeps every result."""

    keeps_fields = True
    by_name = True
    keeps_values = True

    limit: int
    keys: tuple[Key, ...]
    default_limit: bool = False

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Sort:
        """Read the count, and the fields with their signs and types."""
        limit: int | None = read_options(cursor, {"limit": count}).get("limit")
        if (number := read_count(cursor, "sort")) is not None:
            limit = number
        return cls(segment, limits.SORT_DEFAULT if limit is None else limit, parse_keys(cursor), limit is None)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (key.field for key in self.keys)

    def run(self, rows: Table, run: Run) -> Table:
        """Return at most *limit* results in order; equal results keep their order."""
        ordered = sorted_by(self.keys, rows, run)
        if not self.limit or ordered.count <= self.limit:
            return ordered
        if self.default_limit:
            run.say(
                "limit",
                f"sort kept {self.limit:,} of {ordered.count:,} results, its limit when no count is given; write sort 0",
            )
        return run.stages.first(ordered, self.limit)
