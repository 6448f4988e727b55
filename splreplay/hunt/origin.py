"""How a field of a search's results was called before some of its commands, where they only hand it on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from splreplay.commands.convert import Convert
from splreplay.commands.dedup import Dedup
from splreplay.commands.eval import Eval
from splreplay.commands.eventstats import EventStats
from splreplay.commands.external import External
from splreplay.commands.fields import Fields
from splreplay.commands.fillnull import FillNull
from splreplay.commands.head import Head
from splreplay.commands.join import Join
from splreplay.commands.rename import Rename
from splreplay.commands.search import Search
from splreplay.commands.sort import Sort
from splreplay.commands.stats import Stats
from splreplay.commands.streamstats import StreamStats
from splreplay.commands.table import Table_
from splreplay.commands.tail import Tail
from splreplay.commands.where import Where
from splreplay.run.command import NONE, Outputs, Transform, outputs
from splreplay.spl.expression import Field
from splreplay.spl.wildcards import matching, substitute


def origin(name: str, commands: Sequence[Transform], before: Outputs) -> str | None:
    """Return the field whose value a field of the results has; None where a command computes it.

    A command of an app is taken to hand it on.

    Args:
        name: The field of the results.
        commands: The commands.
        before: The fields that results can have before them.
    """
    fields = accumulate(commands[:-1], lambda had, command: command.behind(had), initial=before)
    for command, had in reversed(list(zip(commands, fields, strict=False))):
        earlier = _before(name, command, had)
        if earlier is None:
            return None
        name = earlier
    return name


def _before(name: str, command: Transform, had: Outputs) -> str | None:
    match command:
        case Rename(pairs=pairs):
            return _renamed(name, pairs, had)
        case Eval(assignments=assignments):
            for made, expression in reversed(assignments):
                if made == name:
                    if not isinstance(expression, Field):
                        return None
                    name = expression.name
            return None if command.behind(NONE).open else name
        case EventStats() | StreamStats():
            return None if any(matching(aggregate.alias, [name]) for aggregate in command.aggregates) else name
        case Stats():
            return name if name in command.by else None
        case Join():
            theirs = outputs(command.subsearch)
            return name if name in command.fields or not theirs.may_have(name) else None
        case Convert():
            return None if name in {one.alias or one.field for one in command.conversions} else name
        case External() | FillNull() | Fields() | Table_() | Search() | Where() | Sort() | Dedup() | Head() | Tail():
            return name
        case _:
            return None if _may_change(command, name) else name
    return name


def _may_change(command: Transform, name: str) -> bool:
    """Return whether a command may give a field another value: one that adds no field does so to those that it names."""
    made = command.behind(NONE)
    changed = (tuple(command.uses()) or ("*",)) if command.keeps_fields or command.inside else ()
    return made.open or name in made.names or any(matching(pattern, [name]) for pattern in changed)


def _renamed(name: str, pairs: Iterable[tuple[str, str]], had: Outputs) -> str | None:
    for old, new in reversed(list(pairs)):
        if "*" in old:
            earlier = substitute(new, old, name) if matching(new, [name]) else name
            name = earlier if earlier in had.names else name
        elif name == new:
            name = old
        elif name == old:
            return None
    return name
