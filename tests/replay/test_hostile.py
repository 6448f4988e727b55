"""Searches that nobody would write: each gives results or one error in words."""

from __future__ import annotations

import os

import pytest

from splreplay import limits, parser, planning
from splreplay.app import App, macros
from splreplay.app.macros import Macro
from splreplay.errors import SplError, UnsupportedError
from splreplay.recording import connect
from splreplay.run.execute import execute
from splreplay.times import TimeRange
from tests.conftest import REPO
from tests.replay.deep import UNREADABLE
from tests.replay.fuzz import fuzz
from tests.replay.network import NOON
from tests.replay.searches import new_run

CASES = int(os.environ.get("REPLAY_FUZZ_CASES", "1500"))


def test_fuzz() -> None:
    """Broken and hostile searches are parsed or refused, and those that are run too give results or are refused.

    So are searches in an app whose files are links, pipes or damaged.
    """
    in_an_app = {"ran in a hostile app", "refused in a hostile app"}
    assert {"parsed", "ran", "refused", *in_an_app} == set(fuzz(CASES, seed=1))


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_nesting(text: str) -> None:
    """Ten thousand levels are refused in words, by the parser itself."""
    with pytest.raises(SplError):
        parser.parse(f"| makeresults | {text}")


def test_too_deep_for_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """If Python itself nests too deep, that is one more reason why a search cannot be run."""

    def endless(*arguments: object) -> None:
        raise RecursionError

    monkeypatch.setattr(parser, "split", endless)
    errors = planning.outline(App(REPO), "| makeresults").errors
    assert ["the search nests deeper than replay reads"] == [str(error) for error in errors]


def test_megabyte() -> None:
    """A search of more than a million characters is not even read."""
    with pytest.raises(SplError) as refused:
        App(REPO).expand("x" * 1_000_001)
    assert "the search has 1,000,001 characters; replay reads 1,000,000" == str(refused.value)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("replay reads at most 20,000 words of a command (line 1, column ", "search " + "a=x*1 OR " * 6_000 + "a=2"),
        ("replay reads at most 20,000 words of a command (line 1, column ", "where " + "a!=1 AND " * 6_000 + "a!=2"),
        ("replay runs at most 1,000 commands in a row (line 1, column ", "eval a=1 | " * 1_000 + "eval a=2"),
    ],
)
def test_long(error: str, text: str) -> None:
    """A search that is correct, but longer than any that people write, is refused before it takes minutes."""
    with pytest.raises(UnsupportedError) as refused:
        parser.parse(f"| makeresults | {text}")
    assert str(refused.value).startswith(error)


def test_macros_without_end() -> None:
    """Macros that each call two others are refused after enough calls, even if they expand to nothing."""
    tree = {f"m{level}": Macro(f"m{level}", f"`m{level + 1}``m{level + 1}`", ()) for level in range(60)}
    tree["m60"] = Macro("m60", "", ())
    with pytest.raises(UnsupportedError) as refused:
        macros.expand("`m0`", tree)
    assert f"the macros of this search call others more than {limits.MACRO_CALLS:,} times" == str(refused.value)


def test_large_expression() -> None:
    """An expression whose SQL grows out of bounds is refused, with a caret under the part that grows."""
    spl = '| makeresults | eval r="' + "x" * limits.MAX_SQL_CHARACTERS + '"'
    with pytest.raises(UnsupportedError) as refused:
        execute(parser.parse(spl), new_run(connect(), App(REPO), TimeRange(NOON)))
    assert str(refused.value).startswith("this expression grows too large (line 1, column ")
