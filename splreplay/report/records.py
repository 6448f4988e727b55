"""Results as the page lays them out: the fields that any of them has, and the cells of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from splreplay.output import Rows, as_json_row
from splreplay.report import text

SHOWN = 1_000  # results

Cells = Sequence[str]


@dataclass(frozen=True)
class Records:
    """Results, without the `left` ones that are not shown."""

    fields: Sequence[str]
    rows: Sequence[Sequence[tuple[str, Cells]]]
    left: int

    @classmethod
    def of(cls, rows: Rows, fields: Sequence[str], *, shown: int = SHOWN) -> Records:
        """Return the first *shown* of *rows*, without fields that none of them has."""
        kept = [as_json_row(row) for row in rows[:shown]]
        names = [name for name in fields if any(name in row for row in kept)]
        cells = [[(name, text.listed(row.get(name, ""))) for name in names] for row in kept]
        return cls(names, cells, len(rows) - len(kept))
