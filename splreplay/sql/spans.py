"""Spans of time: how they are written, where the span of a time starts, and the one that is chosen where a search names none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from splreplay import times

# The shortest of these that makes no more than 100 spans, else a month: the manual's table of default spans (30 minutes for 24
# hours, a day for a week) follows from it. For ranges that are not in the table, and for tstats, inferred †.
_SPANS_S = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 86400)
_BINS = 100
# From the year 1 to 9999: no other time has a month.
_MONTHS = "{0} BETWEEN -62135596800 AND 253402300799"


@dataclass(frozen=True)
class Span:
    """A span of *size* seconds, or of *size* months of the calendar in UTC."""

    size: int
    months: bool = False

    @classmethod
    def of(cls, text: str) -> Span | None:
        """Return the span that is written as `30s`, `1h` or `1mon`; None for others."""
        if seconds := times.span_seconds(text):
            return cls(seconds)
        written = re.fullmatch(r"([0-9]{1,4})(?:mon|month|months)", text.lower())
        return cls(int(written[1]), True) if written and int(written[1]) else None

    @property
    def least_s(self) -> int:
        """The seconds of the shortest such span."""
        return self.size * 28 * 86400 if self.months else self.size

    def start_of(self, time: str) -> str:
        """Return SQL for the start of the span that holds *time*; several months count from January 1970 †."""
        if not self.months:
            return f"floor({time} / {self.size}) * {self.size}"
        moment = f"make_timestamp(CAST(floor({time}) AS BIGINT) * 1000000)"
        start = f"epoch(time_bucket(INTERVAL '{self.size} months', {moment}, TIMESTAMP '1970-01-01'))"
        return f"CASE WHEN {_MONTHS.format(time)} THEN {start} END"

    def starts(self, start: float, end: float) -> Iterator[float]:
        """Yield the start of each span from the one that holds *start* to the last one before *end*."""
        edge: float | None = start // self.size * self.size
        if self.months:
            edge = times.relative_time(start, "@mon")
            past = 0 if edge is None else times.months(edge) % self.size
            edge = edge and times.relative_time(edge, f"-{past}mon")
        while edge is not None and edge < end:
            yield edge
            edge = times.relative_time(edge, f"+{self.size}mon") if self.months else edge + self.size

    def __str__(self) -> str:
        """The span in words."""
        if self.months:
            return "a month" if self.size == 1 else f"{self.size:,} months"
        return f"{self.size:,} s"


def chosen(start: float, end: float, bins: int = _BINS) -> Span:
    """Return the span that Splunk takes from *start* to *end* for at most *bins* of them."""
    return next((Span(size) for size in _SPANS_S if end - start <= size * bins), Span(1, months=True))
