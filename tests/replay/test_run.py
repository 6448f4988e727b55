"""One run of a search: its stages."""

from __future__ import annotations

from replay import engine
from replay.app import App
from tests.conftest import REPO


def inside(search: str) -> list[str]:
    """Return what the commands of the subsearch of a search did in SQL, up to where a stage is made."""
    done = engine.replay(engine.nothing(), App(REPO), search, "current")
    return [text.partition(" AS SELECT")[0] for step in done.steps if step.depth for text in step.statements]


def test_the_same_stage_is_made_once() -> None:
    """Where a search names a macro more than once, what it does is done once."""
    search = "makeresults count=2 | streamstats count as n | eval a=n*2"
    expected = ["stage_1, which is the same", "stage_2, which is the same", "stage_3, which is the same"]
    assert expected == inside(f"| {search} | append [| {search}]")


def test_another_stage_is_made_anew() -> None:
    """A stage that differs in its time range or its fields is another one."""
    search = "| tstats count from datamodel=Endpoint.Processes where earliest={} by Processes.{}"
    first = search.format(0, "dest")
    for other in (search.format(1, "dest"), search.format(0, "user")):
        assert ["CREATE TEMP TABLE stage_2"] == inside(f"{first} | append [{other}]")
