"""Which fields results can have, known from the text of a search alone.

Each command turns the fields that results can have before it into those that they can have after it. Some commands may add any
fields: an event search, a lookup whose columns are not named, a command that replay does not know. From there on the fields are
open, until a table or stats closes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.spl.wildcards import matching


@dataclass(frozen=True)
class Outputs:
    """The fields that results can have: *names*, and any others if *open*."""

    names: frozenset[str] = frozenset()
    open: bool = False

    def may_have(self, name: str) -> bool:
        """Whether a result can have the field."""
        return self.open or name in self.names

    def plus(self, names: Iterable[str]) -> Outputs:
        """Return these fields and *names*; a name with a wildcard may be any field."""
        listed = frozenset(names)
        wild = any("*" in name for name in listed)
        return Outputs(self.names | {name for name in listed if "*" not in name}, self.open or wild)

    def named(self, patterns: Iterable[str]) -> Outputs:
        """Return those of these fields that *patterns* name."""
        names = {name for pattern in patterns for name in matching(pattern, self.names)}
        return Outputs(frozenset(names)).plus(patterns if self.open else ())

    def opened(self) -> Outputs:
        """Return these fields and any others."""
        return Outputs(self.names, open=True)


ANY = Outputs(open=True)
NONE = Outputs()
