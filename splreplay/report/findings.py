"""Results with a risk score or message, gathered by process: one card for each, the highest score first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from splreplay.output import Rows, as_json_row
from splreplay.report import text
from splreplay.report.picture import Picture
from splreplay.report.records import Cells, Records
from splreplay.report.risk import number
from splreplay.sql.values import Value

CARDS = 100  # shown
RESULTS = 20  # of each

# Results of one process agree in these; a result with neither GUID nor PID is alone.
PROCESS = ("dest", "host", "process_guid", "process_id", "process", "_time")


@dataclass(frozen=True)
class Card:
    """A process and its findings.

    Args:
        title: The message of the finding with the highest score.
        score: That score, "" if there is none.
        picture: The process between its parent and its far ends; None if no field names a process.
        facts: The other fields in which its findings agree.
        differences: The fields in which they differ, with a row for each finding.
    """

    title: str
    score: str
    picture: Picture | None
    facts: Sequence[tuple[str, Cells]]
    differences: Records


@dataclass(frozen=True)
class Findings:
    """All findings: their number, the number of processes, the cards that are shown, and how many findings are left out."""

    count: int
    processes: int
    cards: Sequence[Card]
    left: int

    @classmethod
    def of(cls, rows: Rows, fields: Sequence[str]) -> Findings:
        """Return the findings of *rows*."""
        ordered = sorted(rows, key=_rank)  # stable: of equal scores, the order of the search
        groups: dict[object, list[dict[str, Value]]] = defaultdict(list)
        for place, row in enumerate(ordered):
            groups[_process(row) or place].append(row)
        gathered = list(groups.values())
        cards = [_card(group, fields) for group in gathered[:CARDS]]
        return cls(len(rows), len(gathered), cards, sum(map(len, gathered[CARDS:])))


def _rank(row: dict[str, Value]) -> float:
    score = number(row.get("risk_score", ""))
    return float("inf") if score is None else -score


def _process(row: dict[str, Value]) -> tuple[str, ...] | None:
    known = row.get("process_guid") or row.get("process_id")
    return tuple(repr(row.get(name)) for name in PROCESS) if known else None


def _card(rows: Sequence[dict[str, Value]], fields: Sequence[str]) -> Card:
    first = as_json_row(rows[0])
    picture = Picture.of(rows)
    elsewhere = {"risk_message", "risk_score", *(picture.fields if picture else ())}
    facts, differences = compared(rows, fields, shown=RESULTS)
    return Card(
        ", ".join(text.values(first, "risk_message")) or "A finding without a message",
        ", ".join(text.values(first, "risk_score")),
        picture,
        [(name, cells) for name, cells in facts if name not in elsewhere],
        differences,
    )


def compared(rows: Rows, fields: Sequence[str], *, shown: int) -> tuple[Sequence[tuple[str, Cells]], Records]:
    """Return the fields in which all of some results agree, and the first *shown* of them in the other fields."""
    first = as_json_row(rows[0]) if rows else {}
    names = [name for name in fields if any(name in row for row in rows)]
    agreed = [name for name in names if all(row.get(name) == rows[0].get(name) for row in rows)]
    facts: Sequence[tuple[str, Cells]] = [(name, text.listed(first[name])) for name in agreed]
    return facts, Records.of(rows, [name for name in names if name not in agreed], shown=shown)
