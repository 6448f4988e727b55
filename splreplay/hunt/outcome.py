"""What came of one detection: its results in short, whom they put at risk, when, and in which files."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from splreplay.detections import tokens
from splreplay.detections.source import Detection, RiskObject
from splreplay.output import Results
from splreplay.sql.values import Value, values_of

# So many results of a detection are kept; all are counted.
KEPT = 100
# So many values of a field are written in a message. As bin/installutil_rba_rules.py has it, whose rules `message` follows.
SHOWN = 10
_PLACEHOLDERS = frozenset({"", "-", "n/a", "none", "null", "unknown"})
# The fields that show the first and the last time of what a result is about; where one is missing, the other is both.
_FIRST = ("firstTime", "first_time", "earliest_time", "start_time", "starttime", "earliest", "_time")
_LAST = ("lastTime", "last_time", "latest_time", "latestTime", "end_time", "endtime", "latest", "maxtime", "_time")
# Who is named where a detection does not say whom it puts at risk.
_USUAL = (RiskObject("dest", "system", 0.0), RiskObject("user", "user", 0.0))

# Why a detection could find nothing: the logs have no such event or field, replay does not run the search, or it failed.
Category = Literal["no such event", "no such field", "not supported", "failed"]
LACKING: Mapping[Literal["event", "field"], Category] = {"event": "no such event", "field": "no such field"}


@dataclass(frozen=True)
class Entity:
    """A user, a system or something else at risk, by its name as it was first written."""

    kind: str
    name: str

    @property
    def key(self) -> tuple[str, str]:
        """What makes two the same: case does not count."""
        return self.kind, self.name.lower()


class Place(NamedTuple):
    """The logs in which results lie, in their order; those in any of which they may lie where it is not *known* in which."""

    files: Sequence[str] = ()
    known: bool = True


@dataclass(frozen=True)
class Outcome:
    """What came of a detection: it fired if it has results, and was quiet if it could have had some.

    Attributes:
        category: Why it could find nothing; None for others.
        reason: The same in words.
        count: How many results it has.
        results: The first of them, at most KEPT, and what was said of them; of none, too.
        messages: Their risk messages, each once, in the order of the results.
        entities: Who is at risk, and the sum of the scores.
        moments: The first and the last time of the results, in epoch seconds; None where they show none.
        place: The logs in which they lie, or may lie.
        seconds: How long it took.
    """

    category: Category | None = None
    reason: str = ""
    count: int = 0
    results: Results = field(default_factory=lambda: Results((), ()))
    messages: Sequence[str] = ()
    entities: Sequence[tuple[Entity, float]] = ()
    moments: tuple[float, float] | None = None
    place: Place = field(default_factory=Place)
    seconds: float = 0.0

    @property
    def quiet(self) -> bool:
        """Whether it found nothing, and could have."""
        return not self.count and not self.category


def fired(detection: Detection, results: Results, place: Place) -> Outcome:
    """Return the outcome of a detection that has results."""
    rows = results.rows
    kept = Results(results.fields, rows[:KEPT], results.notices)
    template = detection.messages[0].value if detection.messages else ""
    messages = list(dict.fromkeys(message(template, row) for row in kept.rows)) if template else []
    return Outcome(
        count=len(rows),
        results=kept,
        messages=messages,
        entities=_entities(detection, rows),
        moments=span(rows),
        place=place,
    )


def message(template: str, row: Mapping[str, Value]) -> str:
    """Return a risk message with the values of one result, by the rules of rbaenrich.

    Several values are joined with `, ` without repeats, and only the first SHOWN are written; where there is none, or only
    placeholders, it is `unknown`.
    """
    return tokens.filled(template, lambda name: _listed(_known(row, name)) or "unknown")


def span(rows: Iterable[Mapping[str, Value]]) -> tuple[float, float] | None:
    """Return the first and the last time that some results show, in epoch seconds; None where they show none."""
    firsts, lasts = [], []
    for row in rows:
        firsts += _times(row, (*_FIRST, *_LAST))
        lasts += _times(row, (*_LAST, *_FIRST))
    return (min(firsts), max(lasts)) if firsts else None


def _known(row: Mapping[str, Value], name: str) -> list[str]:
    """Return the values of a field that say something."""
    return [one for one in values_of(row.get(name, "")) if one.strip().lower() not in _PLACEHOLDERS]


def _listed(values: Sequence[str]) -> str:
    once = list(dict.fromkeys(values))
    more = f" and {len(once) - SHOWN} more" if len(once) > SHOWN else ""
    return ", ".join(once[:SHOWN]) + more


def _entities(detection: Detection, rows: Iterable[Mapping[str, Value]]) -> list[tuple[Entity, float]]:
    """Return who is at risk: each result adds its score once to each of them."""
    scores: dict[tuple[str, str], float] = defaultdict(float)
    named: dict[tuple[str, str], Entity] = {}
    for row in rows:
        of_row: dict[tuple[str, str], float] = {}
        for at_risk in detection.risk_objects or _USUAL:
            for name in _known(row, at_risk.field):
                entity = Entity(at_risk.kind, name)
                named.setdefault(entity.key, entity)
                of_row.setdefault(entity.key, at_risk.score)
        for key, score in of_row.items():
            scores[key] += score
    return [(named[key], score) for key, score in scores.items()]


def _times(row: Mapping[str, Value], fields: Iterable[str]) -> list[float]:
    """Return the times in the first of some fields that has one."""
    for name in fields:
        if times := list(_moments_of(values_of(row.get(name, "")))):
            return times
    return []


def _moments_of(values: Iterable[str]) -> Iterator[float]:
    """Yield the times that texts write: epoch seconds, or a date as `security_content_ctime` writes it, which is UTC here."""
    for value in values:
        try:
            if re.fullmatch(r"\d{9,11}(\.\d+)?", value):
                yield float(value)
            elif re.match(r"\d{4}-\d\d-\d\dT", value):
                moment = datetime.fromisoformat(value)
                yield (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue


def spread(count: int) -> float:
    """Return how much a detection with *count* results counts: each doubling of the results takes as much as the first."""
    return 1 / (1 + math.log2(max(1, count)))
