"""What text from a log looks like in the report."""

from __future__ import annotations

import pytest

from splreplay.report import text
from tests.report.hostile import payloads


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ('plain <b> & "it"', 'plain <b> & "it"'),
        (r"a\x00b\x1b[31m\r\n\t", "a\0b\x1b[31m\r\n\t"),
        (r"photo\u202egnp.exe", "photo\u202egnp.exe"),
        (r"\ud800", "\ud800"),
        ("ü漢", "ü漢"),
        ("7", 7),
    ],
)
def test_shown(expected: str, value: object) -> None:
    """What is not printable is spelt out; everything else stays, and the template escapes it."""
    assert expected == text.shown(value)


def test_long() -> None:
    """Both ends of a long text are kept, because attackers pad; what is left out is counted."""
    long = "a" * 3_000 + "b" * 5_000 + "c" * 1_000
    expected = f"{'a' * 3_000} […5,000 characters are left out here…] {'c' * 1_000}"
    assert expected == text.shown(long)


def test_not_long() -> None:
    """A text that just fits is shown whole."""
    assert "a" * 4_000 == text.shown("a" * 4_000)


@pytest.mark.parametrize("value", payloads("x").values(), ids=payloads("x"))
def test_bounded(value: str) -> None:
    """However long a text is and whatever it holds, it is shown printable and bounded."""
    shown = text.shown(value * 100)
    assert (True, True) == (shown.isprintable(), len(shown) <= 10 * 4_000 + 100)


def test_listed() -> None:
    """The first of many values are listed, and the others are counted."""
    many = [str(number) for number in range(1_020)]
    assert [["a"], ["a", "b"], [*many[:20], "… and 1,000 more"]] == [text.listed(v) for v in ("a", ["a", "b"], many)]
