"""Who is at risk: the sum of the scores, and the tactics that took part in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from splreplay.hunt import attack
from splreplay.hunt.case import AtRisk, Case
from splreplay.report import text
from splreplay.report.hunt.attack import title
from splreplay.report.risk import plain

ENTITIES = 25  # shown
NAMES = 100  # of detections of an entity, folded in


@dataclass(frozen=True)
class Entity:
    """Someone at risk.

    Attributes:
        kind: User, system or other.
        name: Its name.
        score: The sum of its scores.
        share: The same in percent of the highest sum.
        detections: How many detections fired for it.
        first: That of them which says most, and its place among the findings.
        others: The next ones, likewise.
        others_left: How many more there are.
        tactics: For each tactic, whether it took part.
    """

    kind: str
    name: str
    score: str
    share: float
    detections: int
    first: tuple[str, int]
    others: Sequence[tuple[str, int]]
    others_left: int
    tactics: Sequence[bool]


@dataclass(frozen=True)
class Entities:
    """Those with the highest sums, how many more there are, and the names of the tactics."""

    shown: Sequence[Entity]
    left: int
    tactics: Sequence[str]

    @classmethod
    def of(cls, case: Case) -> Entities:
        """Return the entities of a case."""
        places: dict[str, int] = {}
        for place, finding in enumerate(case.findings, start=1):
            places.setdefault(finding.detection.name, place)
        highest = max((risk.score for risk in case.at_risk), default=0.0)
        return cls(
            [_entity(risk, highest, places) for risk in case.at_risk[:ENTITIES]],
            len(case.at_risk[ENTITIES:]),
            [title(tactic) for tactic in attack.TACTICS],
        )


def _entity(risk: AtRisk, highest: float, places: Mapping[str, int]) -> Entity:
    first, *others = ((text.brief(name), places[name]) for name in sorted(risk.detections, key=places.__getitem__))
    return Entity(
        risk.entity.kind,
        text.brief(risk.entity.name),
        plain(risk.score),
        round(max(0.0, 100 * risk.score / highest), 2) if highest > 0 else 0.0,
        len(risk.detections),
        first,
        others[:NAMES],
        len(others[NAMES:]),
        [tactic in risk.tactics for tactic in attack.TACTICS],
    )
