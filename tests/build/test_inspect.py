"""Which AppInspect reports let a package pass, and which do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builder import inspect
from builder.problem import BuildError

KNOWN = {"check_for_python_script_existence": "warning", "check_python_sdk_version": "warning"}


def report(results: dict[str, str]) -> Any:
    """Return a report in AppInspect's form, of checks by name and their results."""
    checks = [
        {"name": name, "result": result, "messages": [{"message": "why"}, {"message": "where"}]}
        for name, result in results.items()
    ]
    return {"reports": [{"groups": [{"checks": checks}]}]}


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make AppInspect say something."""
    return lambda results: monkeypatch.setattr(inspect, "_run", lambda archive: report(results))


def test_known_warnings_pass(says: Any) -> None:
    """The two warnings that no such package can avoid are explained, and the rest is counted."""
    says({"check_a": "success", "check_b": "not_applicable", "check_c": "success"} | KNOWN)
    assert [
        "1 not_applicable, 2 success, 2 warning",
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
    with pytest.raises(BuildError, match="AppInspect ran no check"):
        inspect.inspect(Path("a.tar.gz"))
