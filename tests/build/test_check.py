"""What a package must not be: tests/vectors/package_checks.toml is the specification."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from builder import archive, check

VECTORS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "vectors" / "package_checks.toml").read_text(encoding="utf-8")
)
SMALL_APP: dict[str, bytes] = {name: text.encode() for name, text in VECTORS["files"].items()}


def test_small_app_has_no_problem() -> None:
    """The app that every case changes has no problem of its own, so each case's problems come from its change."""
    assert [] == check.problems(SMALL_APP)


def test_our_app_has_no_problem(repo: Path) -> None:
    """The app that this repository makes passes every check."""
    assert [] == check.problems(archive.assemble(repo))


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["claim"])
def test_package_is_refused(case: dict[str, Any]) -> None:
    """Every change is refused with exactly its problems."""
    files = {name: content for name, content in SMALL_APP.items() if name != case["file"]}
    if "text" in case:
        files[case["file"]] = case["text"].encode()
    assert case["expect"] == [str(problem) for problem in check.problems(files)]


def test_bytes_that_are_no_utf8_are_refused() -> None:
    """A conf file or lookup in another encoding is refused without a crash."""
    files = SMALL_APP | {"metadata/default.meta": b"[\xff]\n", "lookups/scores.csv": b"na\xefme\n"}
    assert ["lookups/scores.csv", "metadata/default.meta"] == [entry.path for entry in check.problems(files)]
