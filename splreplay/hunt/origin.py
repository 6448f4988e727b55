"""How a field of a search's results was called before some of its commands, where they only hand it on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from splreplay.commands.eval import Eval
from splreplay.commands.eventstats import EventStats
from splreplay.commands.rename import Rename
from splreplay.commands.stats import Stats
from splreplay.run.command import Outputs, Transform
from splreplay.spl.expression import Field
from splreplay.spl.wildcards import matching, substitute


def origin(name: str, commands: Sequence[Transform], before: Outputs) -> str | None:
    """Return the field whose value a field of the results has; None where a command computes it.

    What others than `rename`, `eval`, `stats` and `eventstats` do to it is not followed: they are taken to hand it on.

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
        case EventStats():
            return None if name in {aggregate.alias for aggregate in command.aggregates} else name
        case Stats():
            return name if name in command.by else None
    return name


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
