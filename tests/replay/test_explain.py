"""--explain: a search at every stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from splreplay.app import App
from splreplay.app.macros import Expansion
from splreplay.cli.explain import explain
from splreplay.engine import Replayed
from splreplay.output import Results
from splreplay.planning import plan
from splreplay.run import Step
from tests.conftest import REPO


def replayed(search: str, expanded: str, steps: Sequence[Step]) -> Replayed:
    """Return a search that was run, with these steps."""
    planned = plan(App(REPO), "| makeresults")
    shown = replace(planned, search=search, expansion=Expansion(expanded, ()))
    return Replayed(shown, Results([], []), steps)


def test_explain() -> None:
    """The search as stored, expanded, then each command's source, tree, SQL and rows; subsearches say how deep they stand."""
    steps = [
        Step(0, "where a=1", "Where(…)", ("CREATE TEMP TABLE stage_1 AS …",), 1234),
        Step(1, "makeresults", "MakeResults(count=1)", (), 1),
    ]
    expected = """search
  `a`
  | head

with its macros expanded
  where a=1
  | head

1. where a=1
   tree: Where(…)
   SQL:  CREATE TEMP TABLE stage_1 AS …
   rows: 1,234

2. makeresults (in a subsearch, depth 1)
   tree: MakeResults(count=1)
   rows: 1
"""
    assert expected == explain(replayed("`a`\n| head\n", "where a=1\n| head", steps))


def test_control_characters() -> None:
    """Text in a search cannot give the terminal commands."""
    steps = [Step(0, "where a=\x1b", "\u202e", ("\x1b",), 0)]
    shown = explain(replayed("\x1b", "\x1b", steps))
    assert not {"\x1b", "\u202e"} & set(shown)
