"""appendpipe: what some commands make of the results, behind the results (Search Reference, "appendpipe")."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform, outputs
from splreplay.run.execute import transform
from splreplay.spl.options import boolean, read_options


@dataclass(frozen=True)
class AppendPipe(Transform):
    """`appendpipe [run_in_preview=] [commands]`."""

    commands: tuple[Transform, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> AppendPipe:
        """Read the commands; a replay has no previews."""
        read_options(cursor, {"run_in_preview": boolean})
        if cursor.here.kind != "subsearch":
            cursor.fail("appendpipe needs commands in brackets", remedy="write: appendpipe [stats count]")
        return cls(segment, segment.parser.subpipeline(cursor.take()))

    @property
    def inside(self) -> tuple[Transform, ...]:
        return self.commands

    @property
    def names_all(self) -> bool:
        """Whether the text of its commands has the name of every field that they use."""
        return all(command.names_all for command in self.commands)

    def behind(self, before: Outputs) -> Outputs:
        """Return the fields of both."""
        made = outputs(self.commands, before)
        return Outputs(before.names | made.names, before.open or made.open)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results, and behind them what the commands make of them, where this command stands."""
        run.depth += 1
        made = transform(rows, self.commands, run, Outputs(frozenset(rows.columns), open=True))
        run.depth -= 1
        return run.stages.union(rows, made)
