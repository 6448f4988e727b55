"""Patterns that are written to take for ever, or all of the memory: each ends soon, with an error that says what to do."""

from __future__ import annotations

import time

import pytest

from splreplay import limits
from splreplay.app import App
from splreplay.errors import SplError, UnsupportedError
from splreplay.recording import connect
from splreplay.sql import pcre
from splreplay.times import TimeRange
from tests.conftest import REPO
from tests.replay.network import NOON
from tests.replay.searches import behind, new_run

SOON_S = 20  # on a busy machine; each would take minutes or for ever

# What to match, and the text.
HOSTILE = {
    "repetitions inside of each other": (r"^(?=a)(?:a+)+$", "a" * 40 + "b"),
    "choices of the same": (r"^(?:(?=a)a|a)*$", "a" * 5_000 + "b"),
    "steps from each of many places": (r"(?:(?=a)a|a){0,14}(?=b)b(?!$)", "a" * 30_000 + "b"),
    "look-ahead over all of a long text": (r"(?=[^q]*x)(?=[^q]*y)[^q]b(?!$)", "xa" * 200_000 + "yb"),
    "back-references to anything": (r"(.*)(.*)(.*)\1\2\3!(?!$)", "ab" * 300 + "!"),
    "recursion": (r"(?=a)(?:(?R)|a)*b", "a" * 1_000 + "b"),
}
TOO_LARGE = {
    "numbers that multiply": "(?=a)" + "(?:" * 6 + "a" + "{1000})" * 6,
    "very many groups": "(?=a)" + "(a)" * 70_000,
    "groups inside of each other": "(?=a)" + "(" * 5_000 + "a" + ")+" * 5_000,
    "looking far behind": "(?<=a{1,60000})b",
}


def _matches(pattern: str, text: str) -> object:
    run = new_run(connect(), App(REPO), TimeRange(NOON))
    found = behind(run, "where match(a, p)", [{"a": text, "p": pattern}])
    return len(run.stages.fetch(found))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pattern(name: str) -> None:
    """A pattern that would take for ever on a text is an error in our words, in about the seconds that a value may take."""
    start = time.perf_counter()
    with pytest.raises(UnsupportedError) as refused:
        _matches(*HOSTILE[name])
    assert "write the pattern with fewer ways to match" in str(refused.value)
    assert time.perf_counter() - start < SOON_S


@pytest.mark.parametrize("name", TOO_LARGE)
def test_large_pattern(name: str) -> None:
    """A pattern that would grow out of bounds is none: from a field it matches nothing, in a search it is an error."""
    start = time.perf_counter()
    assert 0 == _matches(TOO_LARGE[name], "aaab")
    with pytest.raises(SplError, match="this is no regular expression"):
        behind(new_run(connect(), App(REPO), TimeRange(NOON)), f'regex a="{TOO_LARGE[name]}"', [{"a": "aaab"}])
    assert time.perf_counter() - start < SOON_S


def test_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seconds of all the values of a run are bounded too, and the next run has all of them again."""
    monkeypatch.setattr(limits, "PATTERN_RUN_S", 0.02)
    text, pattern = "a" * 2_000, "(?=a)b|b"
    pcre.begin()
    with pytest.raises(pcre.PatternLimitError, match=r"patterns took more than 0.02 s in this run"):
        for _ in range(100_000):
            pcre.matches(text, pattern)
    pcre.begin()
    assert pcre.matches(text, pattern) is False


def test_usual_patterns_are_not_bounded() -> None:
    """A look-ahead over the whole of a long script is answered."""
    script = "Write-Host 'x'\n" * 2_000 + "Invoke-Mimikatz"
    assert 1 == _matches(r"(?s)^(?=.*Invoke)(?!.*Harmless).*Mimikatz", script)
    assert 0 == _matches(r"(?s)^(?=.*Invoke)(?!.*Mimikatz).*", script)
