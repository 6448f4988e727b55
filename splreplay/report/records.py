"""Results as tables: of a few fields one table, of many a table each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from splreplay.output import Rows, as_json_row
from splreplay.report import text

SHOWN = 1_000  # results
COLUMNS = 8  # of one table; paper holds no more

Cells = Sequence[str]


@dataclass(frozen=True)
class Records:
    """Results: `wide` ones have more fields than a table has columns; `left` are not shown."""

    fields: Sequence[str]
    rows: Sequence[Sequence[tuple[str, Cells]]]
    left: int

    @classmethod
    def of(cls, rows: Rows, fields: Sequence[str], *, shown: int = SHOWN) -> Records:
        """Return the first *shown* of *rows*, without the fields that none of them has."""
        kept = [as_json_row(row) for row in rows[:shown]]
        names = [name for name in fields if any(name in row for row in kept)]
        cells = [[(name, text.listed(row.get(name, ""))) for name in names] for row in kept]
        return cls(names, cells, len(rows) - len(kept))

    @property
    def wide(self) -> bool:
        """Whether the results have more fields than a table has columns."""
        return len(self.fields) > COLUMNS
