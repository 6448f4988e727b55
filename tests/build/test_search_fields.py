"""Which fields a search outputs: tests/vectors/search_fields.toml is the specification."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from builder.search_fields import RBAENRICH_FIELDS, output_fields

VECTORS: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(__file__).parents[1] / "vectors" / "search_fields.toml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["claim"])
def test_fields(case: dict[str, Any]) -> None:
    """Every vector's search outputs exactly its fields."""
    assert set(case["expect"]) == output_fields(case["search"])


def test_rbaenrich_adds_the_fields_that_the_command_lists() -> None:
    """What follows the table through rbaenrich is what bin/installutil_rba_fields.py lists for it."""
    expected = {"dest", *RBAENRICH_FIELDS}
    assert expected == output_fields("index=x | table dest | rbaenrich | `a_filter`")
    assert {"risk_score", "risk_message", "risk_finding_id", "risk_user", "risk_system"} <= RBAENRICH_FIELDS
