"""When the detections fired: a bar for each finding from its first to its last time, and a dot for each result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from splreplay import times
from splreplay.hunt.case import Finding
from splreplay.hunt.outcome import span
from splreplay.report import text
from splreplay.report.risk import FIRST, LAST

BARS = 40  # drawn, those that say most
TICKS = 7  # at most
_HOUR, _DAY = 3600, 86_400
# Steps between ticks: seconds up to half a month, then months.
_STEPS_S = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY),
)
_STEPS_MONTHS = (1, 3, 6, 12, 24, 60, 120, 600, 1200, 6000, 24_000)


@dataclass(frozen=True)
class Bar:
    """A finding on the time axis; what is `left`, `width` and in `dots` is percent of the axis."""

    place: int
    name: str
    when: str
    left: float
    width: float
    dots: Sequence[float]


@dataclass(frozen=True)
class Timeline:
    """The bars in the order of time, the ticks of the axis, how many findings are not drawn, and how many show no time."""

    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, str]]
    left: int
    untimed: int

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Timeline:
        """Return the time line of findings, which are in the order of their ranks."""
        timed = [
            (finding.outcome.moments, place, finding)
            for place, finding in enumerate(findings, start=1)
            if finding.outcome.moments
        ]
        drawn = sorted(timed[:BARS], key=lambda one: one[:2])
        untimed = len(findings) - len(timed)
        if not drawn:
            return cls([], [], 0, untimed)
        axis = Axis.of([moments for moments, _, _ in drawn])
        bars = [_bar(finding, place, moments, axis) for moments, place, finding in drawn]
        return cls(bars, axis.ticks, len(timed) - len(drawn), untimed)


@dataclass(frozen=True)
class Axis:
    """A span of time, in epoch seconds."""

    start: float
    end: float

    @classmethod
    def of(cls, spans: Sequence[tuple[float, float]]) -> Axis:
        """Return the axis on which some spans lie; it is never empty."""
        start, end = (min(LAST, max(FIRST, time)) for time in (min(spans)[0], max(last for _, last in spans)))
        return cls(start, end) if start < end else cls(start - 1, end + 1)

    def at(self, time: float) -> float:
        """Return where a time lies, in percent."""
        return round(100 * min(1.0, max(0.0, (time - self.start) / (self.end - self.start))), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Where round times lie, and how they are written: no more of them than TICKS need be."""
        length = self.end - self.start
        step = next((step for step in _STEPS_S if length / step < TICKS), 0)
        if step:
            moments = [step * count for count in range(math.ceil(self.start / step), math.floor(self.end / step) + 1)]
            return [(self.at(moment), self._label(moment, step)) for moment in moments]
        return [(self.at(moment), label) for moment, label in self._months()]

    def _label(self, moment: float, step: int) -> str:
        days = {times.format_time(time, "%Y-%m-%d") for time in (self.start, self.end)}
        form = "%Y-%m-%d" if step >= _DAY else "%m-%d %H:%M" if len(days) > 1 else "%H:%M" if step >= 60 else "%H:%M:%S"
        return times.format_time(moment, form) or ""

    def _months(self) -> Iterator[tuple[float, str]]:
        first, last = (_month(time) for time in (self.start, self.end))
        step = next(step for step in _STEPS_MONTHS if (last - first) / step < TICKS)
        for month in range(math.ceil(first / step) * step, last + 1, step):
            moment = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
            if self.start <= moment.timestamp() <= self.end:
                yield moment.timestamp(), moment.strftime("%Y" if step >= 12 else "%Y-%m")


def _month(time: float) -> int:
    """Return the month of a time, counted from that of the year 0."""
    moment = datetime.fromtimestamp(time, UTC)
    return moment.year * 12 + moment.month - 1


def _bar(finding: Finding, place: int, moments: tuple[float, float], axis: Axis) -> Bar:
    first, last = moments
    shown = [times.utc(time).removesuffix(" UTC") for time in moments]
    spans = [each for row in finding.outcome.results.rows if (each := span([row]))]
    return Bar(
        place,
        text.brief(finding.detection.name),
        shown[0] if shown[0] == shown[1] else f"{shown[0]} to {shown[1]}",
        axis.at(first),
        round(axis.at(last) - axis.at(first), 1),
        sorted({axis.at(time) for each in spans for time in each}),
    )
