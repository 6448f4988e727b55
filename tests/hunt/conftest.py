"""What the tests of hunts share: a folder of small detections, and a hunt over the recording that ships."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPO
from tests.program import Ran, splreplay

ATTACK = REPO / "tests/recordings/installutil_attack.xml"
STARTS = "| tstats count min(_time) as firstTime max(_time) as lastTime from datamodel=Endpoint.Processes where {} by Processes.dest Processes.user Processes.process_name | rename Processes.* as *"
RBA = """rba:
  message: $process_name$ ran on $dest$ as $user$
  risk_objects:
  - {field: dest, type: system, score: 40}
  - {field: user, type: user, score: 20}
tags:
  mitre_attack_id: [T1218.004]
"""
# Each detection, and what is to come of it.
DETECTIONS = {
    "fires": "type: TTP\nsearch: '" + STARTS.format("Processes.process_name=installutil.exe") + "'\n" + RBA,
    "quiet": "type: TTP\nsearch: '" + STARTS.format("Processes.process_name=nothing.exe") + "'\n" + RBA,
    "event": "type: Anomaly\nsearch: EventCode=4104 ScriptBlockText=*x* | table dest\n",
    "field": "type: Anomaly\nsearch: EventCode=1 NoSuchField=x | table dest\n",
    "model": "type: Hunting\nsearch: '| tstats count from datamodel=Web.Web by Web.dest'\n",
    "words": "type: Hunting\nsearch: 'EventCode=1 | frobnicate'\n",
}

Hunt = Callable[..., Ran]


def write(folder: Path, detections: dict[str, str]) -> Path:
    """Write detections into a folder, each as a file."""
    folder.mkdir(exist_ok=True)
    for name, text in detections.items():
        (folder / f"{name}.yml").write_text(f"name: {name}\n{text}", encoding="utf-8")
    return folder


@pytest.fixture
def hunt(tmp_path: Path) -> Hunt:
    """Hunt with detections over a log, in this process alone."""

    def run(detections: dict[str, str], *arguments: str, log: Path = ATTACK) -> Ran:
        folder = write(tmp_path / "detections", detections)
        return splreplay("hunt", str(folder), "--log", str(log), "--jobs", "1", *arguments)

    return run


@pytest.fixture(scope="session")
def case_of_all(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The case of DETECTIONS, as JSON."""
    folder = write(tmp_path_factory.mktemp("hunt") / "detections", DETECTIONS)
    ran = splreplay("hunt", str(folder), "--log", str(ATTACK), "--jobs", "1", "--format", "json")
    assert (0, "") == (ran.status, ran.stderr)
    return dict(json.loads(ran.stdout))
