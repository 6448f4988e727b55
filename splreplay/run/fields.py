"""Which fields a search can output, read from its text alone.

Each command turns the fields that can be there before it into those that can be there behind it. Where a command may add any
(an event search, a lookup whose columns are not named, a command that replay does not know), the fields are open from there on,
until a table or stats closes them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from splreplay import limits
from splreplay.commands import COMMANDS, REMEDIES
from splreplay.commands.addinfo import AddInfo
from splreplay.commands.append import Append
from splreplay.commands.bin import Bin
from splreplay.commands.collect import Collect
from splreplay.commands.convert import Convert
from splreplay.commands.dedup import Dedup
from splreplay.commands.eval import Eval
from splreplay.commands.eventstats import EventStats
from splreplay.commands.external import External
from splreplay.commands.fields import Fields
from splreplay.commands.fillnull import FillNull
from splreplay.commands.format import Format
from splreplay.commands.head import Head
from splreplay.commands.inputlookup import InputLookup
from splreplay.commands.join import Join
from splreplay.commands.lookup import Lookup
from splreplay.commands.makemv import MakeMv
from splreplay.commands.makeresults import MakeResults
from splreplay.commands.mvexpand import MvExpand
from splreplay.commands.regex import Regex
from splreplay.commands.rename import Rename
from splreplay.commands.rex import Rex, Sed
from splreplay.commands.search import Search
from splreplay.commands.sort import Sort
from splreplay.commands.spath import Spath
from splreplay.commands.stats import Stats
from splreplay.commands.streamstats import StreamStats
from splreplay.commands.table import Table_
from splreplay.commands.timechart import TimeChart
from splreplay.commands.tstats import Tstats
from splreplay.commands.where import Where
from splreplay.errors import Span, SplError, SplSyntaxError
from splreplay.run import Run, Table
from splreplay.spl.options import matching, substitute
from splreplay.spl.pipeline import Segment, split
from splreplay.spl.predicate import All, Any, Not, Predicate, Subsearch
from splreplay.spl.tokens import Token
from splreplay.sql.aggregates import Aggregate
from splreplay.sql.patterns import named_groups

if TYPE_CHECKING:
    from splreplay.commands import Command, Pipeline


@dataclass(frozen=True)
class Outputs:
    """The fields that results can have: *names*, and where *open* any others."""

    names: frozenset[str]
    open: bool = False

    def may_have(self, name: str) -> bool:
        """Whether a result can have the field."""
        return self.open or name in self.names

    def plus(self, names: Iterable[str]) -> Outputs:
        """Return these fields and *names*; one with a wildcard may be any."""
        listed = frozenset(names)
        wild = any("*" in name for name in listed)
        return Outputs(self.names | {name for name in listed if "*" not in name}, self.open or wild)


# Before the first command: an event search starts from whatever fields events have.
ANY = Outputs(frozenset(), open=True)
NONE = Outputs(frozenset())


@dataclass(frozen=True)
class Opaque:
    """A command that replay cannot read, and why: it may do anything."""

    segment: Segment = dataclasses.field(repr=False)
    error: SplError = dataclasses.field(repr=False)

    def run(self, rows: Table | None, run: Run) -> Table:
        """Never called: what is opaque is not run."""
        raise AssertionError("an outline is not run")


@dataclass(frozen=True)
class Stage:
    """A command of a search, the fields that can be there before it, and the searches inside it."""

    command: Command
    before: Outputs
    inner: tuple[Pipeline, ...]


def outline(
    text: str, custom: Collection[str] = (), start: int = 0, end: int | None = None, depth: int = 0
) -> Pipeline:
    """Return the commands of an expanded search, those that replay cannot read as Opaque; SplError if it has no commands."""
    if depth > limits.SUBSEARCH_DEPTH:
        message = f"replay reads at most {limits.SUBSEARCH_DEPTH} nested subsearches"
        raise SplSyntaxError(message, span=Span(text, start, start + 1))

    def subsearch(token: Token) -> Pipeline:
        return outline(text, custom, token.start + 1, token.end - 1, depth + 1)

    commands: list[Command] = []
    for cut in split(text, start, end):
        segment = replace(cut, subsearch=subsearch)
        try:
            commands.append(_parse(segment, custom))
        except SplError as error:
            commands.append(Opaque(segment, error))
    return tuple(commands)


def _parse(segment: Segment, custom: Collection[str]) -> Command:
    if segment.name in COMMANDS:
        return COMMANDS[segment.name].parse(segment)
    if segment.name in custom:
        return External.parse(segment)
    segment.refuse(f"unsupported command {segment.name!r}", REMEDIES.get(segment.name, ""))


def stages(pipeline: Pipeline, added: Mapping[str, Iterable[str]]) -> Iterator[Stage]:
    """Yield the commands of a search and of the searches inside it; *added* is what custom commands add, by name."""
    before = ANY
    for command in pipeline:
        inner = tuple(_subsearches(command))
        yield Stage(command, before, inner)
        for one in inner:
            yield from stages(one, added)
        before = _behind(command, before, added)


def outputs(pipeline: Pipeline, added: Mapping[str, Iterable[str]]) -> Outputs:
    """Return the fields that a search can output; *added* is what custom commands add, by name."""
    fields = ANY
    for command in pipeline:
        fields = _behind(command, fields, added)
    return fields


def _subsearches(command: Command) -> Iterator[Pipeline]:
    match command:
        case Join() | Append():
            yield command.subsearch
        case Search() | Tstats() | InputLookup():
            yield from _in_predicate(command.predicate)


def _in_predicate(predicate: Predicate) -> Iterator[Pipeline]:
    match predicate:
        case Subsearch():
            yield cast("Pipeline", predicate.pipeline)
        case Not():
            yield from _in_predicate(predicate.part)
        case All() | Any():
            for part in predicate.parts:
                yield from _in_predicate(part)


def _behind(command: Command, before: Outputs, added: Mapping[str, Iterable[str]]) -> Outputs:
    """Return the fields behind one command."""
    match command:
        case Collect() if command.options.get("testmode"):
            return before.plus(("_raw",))
        case Search() | Where() | Regex() | Dedup() | Head() | Sort() | MakeMv() | MvExpand() | Sed() | Collect():
            return before
        case Bin():
            return before.plus((command.alias,))
        case Rex():
            return before.plus(named_groups(command.pattern))
        case Spath():
            return before.plus((command.output,))
        case Tstats():
            return NONE.plus([*command.by, *(one.alias for one in command.aggregates)])
        case Stats():
            kept = [name for name in command.by if before.may_have(name)]
            return NONE.plus([*kept, *_aggregated(command.aggregates, before)])
        case TimeChart(by=None):
            return NONE.plus(["_time", *(one.alias for one in command.aggregates)])
        case TimeChart():
            return Outputs(frozenset(["_time"]), open=True)  # a column for each value
        case EventStats() | StreamStats():
            return before.plus(_aggregated(command.aggregates, before))
        case Eval():
            return before.plus(name for name, _ in command.assignments)
        case Table_():
            return _chosen(command.fields, before)
        case Fields(drop=True):
            dropped = {name for pattern in command.fields for name in matching(pattern, before.names)}
            return Outputs(before.names - dropped, before.open)
        case Fields():
            return _chosen(("_time", "_raw", *command.fields), before)
        case Rename():
            return _renamed(command.pairs, before)
        case FillNull():
            return before.plus(name for name in command.fields if "*" not in name)
        case Convert():
            return before.plus(one.alias for one in command.conversions if one.alias and before.may_have(one.field))
        case Lookup(outputs=pairs) if pairs:
            return before.plus(mine for _, mine in pairs)
        case Join(subsearch=inner) | Append(subsearch=inner):
            right = outputs(inner, added)
            return Outputs(before.names | right.names, before.open or right.open)
        case AddInfo():
            return before.plus(("info_min_time", "info_max_time", "info_sid", "info_search_time"))
        case MakeResults(rows=rows):
            return Outputs(frozenset(["_time"] if rows is None else (name for row in rows for name in row)))
        case Format():
            return Outputs(frozenset(["search"]))
        case External() if command.segment.name in added:
            return before.plus(added[command.segment.name])
    return Outputs(before.names, open=True)


def _aggregated(aggregates: Iterable[Aggregate], before: Outputs) -> Iterator[str]:
    """Yield the names of aggregates that can have a value; those over a wildcard once for each field that matches."""
    for one in aggregates:
        if one.field is None or one.expression is not None or one.function in ("count", "dc"):
            yield one.alias
        elif "*" in one.field:
            yield from (substitute(one.field, one.alias, name) for name in matching(one.field, before.names))
            if before.open:
                yield one.alias
        elif before.may_have(one.field):
            yield one.alias


def _chosen(patterns: Iterable[str], before: Outputs) -> Outputs:
    """Return of *before* what the patterns name."""
    names = {name for pattern in patterns for name in matching(pattern, before.names)}
    return Outputs(frozenset(names)).plus(patterns if before.open else ())


def _renamed(pairs: Iterable[tuple[str, str]], before: Outputs) -> Outputs:
    names = set(before.names)
    for old, new in pairs:
        if "*" not in old and (before.open or old in names):
            names = names - {old} | {new}
        elif "*" not in old:
            names.discard(new)
        else:
            found = {name: substitute(old, new, name) for name in matching(old, names)}
            names = names.difference(found) | set(found.values())
    return Outputs(frozenset(names), before.open)
