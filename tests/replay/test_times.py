"""Times as SPL writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splreplay import times

SUNDAY = 1_750_000_000.0  # 2025-06-15T15:06:40Z


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1s"), (30, "30"), (300, "5min"), (3600, "1H"), (86400, "1day"), (604800, "1w")]
    + [(None, text) for text in ("", "0s", "1mon", "s", "1.5h", "-1h", "2log10")],
)
def test_span(seconds: int | None, text: str) -> None:
    """A span is a number of seconds, or of units up to weeks, in any case; anything else is not a span."""
    assert seconds == times.span_seconds(text)


@pytest.mark.parametrize(
    ("moved", "modifier"),
    [
        ("2025-06-15T15:06:40", "now"),
        ("2025-06-15T13:56:00", "-70m@m"),
        ("2025-06-15T03:00:00", "@d+3h"),
        ("2025-06-15T14:06:40", "-h"),
        ("2025-06-15T00:00:00", "@w0"),
        ("2025-06-09T00:00:00", "@w1"),
        ("2025-06-01T00:00:00", "@mon"),
        ("2025-04-01T00:00:00", "@q"),
        ("2025-01-01T00:00:00", "@y"),
        ("2025-02-28T00:00:00", "@mon+30d@mon-1mon-3mon@mon-1d"),
    ],
)
def test_relative(moved: str, modifier: str) -> None:
    """Steps apply from left to right, and @ rounds down."""
    found = times.relative_time(SUNDAY, modifier)
    assert found is not None
    assert moved == times.format_time(found, "%Y-%m-%dT%H:%M:%S")


def test_months_end() -> None:
    """A month before the 31st is the last day of a shorter month."""
    march_31 = 1_743_422_400.0
    assert "2025-02-28" == times.format_time(times.relative_time(march_31, "-1mon") or 0, "%F")


@pytest.mark.parametrize("modifier", ["soon", "-1fortnight", "1h", "@", "@d1", "-99999999999y", "-h h"])
def test_malformed(modifier: str) -> None:
    """What is not a relative time, or leaves the calendar, gives none."""
    assert times.relative_time(SUNDAY, modifier) is None


@pytest.mark.parametrize(
    ("epoch", "text"),
    [
        (1.5, "1.5"),
        (SUNDAY, "2025-06-15T15:06:40"),
        (SUNDAY, "2025-06-15T17:06:40+02:00"),
        (SUNDAY, "06/15/2025:15:06:40"),
        (SUNDAY - 3600, "-1h"),
        (None, "soon"),
        (None, "nan"),
    ],
)
def test_time_argument(epoch: float | None, text: str) -> None:
    """A time is epoch seconds, a relative time, or a date, in UTC unless it says otherwise."""
    assert epoch == times.time_argument(text, SUNDAY)


@pytest.mark.parametrize(
    ("text", "epoch", "pattern"),
    [
        ("1970-01-01T00:00:00.500", 0.5, "%Y-%m-%dT%H:%M:%S.%3N"),
        ("00:00:01 1970-01-01 1", 1.0, "%T %F %s"),
        ("1970-01-01T00:00:01.000", 0.9999999, "%FT%T.%Q"),
        ("UTC +0000 +00:00 100%", 0.0, "%Z %z %:z 100%%"),
        (None, 1e20, "%Y"),
    ],
)
def test_format(text: str | None, epoch: float, pattern: str) -> None:
    """Splunk's additions to strftime are supported; a time outside the calendar gives none."""
    assert text == times.format_time(epoch, pattern)


@pytest.mark.parametrize(
    ("epoch", "text", "pattern"),
    [
        (SUNDAY, "2025-06-15 15:06:40", "%F %T"),
        (0.25, "1970-01-01T00:00:00.250", "%Y-%m-%dT%H:%M:%S.%3N"),
        (SUNDAY, "2025-06-15T17:06:40+02:00", "%Y-%m-%dT%H:%M:%S%:z"),
        (12.5, "12.5", "%s"),
        (None, "yesterday", "%F"),
        (None, "x", "%s"),
        (None, "1 1", "%d %d"),
    ],
)
def test_parse(epoch: float | None, text: str, pattern: str) -> None:
    """A text is read by its pattern, and gives none if it does not match."""
    assert epoch == times.parse_time(text, pattern)


@given(st.floats(), st.text(st.sampled_from("-+@0123456789smhdwqyon "), max_size=12))
def test_any_modifier(epoch: float, modifier: str) -> None:
    """No time and no time modifier raises an error: the result is a time, or none."""
    assert isinstance(times.relative_time(epoch, modifier), (float, type(None)))


@given(st.integers(0, 4_000_000_000))
def test_time_round_trip(epoch: int) -> None:
    """What strftime writes, strptime reads."""
    pattern = "%Y-%m-%dT%H:%M:%S"
    assert epoch == times.parse_time(times.format_time(epoch, pattern) or "", pattern)
