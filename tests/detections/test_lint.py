"""The linter: tests/vectors/lint.toml is the specification."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from splreplay.app import App
from splreplay.detections.lint import lint
from splreplay.detections.source import Detection
from splreplay.located import Text
from splreplay.planning import outline
from tests.conftest import REPO

VECTORS: dict[str, list[dict[str, Any]]] = tomllib.loads((REPO / "tests/vectors/lint.toml").read_text("utf-8"))
APP = App(REPO)


def text(value: str) -> Text:
    """Return a text that is a separate file."""
    return Text(value, value, 0, lambda: tuple(place for place, one in enumerate(value) if not one.isspace()))


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["claim"])
def test_lint(case: dict[str, Any]) -> None:
    """Every vector's detection has exactly its findings."""
    messages = tuple(map(text, case.get("messages", ())))
    fields = tuple(map(text, case.get("risk_fields", ())))
    detection = Detection(Path("x.yml"), "x", text(case["search"]), messages, fields)
    found = lint(detection, outline(APP, case["search"]))
    assert case["expect"] == [f"{one.rule} {one.column}" for one in found]


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("Registry.registry_pth", "; did you mean Registry.registry_path?"),
        ("registry_path", "; did you mean Registry.registry_path?"),
        ("Registry.User", "; did you mean Registry.user?"),
        ("Processes.dest", "; did you mean Registry.dest?"),
        ("Registry._time", "; did you mean _time?"),
        ("Registry.zzz", ""),
    ],
)
def test_nearest_field(field: str, meant: str) -> None:
    """A field that the data model lacks is reported with the nearest one that it has, as tstats wants it."""
    search = f"| tstats count from datamodel=Endpoint.Registry where {field}=x"
    found = lint(Detection(Path("x.yml"), "x", text(search)), outline(APP, search))
    assert [f"Endpoint.Registry has no field {field}{meant}"] == [one.message for one in found]


@pytest.mark.parametrize(
    ("pipe", "meant"),
    [
        ("stats count by dest", ": it is still called Processes.dest; add `drop_dm_object_name(Processes)` before"),
        (
            "where lower(Processes.dest)=1",
            "; a name with a dot needs single quotes in an expression, as in 'Processes.dest'",
        ),
        ("rename Filesystem.* as *", ": no field of them begins with Filesystem."),
        ("rename Processes.* as * | table usr", "; did you mean user?"),
        ("table process_name usr", ""),
        ("rename Processes.* as * | table Processes.user", "; did you mean user?"),
        ("rename Processes.* as * | where zzz=1", ""),
    ],
)
def test_meant(pipe: str, meant: str) -> None:
    """A field that no result can have is told with what was probably meant."""
    search = f"| tstats count from datamodel=Endpoint.Processes by Processes.dest Processes.user | {pipe}"
    found = lint(Detection(Path("x.yml"), "x", text(search)), outline(APP, search))
    expected = f" is used, but no result has it here{meant}"
    assert expected == found[0].message[found[0].message.index(" is used") :]
