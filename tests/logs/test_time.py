"""The time of an event, as text and in seconds."""

from __future__ import annotations

import pytest

from splreplay.logs.events import UnreadableEventError, epoch


@pytest.mark.parametrize(
    "seconds, text",
    [
        (1600564693.0, "2020-09-20T01:18:13Z"),
        (1600564693.416, "2020-09-20T01:18:13.416000000Z"),
        (1600564693.123456789, "2020-09-20T01:18:13.123456789Z"),
        (1600564693.1, "2020-09-20 01:18:13.1 UTC"),
        (1600564693.1, "2020-09-20 01:18:13.1"),
        (1600564693.5, "2020-09-19T21:18:13.5-04:00"),
        (1600564693.5, "2020-09-20T06:48:13.5+0530"),
        (0.0, "1970-01-01T00:00:00Z"),
    ],
)
def test_a_time_in_seconds(seconds, text):
    """It may have up to nine digits, and a zone or be in UTC."""
    assert seconds == epoch(text)


def test_local_time_is_shifted_only_where_no_zone_is_named():
    """A zone in the text takes precedence."""
    assert (3600.0, 7200.0) == (epoch("1970-01-01 02:00:00", 3600), epoch("1970-01-01 02:00:00Z", 3600))


@pytest.mark.parametrize(
    "text", ["", "now", "2020-09-31T00:00:00Z", "2020-09-20", "1600564693", "2020-09-20T01:18:13.1234567890Z"]
)
def test_what_is_no_time(text):
    """It is not guessed at."""
    with pytest.raises(UnreadableEventError):
        epoch(text)
