"""Runs the rules' specification: tests/vectors/rba_*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import installutil_rba_lookups as lookups
import installutil_rba_rules as rules
import pytest
from installutil_rba_values import Pattern

from tests.command.splunkd import MESSAGE, REPO, ROWS, build_lookups

IDS = ("risk_finding_id", "risk_modifier_id")


def cases(name: str) -> list[Any]:
    """Return a vector file's cases, each named by its claim."""
    text = (REPO / "tests" / "vectors" / f"{name}.toml").read_text(encoding="utf-8")
    return [pytest.param(case, id=f"{name}: {case['claim']}") for case in tomllib.loads(text)["case"]]


def load(case: Mapping[str, Any], folder: Path) -> lookups.Configuration:
    """Read the lookups that a case describes."""
    shipped = dict(case.get("shipped", {}))
    if "message" in case:
        shipped["detections"] = [ROWS["detections"][0].replace(MESSAGE, f'"{case["message"]}"')]
    build_lookups(folder, shipped, case.get("local", {}), case.get("files", {}))
    return lookups.load(str(folder), case.get("detection"), date.fromisoformat(case.get("today", "2026-01-01")))


@pytest.mark.parametrize(
    "case", cases("rba_message") + cases("rba_objects") + cases("rba_score") + cases("rba_lookups")
)
def test_annotate(case: Mapping[str, Any], tmp_path: Path) -> None:
    """A result gets the fields that the vector expects, and the lookups exactly its warnings or error."""
    if "error" in case:
        with pytest.raises(lookups.ConfigurationError) as caught:
            load(case, tmp_path)
        assert case["error"] == str(caught.value)
        return
    configuration = load(case, tmp_path)
    found = rules.annotate(configuration, case["result"], case.get("missing", "unknown"))
    assert case["expect"] == {field: found[field] for field in case["expect"]}
    assert tuple(case.get("warnings", ())) == configuration.warnings


@pytest.mark.parametrize("case", cases("rba_modifiers"))
def test_modifiers(case: Mapping[str, Any], tmp_path: Path) -> None:
    """A result becomes exactly the risk events that the vector expects."""
    configuration = load(case, tmp_path)
    finding = rules.annotate(configuration, case["result"], "unknown")
    events = rules.modifiers(configuration, case["result"], finding, "unknown", case.get("carried", ()))
    shown = [{name: value for name, value in event.items() if value and name not in IDS} for event in events]
    assert case["expect"] == shown


@pytest.mark.parametrize("case", cases("rba_ids"))
def test_finding_id(case: Mapping[str, Any], tmp_path: Path) -> None:
    """Two results have the same finding id exactly if the vector says that they are the same finding."""
    detection = load(case, tmp_path).detection
    assert case["same"] == (rules.finding_id(detection, case["a"]) == rules.finding_id(detection, case["b"]))


@pytest.mark.parametrize("case", cases("rba_pattern"))
def test_pattern(case: Mapping[str, Any]) -> None:
    """A pattern matches every value of the vector's first list and none of its second."""
    pattern = Pattern(case["pattern"])
    assert case["matches"] == [value for value in case["matches"] + case["refuses"] if pattern.matches(value)]
