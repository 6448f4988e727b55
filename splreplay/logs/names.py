"""The names of the values of events, which of them are kept, and their columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# So many names of values of one log are kept, each of so many characters; Windows itself has a few hundred in a log.
MAX_NAMES = 2_000
MAX_NAME_CHARS = 128

# What stands before the names of values that are not the event's own (EventData, UserData) but of every event.
SYSTEM, RENDERING = "System/", "RenderingInfo/"
# What stands before the number of a value that EventData holds without a name; it is no field, but part of the event's text.
UNNAMED = "Data/"
# The column of the event's text; those of values have a "#" in their names.
RAW = "raw"
# The column of the file in which the event lies.
SOURCE = "source"


@dataclass(frozen=True)
class Wanted:
    """Which values of events are kept.

    Args:
        names: The names of the values; more than these if *every*.
        every: Whether every value is kept.
        raw: Whether the event's text is kept.
    """

    names: tuple[str, ...] = ()
    every: bool = False
    raw: bool = False

    def __or__(self, other: Wanted) -> Wanted:
        """Return what either wants."""
        names = tuple(dict.fromkeys((*self.names, *other.names)))
        return Wanted(names, self.every or other.every, self.raw or other.raw)


def unnamed(values: Iterable[str | None]) -> dict[str, str]:
    """Return the values of EventData that have no name."""
    return {f"{UNNAMED}{number}": value or "" for number, value in enumerate(values, start=1)}


def column(name: str) -> str:
    """Return the column of a value's name: the name and, because SQL ignores case, which of its letters are capitals."""
    capitals = sum(1 << place for place, char in enumerate(name) if char.isupper())
    return f"{name}#{capitals:x}"


def name_of(column: str) -> str:
    """Return the name of the value that is in a column, which is not a common one."""
    return column.rpartition("#")[0]
