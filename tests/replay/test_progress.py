"""How far a long load or hunt is, on a terminal and in a log."""

from __future__ import annotations

import io

import pytest

from splreplay.cli.progress import Progress


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def shown(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *seconds: float) -> str:
    """Return what is written of 9 searches, one of which ends after each number of seconds."""
    clock = 100.0
    monkeypatch.setattr("splreplay.cli.progress.time.monotonic", lambda: clock)
    progress = Progress(stream)
    for done, second in enumerate(seconds, start=1):
        clock = 100 + second
        progress.count(done, 9)
    progress.clear()
    return stream.getvalue()


@pytest.mark.parametrize(
    ("expected", "seconds"),
    [
        ("", (1, 29)),
        ("8 of 9 searches left\n", (30, 31, 59)),
        ("7 of 9 searches left\n5 of 9 searches left\n", (29, 31, 60, 61)),
    ],
)
def test_in_a_log(expected: str, seconds: tuple[float, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it stays, a line is written each half minute, and none of what is shorter."""
    assert expected == shown(io.StringIO(), monkeypatch, *seconds)


@pytest.mark.parametrize(
    ("expected", "seconds"),
    [
        ("", (0.1, 0.9)),
        ("\r\x1b[K8 of 9 searches left\r\x1b[K", (1, 1.9)),
        ("\r\x1b[K8 of 9 searches left\r\x1b[K7 of 9 searches left\r\x1b[K", (1, 2)),
    ],
)
def test_on_a_terminal(expected: str, seconds: tuple[float, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal has one line, written over once a second, and nothing of it in the end."""
    assert expected == shown(Terminal(), monkeypatch, *seconds)
