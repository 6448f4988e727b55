"""One run of a search: its stages."""

from __future__ import annotations

import pytest

from splreplay import cim, engine
from splreplay.app import App
from splreplay.commands import tstats
from splreplay.planning import Plan, plan
from splreplay.recording import nothing, record
from tests.conftest import REPO
from tests.replay.searches import replay


def inside(search: str) -> list[str]:
    """Return what the commands of a search's subsearch did in SQL, up to where a stage is made."""
    done = replay(nothing(), App(REPO), search, "current")
    return [text.partition(" AS SELECT")[0] for step in done.steps if step.depth for text in step.statements]


def test_the_same_stage_is_made_once() -> None:
    """If a search calls a macro more than once, its work is done once."""
    search = "makeresults count=2 | streamstats count as n | eval a=n*2"
    expected = ["stage_1, which is the same", "stage_2, which is the same", "stage_3, which is the same"]
    assert expected == inside(f"| {search} | append [| {search}]")


@pytest.mark.parametrize(
    ("command", "stages"),
    [
        ("rename a as b", 0),
        ("table b a", 0),
        ("table a missing", 1),
        ("fields a", 0),
        ("fields - a", 0),
        ("eval c=1, d=a+b, a=2", 1),
        ("eval c=a+1, a=2, d=b", 1),
        ("eval c=1, d=c+1, e=d+c", 3),
        ("eval a=1, a=a+1", 2),
    ],
)
def test_a_stage_is_made_where_values_are(command: str, stages: int) -> None:
    """Other names, and fewer of them, need none; eval makes one for all fields, but where one is read that it has just set."""
    done = replay(nothing(), App(REPO), f"| makeresults | eval a=1, b=2 | {command}", "current")
    assert stages == len(done.steps[-1].statements)


SEARCH = "| tstats count from datamodel=Endpoint.Processes where earliest={} by Processes.{}"


def test_another_stage_is_made_anew() -> None:
    """A stage with another time range is another stage."""
    first, other = SEARCH.format(0, "dest"), SEARCH.format(1, "dest")
    assert ["CREATE TEMP TABLE stage_3", "CREATE TEMP TABLE stage_4"] == inside(f"{first} | append [{other}]")


def test_rows_that_match_twice_are_looked_for_once() -> None:
    """If a search reads the same rows of a dataset by other fields, the log is read once."""
    first, other = SEARCH.format(0, "dest"), SEARCH.format(0, "user")
    assert ["stage_1, which is the same", "CREATE TEMP TABLE stage_3"] == inside(f"{first} | append [{other}]")


@pytest.mark.parametrize("addon", cim.ADDONS)
def test_rows_that_are_looked_for_once_give_the_same_results(monkeypatch: pytest.MonkeyPatch, addon: str) -> None:
    """Whether they are kept or, if there are too many, read again, the results are those of a search that keeps none."""
    app, recording = App(REPO), record([str(REPO / "tests/recordings/installutil_attack.xml")])
    planned = plan(app, app.saved_search("Windows InstallUtil Remote Network Connection - Hunt").search, addon)
    found = []
    for kept in (1 << 20, 0):
        monkeypatch.setattr(tstats, "SHARED_ROWS", kept)
        found.append(engine.replay(planned, recording))
    monkeypatch.setattr(Plan, "shared", {})
    expected = engine.replay(plan(app, planned.search, addon), recording)
    assert [expected.results] * 2 == [one.results for one in found]
    assert expected.steps not in [one.steps for one in found]
    assert expected.results.rows
