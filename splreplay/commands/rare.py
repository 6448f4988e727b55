"""rare: the least frequent values of some fields, how often each occurs, and its share (Search Reference, "rare")."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.commands.top import Top


@dataclass(frozen=True)
class Rare(Top):
    """`rare [count] options fields BY fields`, as top has them."""

    order = "ASC"
