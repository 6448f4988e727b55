"""Which fields a search can output: tests/vectors/outputs.toml is the specification."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from splreplay.parser import outline
from splreplay.run.command import outputs
from splreplay.run.fields import Outputs
from tests.conftest import REPO

VECTORS: dict[str, list[dict[str, Any]]] = tomllib.loads((REPO / "tests/vectors/outputs.toml").read_text("utf-8"))


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["claim"])
def test_outputs(case: dict[str, Any]) -> None:
    """Every vector's search can output exactly its fields."""
    pipeline, _ = outline(case["search"], {"known": ("x",), "other": None})
    expected = Outputs(frozenset(case["expect"]), case.get("open", False))
    assert expected == outputs(pipeline)
