"""The risk scores of detections: what is one, and what is said of what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from splreplay.detections.source import read

RBA = "rba:\n  risk_objects:\n  - {{field: dest, type: system, score: {}}}\n"
TAGS = "tags:\n  risk_score: {}\n  observable:\n  - {{name: dest, type: Hostname, role: [Victim]}}\n"
RISK = '[X]\nsearch = | makeresults\naction.risk.param._risk = [{{"risk_object_field": "dest", "risk_score": {}}}]\n'
NONE = "is no risk score from 0 to 1,000,000, and counts as none [risk-score]"


def scores(path: Path, text: str) -> tuple[list[float], list[str]]:
    """Return the scores of the one detection of a file, and what is said of them."""
    path.write_text(text, encoding="utf-8")
    [detection] = read(path)
    said = [str(problem).replace(str(path), "FILE") for problem in detection.score_problems]
    return [at_risk.score for at_risk in detection.risk_objects], said


@pytest.mark.parametrize(
    ("score", "said"),
    [
        ("0", []),
        ("80", []),
        ("1e6", []),
        ('"80"', []),
        ("", []),
        ("high", ["FILE:5:40: 'high' " + NONE]),
        ("-5", ["FILE:5:40: '-5' " + NONE]),
        ("1000001", ["FILE:5:40: '1000001' " + NONE]),
        (".nan", ["FILE:5:40: '.nan' " + NONE]),
        ("x" * 99, [f"FILE:5:40: '{'x' * 60}…' {NONE}"]),
        ("[80]", ["FILE:5: 'a list or a mapping' " + NONE]),
    ],
)
def test_a_score_of_an_object(score: str, said: list[str], tmp_path: Path) -> None:
    """A score is a number from 0 to a million; of anything else it is said where it stands, and of no score nothing."""
    found = scores(tmp_path / "x.yml", f"name: X\nsearch: '| makeresults'\n{RBA.format(score)}")
    assert ([0.0 if said or not score else float(score.strip('"'))], said) == found


def test_a_score_of_older_files(tmp_path: Path) -> None:
    """The one score of an older file is told of in the same way."""
    found = scores(tmp_path / "x.yml", f"name: X\nsearch: '| makeresults'\n{TAGS.format('high')}")
    assert ([0.0], ["FILE:4:15: 'high' " + NONE]) == found


@pytest.mark.parametrize(
    ("score", "value", "said"),
    [
        ("80", 80.0, []),
        ('"80"', 80.0, []),
        ("null", 0.0, []),
        ('"high"', 0.0, ["FILE:3:72: 'high' " + NONE]),
        ("true", 0.0, ["FILE:3:72: 'True' " + NONE]),
        ("[80]", 0.0, ["FILE:3:27: '[80]' " + NONE]),
    ],
)
def test_a_score_of_a_saved_search(score: str, value: float, said: list[str], tmp_path: Path) -> None:
    """The scores of a saved search are those of its JSON."""
    assert ([value], said) == scores(tmp_path / "savedsearches.conf", RISK.format(score))


def test_risk_that_is_no_json(tmp_path: Path) -> None:
    """Risk objects that cannot be read are told of; an empty setting is not."""
    start, wrong = (
        RISK.split("= [")[0],
        "action.risk.param._risk is no JSON array, so the detection puts nobody at risk [risk-score]",
    )
    assert ([], ["FILE:3:27: " + wrong]) == scores(tmp_path / "savedsearches.conf", f"{start}= [{{'a': 1}}]\n")
    assert ([], []) == scores(tmp_path / "savedsearches.conf", f"{start}=\n")
