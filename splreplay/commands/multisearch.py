"""multisearch: the events of several searches as one stream (Search Reference, "multisearch")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from splreplay.run.command import ANY, ORDER, Cursor, Outputs, Pipeline, Run, Segment, Source, Table, outputs
from splreplay.run.execute import nested
from splreplay.sql.values import as_number


@dataclass(frozen=True)
class MultiSearch(Source):
    """`multisearch [search] [search] …`."""

    parts: tuple[Pipeline, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> MultiSearch:
        """Read the searches.

        Raises:
            SplSyntaxError: If there are fewer than two, or one is not made of commands that work on each result alone.
        """
        parts: list[Pipeline] = []
        while cursor.here.kind == "subsearch":
            token = cursor.take()
            part: Pipeline = cursor.subsearch(token)
            for command in part[1:]:
                if not command.streams:
                    remedy = f"write: append, or union, or put {command.segment.name} behind multisearch"
                    command.segment.refuse(
                        f"replay's multisearch takes no {command.segment.name} in its searches", remedy
                    )
            parts.append(part)
            cursor.skip_commas()
        if len(parts) < 2:
            cursor.fail("multisearch needs two searches", remedy="write: multisearch [search …] [search …]")
        return cls(segment, tuple(parts))

    @property
    def searches(self) -> tuple[Pipeline, ...]:
        return self.parts

    def behind(self, before: Outputs) -> Outputs:
        return either(self.parts)

    def start(self, run: Run) -> Table:
        """Return the events of all searches, the newest first."""
        return newest_first([nested(part, run) for part in self.parts], run)


def either(parts: tuple[Pipeline, ...]) -> Outputs:
    """Return the fields that the results of one of some searches can have."""
    fields = [outputs(part) for part in parts]
    return (
        Outputs(frozenset(name for one in fields for name in one.names), any(one.open for one in fields))
        if fields
        else ANY
    )


def newest_first(tables: list[Table], run: Run) -> Table:
    """Return the results of all *tables*, the newest first; those of the same time in the order of the tables †."""
    rows = reduce(run.stages.union, tables)
    order = f"row_number() OVER (ORDER BY {as_number(rows.field('_time'))} DESC NULLS LAST, {ORDER})"
    return run.stages.store(rows.columns, f"FROM {rows.name}", order)
