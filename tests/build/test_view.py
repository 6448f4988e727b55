"""What a dashboard must not be: tests/vectors/view_checks.toml is the specification."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from builder import check

VECTORS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "vectors" / "view_checks.toml").read_text(encoding="utf-8")
)
PATH = "default/data/ui/views/risk.xml"


def problems(view: str) -> list[str]:
    """Return the problems of the small app with *view*, without the path that all of them have."""
    files = {name: text.encode() for name, text in VECTORS["app"].items()} | {PATH: view.encode()}
    return [str(problem).removeprefix(PATH).lstrip(": ") for problem in sorted(check.check_views(files))]


def test_small_view_has_no_problem() -> None:
    """The dashboard that every case changes has no problem of its own, so each case's problems come from its change."""
    assert [] == problems(VECTORS["view"])


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["claim"])
def test_view_is_refused(case: dict[str, Any]) -> None:
    """Every change is refused with exactly its problems."""
    changed = VECTORS["view"].replace(case["old"], case["new"])
    assert changed != VECTORS["view"]
    assert case["expect"] == problems(changed)
