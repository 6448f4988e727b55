"""Spans of time: the one that is chosen where a search names none, and where the span of a time starts."""

from __future__ import annotations

# The shortest of these that makes no more than 100 spans, else a month: the manual's table of default spans (30 minutes for 24
# hours, a day for a week) follows from it. For ranges that are not in the table, and for tstats, inferred †.
_SPANS_S = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 86400)
_BINS = 100


def chosen(start: float, end: float) -> int | None:
    """Return the seconds of the span that Splunk takes from *start* to *end*; None is a month."""
    return next((span for span in _SPANS_S if end - start <= span * _BINS), None)


def start_of(time: str, span_s: int | None) -> str:
    """Return SQL for the start of the span that holds *time*; None is a month."""
    if span_s is None:
        return f"epoch(date_trunc('month', make_timestamp(CAST(floor({time}) AS BIGINT) * 1000000)))"
    return f"floor({time} / {span_s}) * {span_s}"
