"""What a command says of itself: how it is read, what it does to fields, and how it runs.

There are two kinds of commands, and some are both: a source makes results, a transform turns results into others. The other
names that the modules of commands need are imported here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import ClassVar, Self

from splreplay.run import Run as Run
from splreplay.run.fields import ANY as ANY
from splreplay.run.fields import NONE as NONE
from splreplay.run.fields import Outputs as Outputs
from splreplay.run.stages import ORDER as ORDER
from splreplay.run.stages import Table as Table
from splreplay.spl.pipeline import Segment as Segment
from splreplay.spl.tokens import Cursor as Cursor
from splreplay.spl.wildcards import matching

# The fields that are read of each dataset; None where any field of the log may be.
Reads = Mapping[str, set[str]] | None


@dataclass(frozen=True)
class Command:
    """One command of a search, written in *segment* of its text; its name is that of its class, unless it has other *names*."""

    names: ClassVar[tuple[str, ...]] = ()
    streams: ClassVar[bool] = False  # it works on each result alone, as the commands in a template of foreach must
    keeps_fields: ClassVar[bool] = False  # it neither adds nor drops fields
    keeps_values: ClassVar[bool] = False  # it changes no value of a field that was there
    by_name: ClassVar[bool] = False  # it uses no other fields than those that it names, maybe by wildcards
    searches_events: ClassVar[bool] = False  # as the first command, it reads events of the log, whatever their fields

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

    @property
    def inside(self) -> tuple[Transform, ...]:
        """The commands inside it that work on the results before it."""
        return ()

    def reads(self, first: bool) -> Reads:
        """Return what it reads of the log as the *first* command or a later one, without the searches inside it."""
        return {}

    @property
    def names_all(self) -> bool:
        """Whether its text has the name of every field that it uses."""
        return self.by_name and "*" not in self.segment.source

    @property
    def reads_raw(self) -> bool:
        """Whether it may read the text of events; its tree shows its default field, and a search for words inside of an eval."""
        tree = repr(self)
        return "_raw" in tree or "'searchmatch'" in tree

    def uses(self, needed: bool = False) -> Iterable[str]:
        """Return the fields of the results before it that it reads, wildcards and all; none where they are not known.

        With *needed*, without those whose absence it provides for, as `coalesce` does.
        """
        return ()

    def behind(self, before: Outputs) -> Outputs:
        """Return the fields that results can have after it: any fields, unless the command says otherwise."""
        return before if self.keeps_fields else before.opened()

    def origin(self, name: str, before: Outputs) -> str | None:
        """Return the field before it whose value the field *name* behind it has; None where it may have computed the value.

        A command that adds no field may change those that it names, unless it says otherwise.
        """
        if self.keeps_values:
            return name
        made = self.behind(NONE)
        changed = (tuple(self.uses()) or ("*",)) if self.keeps_fields or self.inside else ()
        return None if made.open or name in made.names or any(matching(one, [name]) for one in changed) else name

    def prepare(self, run: Run) -> None:
        """Prepare for its turn while the commands before it run."""


class Source(Command):
    """A command that makes results, and so can be the first."""

    def start(self, run: Run) -> Table:
        """Return its results."""
        raise NotImplementedError


class Transform(Command):
    """A command that works on results."""

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results behind it."""
        raise NotImplementedError


Pipeline = tuple[Source, *tuple[Transform, ...]]


@dataclass(frozen=True)
class WithSubsearch(Transform):
    """A command that adds the fields of a subsearch's results."""

    subsearch: Pipeline

    @property
    def searches(self) -> tuple[Pipeline, ...]:
        """The subsearch."""
        return (self.subsearch,)

    def behind(self, before: Outputs) -> Outputs:
        """Return the fields of both."""
        right = outputs(self.subsearch)
        return Outputs(before.names | right.names, before.open or right.open)


class Unread(Source, Transform):
    """A command that could not be read: it may do anything, so such a search is never run, and to try it does nothing."""

    def start(self, run: Run) -> Table:
        """Return no result."""
        return Table("", {}, 0)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results as they are."""
        return rows


@dataclass(frozen=True)
class Position:
    """A command in its search, the fields that results can have before it, and whether it is the first."""

    command: Command
    before: Outputs
    first: bool


def walk(pipeline: Sequence[Command], before: Outputs = ANY, first: bool = True) -> Iterator[Position]:
    """Yield the commands of a search and of the searches inside it.

    Args:
        pipeline: The commands.
        before: The fields that results can have before them.
        first: Whether the first of them is the first of its search.
    """
    for command in pipeline:
        yield Position(command, before, first)
        for inner in command.searches:
            yield from walk(inner)
        yield from walk(command.inside, before, first=False)
        before, first = command.behind(before), False


def outputs(pipeline: Sequence[Command], before: Outputs = ANY) -> Outputs:
    """Return the fields that a search can output, or commands behind results that can have the fields *before*."""
    fields = before
    for command in pipeline:
        fields = command.behind(fields)
    return fields


def origin(name: str, pipeline: Sequence[Command], before: Outputs) -> str | None:
    """Return the field before some commands whose value the field *name* behind them has; None where one may have computed it."""
    fields = accumulate(pipeline[:-1], lambda had, command: command.behind(had), initial=before)
    earlier: str | None = name
    for command, had in reversed(list(zip(pipeline, fields, strict=False))):
        earlier = earlier and command.origin(earlier, had)
    return earlier
