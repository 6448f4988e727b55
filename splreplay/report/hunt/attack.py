"""What fired, by the tactics and techniques of ATT&CK."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from splreplay.hunt import attack
from splreplay.hunt.case import Finding
from splreplay.report import text

TECHNIQUES = 30  # of a tactic, shown
SHADES = 5  # of a hundred points of rank


@dataclass(frozen=True)
class Technique:
    """A technique that fired.

    Attributes:
        id: Its ATT&CK id.
        name: Its name, "" for one that is not known.
        count: How many detections fired for it.
        place: The place of the first of them among the findings.
        shade: How much that one says, from 1 to SHADES.
    """

    id: str
    name: str
    count: int
    place: int
    shade: int


@dataclass(frozen=True)
class Tactic:
    """A tactic, the techniques that fired for it, what says most first, and how many more there are."""

    name: str
    techniques: Sequence[Technique]
    left: int


@dataclass(frozen=True)
class Matrix:
    """The tactics in the order of an attack, how many of them saw something, and how many findings name no technique.

    A last tactic without a name has the techniques that ATT&CK does not list; it is there if there are some.
    """

    tactics: Sequence[Tactic]
    seen: int
    unnamed: int

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Matrix:
        """Return the matrix of findings, which are in the order of their ranks."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, finding in enumerate(findings, start=1):
            for id_ in lowest(finding.detection.techniques):
                places[id_].append(place)
        tactics = [_tactic(title(name), _serving(name, places), findings) for name in attack.TACTICS]
        unlisted = {id_: of for id_, of in places.items() if not attack.technique(id_).tactics}
        others = [_tactic("", unlisted, findings)] if unlisted else []
        return cls(
            [*tactics, *others],
            sum(bool(tactic.techniques) for tactic in tactics),
            sum(not finding.detection.techniques for finding in findings),
        )


def lowest(ids: Iterable[str]) -> list[str]:
    """Return techniques without those of which a sub-technique is named as well, as detections name both."""
    named = dict.fromkeys(ids)
    above = {id_.partition(".")[0] for id_ in named if "." in id_}
    return [id_ for id_ in named if id_ not in above]


def title(tactic: str) -> str:
    """Return the name of a tactic as ATT&CK writes it."""
    return " ".join(word if word == "and" else word.capitalize() for word in tactic.split("-"))


def _serving(tactic: str, places: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    return {id_: of for id_, of in places.items() if tactic in attack.technique(id_).tactics}


def _tactic(name: str, places: Mapping[str, Sequence[int]], findings: Sequence[Finding]) -> Tactic:
    techniques = [
        Technique(text.brief(id_), attack.technique(id_).name, len(of), of[0], _shade(findings[of[0] - 1].rank))
        for id_, of in sorted(places.items(), key=lambda item: item[1][0])
    ]
    return Tactic(name, techniques[:TECHNIQUES], len(techniques[TECHNIQUES:]))


def _shade(rank: float) -> int:
    return 1 + int(max(0.0, min(rank, 99.0)) * SHADES / 100)
