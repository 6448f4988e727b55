"""What package/ must not say: tests/vectors/detection_refusals.toml is the specification."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from builder import content
from builder.problem import BuildError

VECTORS: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(__file__).parents[1] / "vectors" / "detection_refusals.toml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["claim"])
def test_source_is_refused(case: dict[str, Any], app: Path) -> None:
    """Every edit is refused with exactly its problems: file, line, claim and remedy."""
    name = "package/" + case.get("file", "detections/sample_tool_connection.yml")
    text = (app / name).read_text(encoding="utf-8")
    old = text if case["replace"] == "*" else case["replace"]
    assert text.count(old) == 1
    (app / name).write_text(text.replace(old, case["with"]), encoding="utf-8")
    with pytest.raises(BuildError) as raised:
        content.load(app)
    expected = [f"{name}:{line}" if line[0].isdigit() else f"{name}: {line}" for line in case["expect"]]
    assert expected == [str(problem) for problem in raised.value.problems]


def test_problems_of_every_file_are_told_at_once(app: Path) -> None:
    """A problem in one file does not hide those in the next."""
    for name in ("detections/sample_tool_connection.yml", "stories/sample_story.yml"):
        path = app / "package" / name
        path.write_text(path.read_text(encoding="utf-8") + "more: 1\n", encoding="utf-8")
    with pytest.raises(BuildError) as raised:
        content.load(app)
    assert [
        "package/detections/sample_tool_connection.yml",
        "package/stories/sample_story.yml",
    ] == [problem.path for problem in raised.value.problems]


def test_detection_has_its_own_name_and_id(app: Path) -> None:
    """A second file with the same name, in any case, or the same id is refused: both would have one filter macro."""
    text = (app / "package/detections/second_sample.yml").read_text(encoding="utf-8")
    twin = text.replace("name: Second Sample", "name: SECOND sample")
    (app / "package/detections/twin.yml").write_text(twin, encoding="utf-8")
    with pytest.raises(BuildError) as raised:
        content.load(app)
    other = "package/detections/second_sample.yml; give each detection its own"
    assert [
        f"package/detections/twin.yml:1: name is also that of {other}",
        f"package/detections/twin.yml:2: id is also that of {other}",
    ] == [str(problem) for problem in raised.value.problems]


def test_source_is_utf8(app: Path) -> None:
    """A file in another encoding is refused with the place, without a crash."""
    (app / "package/stories/sample_story.yml").write_bytes(b"name: caf\xe9\n")
    with pytest.raises(BuildError) as raised:
        content.load(app)
    assert "package/stories/sample_story.yml: not UTF-8 at byte 9; save it as UTF-8" == str(raised.value)
