"""The linter: tests/vectors/lint.toml is the specification."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from replay.detections.lint import lint
from replay.detections.outputs import outline
from replay.detections.source import Detection
from replay.located import Text
from replay.macros import expansion
from tests.conftest import REPO

VECTORS: dict[str, list[dict[str, Any]]] = tomllib.loads((REPO / "tests/vectors/lint.toml").read_text("utf-8"))


def text(value: str) -> Text:
    """Return a text that is a file of its own."""
    return Text(value, value, 0, tuple(place for place, one in enumerate(value) if not one.isspace()))


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["claim"])
def test_lint(case: dict[str, Any]) -> None:
    """Every vector's detection has exactly its findings."""
    messages = tuple(map(text, case.get("messages", ())))
    fields = tuple(map(text, case.get("risk_fields", ())))
    detection = Detection(Path("x.yml"), "x", text(case["search"]), messages, fields)
    found = lint(detection, expansion(case["search"], {}), outline(case["search"]))
    assert case["expect"] == [f"{one.rule} {one.place.column}" for one in found]
