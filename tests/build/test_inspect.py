"""Which AppInspect reports let a package pass, and which do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from builder import inspect
from builder.problem import BuildError
from tests.conftest import REPO

KNOWN = {"check_for_python_script_existence": "warning", "check_python_sdk_version": "warning"}


def report(results: dict[str, str], tags: Sequence[str]) -> Any:
    """Return a report in AppInspect's form, of checks by name and their results."""
    checks = [
        {"name": name, "result": result, "messages": [{"message": "why"}, {"message": "where"}], "tags": tags}
        for name, result in results.items()
    ]
    return {"reports": [{"groups": [{"checks": checks}]}]}


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make AppInspect say something."""

    def say(results: dict[str, str], tags: Sequence[str] = inspect.VETTING) -> None:
        monkeypatch.setattr(inspect, "_run", lambda archive: report(results, tags))

    return say


def test_known_warnings_pass(says: Any) -> None:
    """The two warnings that no such package can avoid are explained, and the rest is counted."""
    says({"check_a": "success", "check_b": "not_applicable", "check_c": "success"} | KNOWN)
    assert [
        "1 not_applicable, 2 success, 2 warning",
        "of Splunk Cloud's vetting: 5 cloud, 5 private_app, 5 private_victoria, 5 private_classic",
        "known warning check_for_python_script_existence: bin/ holds Python: that is what a search command is.",
        "known warning check_python_sdk_version: SDK 3 needs Python 3.13; Splunk 9.3 to 10.1 have 3.9, which 2.1.1 "
        "supports.",
    ] == inspect.inspect(Path("a.tar.gz"))


@pytest.mark.parametrize("result", ["warning", "failure", "future_failure", "error", "manual_check", "skipped"])
def test_anything_else_is_refused(says: Any, result: str) -> None:
    """A check with any other result is named with its messages."""
    says({"check_a": result} | KNOWN)
    with pytest.raises(BuildError) as raised:
        inspect.inspect(Path("a.tar.gz"))
    assert f"a.tar.gz: AppInspect {result} of check_a: why where; mend it" == str(raised.value)


def test_known_check_may_only_warn(says: Any) -> None:
    """A known warning that becomes a failure is refused."""
    says({"check_python_sdk_version": "failure"})
    with pytest.raises(BuildError, match="failure of check_python_sdk_version"):
        inspect.inspect(Path("a.tar.gz"))


def test_silence_is_no_success(says: Any) -> None:
    """A report without a check does not pass."""
    says({})
    with pytest.raises(BuildError, match="AppInspect ran no check of the tag cloud"):
        inspect.inspect(Path("a.tar.gz"))


def test_each_tag_of_the_vetting(says: Any) -> None:
    """Nor does one without a check of a tag by which Splunk Cloud vets."""
    says(KNOWN, [tag for tag in inspect.VETTING if tag != "private_victoria"])
    with pytest.raises(BuildError, match="AppInspect ran no check of the tag private_victoria"):
        inspect.inspect(Path("a.tar.gz"))


def test_table() -> None:
    """The admin's page has a row for each known warning, and no other, and names the tags."""
    page = (REPO / "docs" / "admin.md").read_text(encoding="utf-8")
    table = page.partition("| warning | why |\n|---|---|\n")[2].partition("\n\n")[0]
    assert list(inspect.KNOWN_WARNINGS) == [row.split("`")[1] for row in table.splitlines()]
    assert [] == [tag for tag in inspect.VETTING if f"`{tag}`" not in page]
