"""fieldformat: the form in which a whole search shows its results."""

from __future__ import annotations

from typing import Any

from splreplay.app import App
from splreplay.output import Results
from splreplay.recording import nothing
from tests.conftest import REPO
from tests.replay.searches import replay


def shown(search: str) -> Results:
    """Return what a search shows."""
    return replay(nothing(), App(REPO), search).results


def rows(search: str) -> list[dict[str, Any]]:
    """Return the results that a search shows, without their time."""
    return [{name: value for name, value in row.items() if name != "_time"} for row in shown(search).rows]


def test_shown() -> None:
    """The results are shown in the form, which a command behind it does not see."""
    search = '| makeresults count=2 | streamstats count as n | fieldformat n="no. ".n | where n<2 | eval m=n+1'
    assert [{"n": "no. 1", "m": "2"}] == rows(search)


def test_the_last_counts() -> None:
    """Of two forms of a field the last counts, and it sees the value, not the form."""
    assert [{"n": "1!"}] == rows('| makeresults | eval n=1 | fieldformat n="x" | fieldformat n=n."!"')


def test_in_a_subsearch() -> None:
    """What a subsearch returns is not shown, so there it changes nothing."""
    assert [{"n": "1"}] == rows('| makeresults | where 1=2 | append [| makeresults | eval n=1 | fieldformat n="x"]')


def test_a_field_that_is_gone() -> None:
    """A form of a field that the results no longer have is told."""
    found = shown('| makeresults | eval n=1 | fieldformat n="x" | rename n as m')
    assert ["1"] == [row["m"] for row in found.rows]
    assert ["fieldformat changes nothing: at its end the search has no field n"] == found.warnings
