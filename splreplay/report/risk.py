"""The risk of the findings: the sum of their scores over time, and by risk object."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from splreplay.output import Rows
from splreplay.report import text
from splreplay.sql.values import Value

OBJECTS = 20  # shown
FIRST, LAST = -62_135_596_800, 253_402_300_799  # the range of dates, the years 1 to 9999
FIELDS = {"risk_user": "user", "risk_system": "system", "risk_other": "other"}


@dataclass(frozen=True)
class RiskObject:
    """A risk object: the number of its findings, the sum of their scores, and the highest score."""

    kind: str
    name: str
    findings: int
    total: str
    highest: str


@dataclass(frozen=True)
class Risk:
    """The risk of some findings.

    Args:
        highest: The highest score, "" if no finding has one.
        steps: The time of each finding with a time and a score, and the sum of scores up to it.
        objects: The risk objects with the highest sums.
        objects_left: How many more there are.
    """

    highest: str
    steps: Sequence[tuple[float, float]]
    objects: Sequence[RiskObject]
    objects_left: int

    @classmethod
    def of(cls, rows: Rows) -> Risk:
        """Return the risk of *rows*."""
        pairs = [(number(row.get("_time", "")), number(row.get("risk_score", ""))) for row in rows]
        scores = [score for _, score in pairs if score is not None]
        timed = sorted(
            (time, score) for time, score in pairs if time is not None and score is not None and FIRST <= time <= LAST
        )
        sums = accumulate(score for _, score in timed)
        objects = _objects(rows)
        return cls(
            plain(max(scores)) if scores else "",
            [(time, total) for (time, _), total in zip(timed, sums, strict=True)],
            objects[:OBJECTS],
            len(objects[OBJECTS:]),
        )


def number(value: Value) -> float | None:
    """Return *value* as a finite number; None for anything else."""
    try:
        parsed = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return None
    return parsed if math.isfinite(parsed) else None


def plain(score: float) -> str:
    """Return a score without zeros at the end of its fraction."""
    return f"{score:,.2f}".rstrip("0").rstrip(".")


def _objects(rows: Rows) -> list[RiskObject]:
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        score = number(row.get("risk_score", "")) or 0.0
        for kind, name in _named(row):
            scores[kind, name].append(score)
    ordered = sorted(scores.items(), key=lambda item: (-sum(item[1]), item[0]))
    return [RiskObject(kind, name, len(each), plain(sum(each)), plain(max(each))) for (kind, name), each in ordered]


def _named(row: dict[str, Value]) -> list[tuple[str, str]]:
    """Return the risk objects of a result: those that rbaenrich adds to a finding, or the one of a risk event."""
    if row.get("risk_object"):
        kind = ", ".join(text.values(row, "risk_object_type")) or "other"
        return [(kind, name) for name in text.values(row, "risk_object")]
    return [(kind, name) for field, kind in FIELDS.items() for name in text.values(row, field)]
