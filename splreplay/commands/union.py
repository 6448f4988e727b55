"""union: the results of several searches and datasets (Search Reference, "union")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from splreplay import limits
from splreplay.commands.append import SUBSEARCH
from splreplay.commands.datamodel import DataModel
from splreplay.commands.from_ import read_dataset
from splreplay.commands.multisearch import either, newest_first
from splreplay.commands.search import Search
from splreplay.run.command import Cursor, Outputs, Pipeline, Run, Segment, Source, Table, Transform
from splreplay.run.execute import subsearch
from splreplay.spl.options import read_options


@dataclass(frozen=True)
class Union(Source, Transform):
    """`union options dataset|[subsearch] …`."""

    parts: tuple[Pipeline, ...]
    maxout: int = limits.APPEND_MAXOUT

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Union:
        """Read the options, which may stand before each dataset, and the datasets."""
        parts: list[Pipeline] = []
        options = read_options(cursor, SUBSEARCH)
        while cursor.here.kind in ("word", "quoted", "subsearch"):
            if cursor.here.kind == "subsearch":
                parts.append(cursor.subsearch(cursor.take()))
            else:
                parts.append((read_dataset(segment, cursor),))
            cursor.skip_commas()
            options |= read_options(cursor, SUBSEARCH)
        if not parts:
            cursor.fail("union needs a dataset", remedy="write: union [search …] [search …]")
        return cls(segment, tuple(parts), options.get("maxout", limits.APPEND_MAXOUT))

    @property
    def searches(self) -> tuple[Pipeline, ...]:
        return self.parts

    def behind(self, before: Outputs) -> Outputs:
        """Return the fields of all; as the first command it has none before it."""
        made = either(self.parts)
        return Outputs(before.names | made.names, before.open or made.open)

    def start(self, run: Run) -> Table:
        """Return the results of all datasets: the newest first if all are streams of events, else one behind the other."""
        tables = [self._results(part, run) for part in self.parts]
        return newest_first(tables, run) if all(map(_streams, self.parts)) else reduce(run.stages.union, tables)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results so far, and behind them those of all datasets †."""
        return reduce(run.stages.union, [self._results(part, run) for part in self.parts], rows)

    def _results(self, part: Pipeline, run: Run) -> Table:
        return subsearch(part, self.maxout, "union", run)


def _streams(part: Pipeline) -> bool:
    """Return whether a search gives events, and has only commands that work on each alone."""
    source, *others = part
    return isinstance(source, Search | DataModel) and all(command.streams for command in others)
