"""Which fields results can have, told from the text of a search alone.

Each command turns the fields that can be there before it into those that can be there behind it. Where a command may add any
(an event search, a lookup whose columns are not named, a command that replay does not know), the fields are open from there on,
until a table or stats closes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.spl.wildcards import matching


@dataclass(frozen=True)
class Outputs:
    """The fields that results can have: *names*, and where *open* any others."""

    names: frozenset[str] = frozenset()
    open: bool = False

    def may_have(self, name: str) -> bool:
        """Whether a result can have the field."""
        return self.open or name in self.names

    def plus(self, names: Iterable[str]) -> Outputs:
        """Return these fields and *names*; one with a wildcard may be any."""
        listed = frozenset(names)
        wild = any("*" in name for name in listed)
        return Outputs(self.names | {name for name in listed if "*" not in name}, self.open or wild)

    def named(self, patterns: Iterable[str]) -> Outputs:
        """Return of these fields what *patterns* name."""
        names = {name for pattern in patterns for name in matching(pattern, self.names)}
        return Outputs(frozenset(names)).plus(patterns if self.open else ())

    def opened(self) -> Outputs:
        """Return these fields and any others."""
        return Outputs(self.names, open=True)


ANY = Outputs(open=True)
NONE = Outputs()
