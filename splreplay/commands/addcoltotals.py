"""addcoltotals: the sum of each field, behind the results (Search Reference, "addcoltotals")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from splreplay.commands.addtotals import AddTotals
from splreplay.spl.options import Convert


@dataclass(frozen=True)
class AddColTotals(AddTotals):
    """`addcoltotals [labelfield=] [label=] fields`: addtotals row=false col=true."""

    options: ClassVar[dict[str, Convert]] = {"labelfield": str, "label": str}

    row: bool = False
    col: bool = True
