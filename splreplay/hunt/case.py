"""What a hunt says of a whole case: what fired, who is at risk, and what could not have been seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from splreplay.detections.source import Detection
from splreplay.hunt import attack
from splreplay.hunt.outcome import Category, Entity, Outcome, spread
from splreplay.logs.report import LoadReport

# How much a result of each type says by itself. A TTP describes an attack, an Anomaly what is rare, Hunting what an analyst has
# to look through (Splunk Security Content, "Detection types").
WEIGHTS = {"ttp": 1.0, "correlation": 1.0, "anomaly": 0.5, "hunting": 0.25}
OTHER_WEIGHT = 0.5
# The score of a detection that has none.
NO_SCORE = 50.0
# A search that takes longer than this is named.
SLOW_S = 10.0


@dataclass(frozen=True)
class Finding:
    """A detection that fired."""

    detection: Detection
    outcome: Outcome

    @property
    def rank(self) -> float:
        """What it says: its type and score, less where it has many results, as what fires everywhere says little."""
        weight = WEIGHTS.get(self.detection.kind.lower(), OTHER_WEIGHT)
        return weight * (self.detection.score or NO_SCORE) * spread(self.outcome.count)

    @property
    def tactics(self) -> list[str]:
        """The ATT&CK tactics of its techniques."""
        return attack.tactics(self.detection.techniques)


@dataclass(frozen=True)
class AtRisk:
    """An entity over all that fired: the sum of its scores, the detections that gave them, and their tactics."""

    entity: Entity
    score: float
    detections: Sequence[str]
    tactics: Sequence[str]


@dataclass(frozen=True)
class Unseen:
    """Why some detections could see nothing, and their names."""

    category: Category
    reason: str
    detections: Sequence[str]


@dataclass(frozen=True)
class Doubt:
    """What makes it doubtful that some detections found nothing, such as a limit that dropped results, and their names."""

    reason: str
    detections: Sequence[str]


@dataclass(frozen=True)
class Case:
    """The logs, the number of detections, and what came of them.

    Attributes:
        report: What was read.
        moments: The first and the last time of the events, in epoch seconds; None where there are none.
        count: How many detections there are.
        quiet: The detections that could have found something, and did not.
        doubts: Why some of those may have missed something; the most frequent reason comes first.
        findings: What fired; what says most comes first.
        at_risk: Who is at risk; the highest score comes first.
        unseen: Why others could find nothing; the most frequent reason of each category comes first.
        slow: The detections that took longer than SLOW_S, and how many seconds.
        how: What else changes the results, each with its name: the app, the mapping, the time range.
    """

    report: LoadReport
    moments: tuple[float, float] | None
    count: int
    quiet: Sequence[str]
    doubts: Sequence[Doubt]
    findings: Sequence[Finding]
    at_risk: Sequence[AtRisk]
    unseen: Sequence[Unseen]
    slow: Sequence[tuple[str, float]]
    how: Sequence[tuple[str, str]] = ()


def case(
    report: LoadReport,
    moments: tuple[float, float] | None,
    hunted: Sequence[tuple[Detection, Outcome]],
    how: Sequence[tuple[str, str]] = (),
) -> Case:
    """Return the case of detections and their outcomes."""
    findings = [Finding(detection, outcome) for detection, outcome in hunted if outcome.count]
    slow = [(detection.name, outcome.seconds) for detection, outcome in hunted if outcome.seconds > SLOW_S]
    return Case(
        report,
        moments,
        len(hunted),
        [detection.name for detection, outcome in hunted if outcome.quiet],
        _doubts(hunted),
        sorted(findings, key=lambda finding: (-finding.rank, finding.detection.name)),
        _at_risk(findings),
        _unseen(hunted),
        sorted(slow, key=lambda pair: -pair[1]),
        how,
    )


def _at_risk(findings: Iterable[Finding]) -> list[AtRisk]:
    entities: dict[tuple[str, str], Entity] = {}
    scores: dict[tuple[str, str], float] = defaultdict(float)
    of: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        for entity, score in finding.outcome.entities:
            entities.setdefault(entity.key, entity)
            scores[entity.key] += score
            of[entity.key].append(finding)
    listed = [
        AtRisk(
            entities[key],
            score,
            [finding.detection.name for finding in of[key]],
            attack.tactics(technique for finding in of[key] for technique in finding.detection.techniques),
        )
        for key, score in scores.items()
        if score
    ]
    return sorted(listed, key=lambda risk: (-risk.score, risk.entity.key))


def _doubts(hunted: Iterable[tuple[Detection, Outcome]]) -> list[Doubt]:
    names: dict[str, list[str]] = defaultdict(list)
    for detection, outcome in hunted:
        for warning in outcome.results.warnings if outcome.quiet else ():
            names[warning].append(detection.name)
    listed = [Doubt(reason, of) for reason, of in names.items()]
    return sorted(listed, key=lambda doubt: (-len(doubt.detections), doubt.reason))


def _unseen(hunted: Iterable[tuple[Detection, Outcome]]) -> list[Unseen]:
    names: dict[tuple[Category, str], list[str]] = defaultdict(list)
    for detection, outcome in hunted:
        if outcome.category:
            names[outcome.category, outcome.reason].append(detection.name)
    order: Sequence[Category] = ("no such event", "no such field", "not supported", "failed")
    listed = [Unseen(category, reason, of) for (category, reason), of in names.items()]
    return sorted(listed, key=lambda unseen: (order.index(unseen.category), -len(unseen.detections), unseen.reason))
