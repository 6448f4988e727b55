"""What a command says of itself: how it is read, what it does to fields, and how it runs.

A command is of one of two kinds, or of both: a source makes results, a transform turns results into others. What the modules
of commands need beside that is named here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from splreplay.run import Run as Run
from splreplay.run.fields import ANY
from splreplay.run.fields import NONE as NONE
from splreplay.run.fields import Outputs as Outputs
from splreplay.run.stages import ORDER as ORDER
from splreplay.run.stages import Table as Table
from splreplay.spl.pipeline import Segment as Segment
from splreplay.spl.tokens import Cursor as Cursor

# The fields that are read of each dataset; None where any field of the log may be.
Reads = Mapping[str, set[str]] | None


@dataclass(frozen=True)
class Command:
    """One command of a search, as *segment* of its text says it; it is called by its class's name, or by other *names*."""

    names: ClassVar[tuple[str, ...]] = ()
    streams: ClassVar[bool] = False  # it goes through the results one by one, as all in a template of foreach must
    keeps_fields: ClassVar[bool] = False  # results have the fields that they had before

    segment: Segment = field(repr=False)

    def __init_subclass__(cls) -> None:
        """Name a command."""
        cls.names = cls.__dict__.get("names", (cls.__name__.rstrip("_").lower(),))

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Self | Command:
        """Return the command that a segment holds; *cursor* stands at its arguments, all of which must be read.

        Raises:
            SplSyntaxError: If an argument is wrong.
            UnsupportedError: If replay does not run it.
        """
        raise NotImplementedError

    @property
    def searches(self) -> tuple[Pipeline, ...]:
        """The searches inside it."""
        return ()

    def reads(self, first: bool) -> Reads:
        """Return what it reads of the log, but for the searches inside it, where it is the *first* command or a later one."""
        return {}

    def behind(self, before: Outputs) -> Outputs:
        """Return the fields that can be there behind it: any, unless the command says otherwise."""
        return before if self.keeps_fields else before.opened()

    def prepare(self, run: Run) -> None:
        """Get ready while the commands before it run."""


class Source(Command):
    """A command that makes results, and so can stand first."""

    def start(self, run: Run) -> Table:
        """Return its results."""
        raise NotImplementedError


class Transform(Command):
    """A command that works on results."""

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results behind it."""
        raise NotImplementedError


Pipeline = tuple[Source, *tuple[Transform, ...]]


class Unread(Source, Transform):
    """A command that could not be read: it may do anything, and is never run."""


@dataclass(frozen=True)
class Position:
    """A command in its search, the fields that can be there before it, and whether it is the first."""

    command: Command
    before: Outputs
    first: bool


def walk(pipeline: Pipeline) -> Iterator[Position]:
    """Yield the commands of a search and of the searches inside it."""
    before, first = ANY, True
    for command in pipeline:
        yield Position(command, before, first)
        for inner in command.searches:
            yield from walk(inner)
        before, first = command.behind(before), False


def outputs(pipeline: Pipeline) -> Outputs:
    """Return the fields that a search can output."""
    fields = ANY
    for command in pipeline:
        fields = command.behind(fields)
    return fields
