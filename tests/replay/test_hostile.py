"""Searches that nobody would write: each gives results or one error in words."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay import engine
from replay.app import App
from replay.commands import COMMANDS, parse
from replay.errors import SplError
from replay.run import Run
from tests.conftest import REPO
from tests.replay.deep import UNREADABLE
from tests.replay.network import NOON

WORDS = [
    *COMMANDS,
    *[
        "a",
        "_time",
        '"x"',
        "1",
        "-1",
        "*",
        "=",
        "!=",
        "<",
        "(",
        ")",
        "[",
        "]",
        "|",
        ",",
        ".",
        "+",
        "/",
        "%",
        "NOT",
        "AND",
        "OR",
        "IN",
        "like",
        "by",
        "as",
        '"',
        "'",
        "`",
        "\\",
        "\x00",
        "\u202e",
    ],
]
WORDS += ["if(a,1,2)", "a=1", "count", "values(a)", "mvindex(a,1)", "[| makeresults]", 'match(a,"(")', "1e999", "\n"]
TEXT = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=3)), max_size=12).map(" ".join)
CONNECTION = engine.connect()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT)
def test_any_text(text: str) -> None:
    """Any text behind a pipe is parsed and run, or refused by one of replay's own errors."""
    run = Run(CONNECTION.cursor(), App(REPO), {}, NOON)
    with contextlib.suppress(SplError):
        run.fetch(run.execute(parse(f"| makeresults | eval a=1 | {text}")))


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_nesting(text: str) -> None:
    """Ten thousand levels are refused in words, by the parser itself."""
    with pytest.raises(SplError):
        parse(f"| makeresults | {text}")


def test_megabyte() -> None:
    """A search of more than a million characters is not even read."""
    with pytest.raises(SplError) as refused:
        App(REPO).expand("x" * 1_000_001)
    assert "the search has 1,000,001 characters; replay reads 1,000,000" == str(refused.value)
