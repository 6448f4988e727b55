"""What came of all detections: how many fired and found nothing, and why others could not have seen anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from splreplay import times
from splreplay.hunt.case import Case, Doubt, Unseen
from splreplay.hunt.outcome import Category
from splreplay.report import text

REASONS = 25  # of a category, shown
NAMES = 100  # of the detections of a reason
SLOW = 20  # detections

MEANINGS: Mapping[Category, str] = {
    "no such event": "No event of these logs is of the kind that they look for.",
    "no such field": "The events are there, but none has a value in the field that they look at.",
    "not supported": "Replay does not run what they use.",
    "failed": "They started, and ended with an error.",
}


@dataclass(frozen=True)
class Part:
    """A part of all detections: what came of them, how many there are, and their share in percent."""

    name: str
    count: int
    share: float


@dataclass(frozen=True)
class Reason:
    """Why some detections could see nothing, or may have missed something: how many, their names, and how many names are left out."""

    text: str
    count: int
    names: Sequence[str]
    left: int


@dataclass(frozen=True)
class Blind:
    """The detections of a category: what it means, its most frequent reasons, and how many more reasons and detections there are."""

    category: Category
    meaning: str
    count: int
    reasons: Sequence[Reason]
    reasons_left: int
    left: int


@dataclass(frozen=True)
class Coverage:
    """What came of a case.

    Attributes:
        fired: How many detections fired.
        count: How many there are.
        quiet: How many found nothing, and could have.
        unseen: How many could see nothing.
        logs: How many logs were read.
        events: How many events they hold.
        span: The times of the first and the last event; empty where there are none.
        parts: What came of all detections; none is empty.
        blind: Why detections could see nothing.
        doubtful: How many of those that found nothing may have missed something.
        doubts: Why, the most frequent reason first.
        doubts_left: How many more reasons there are.
        slow: The slowest detections, and how many seconds they took.
        slow_left: How many more were slow.
    """

    fired: int
    count: int
    quiet: int
    unseen: int
    logs: int
    events: int
    span: Sequence[str]
    parts: Sequence[Part]
    blind: Sequence[Blind]
    doubtful: int
    doubts: Sequence[Reason]
    doubts_left: int
    slow: Sequence[tuple[str, str]]
    slow_left: int

    @classmethod
    def of(cls, case: Case) -> Coverage:
        """Return what came of a case."""
        blind = [_blind(category, list(of)) for category, of in groupby(case.unseen, lambda one: one.category)]
        counts = [("fired", len(case.findings)), ("quiet", len(case.quiet)), *((of.category, of.count) for of in blind)]
        return cls(
            len(case.findings),
            case.count,
            len(case.quiet),
            sum(of.count for of in blind),
            len(case.report.files),
            case.report.events,
            [times.utc(moment) for moment in case.moments or ()],
            [Part(name, count, round(100 * count / case.count, 3)) for name, count in counts if count],
            blind,
            len({name for doubt in case.doubts for name in doubt.detections}),
            [_reason(doubt) for doubt in case.doubts[:REASONS]],
            len(case.doubts[REASONS:]),
            [(text.brief(name), f"{seconds:,.0f} s") for name, seconds in case.slow[:SLOW]],
            len(case.slow[SLOW:]),
        )


def _blind(category: Category, unseen: Sequence[Unseen]) -> Blind:
    more = unseen[REASONS:]
    return Blind(
        category,
        MEANINGS[category],
        sum(len(one.detections) for one in unseen),
        [_reason(one) for one in unseen[:REASONS]],
        len(more),
        sum(len(one.detections) for one in more),
    )


def _reason(why: Unseen | Doubt) -> Reason:
    names = why.detections
    return Reason(text.brief(why.reason), len(names), [text.brief(name) for name in names[:NAMES]], len(names[NAMES:]))
