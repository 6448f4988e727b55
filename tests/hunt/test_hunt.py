"""A hunt, from the command line: what it prints, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.program import splreplay
from tests.replay.test_chunked import ECHO

ATTACK = str(REPO / "tests/recordings/installutil_attack.xml")
QUIET = str(REPO / "tests/recordings/installutil_near_misses.xml")


def test_values_that_no_search_reads() -> None:
    """Only values that some detection reads are kept of the logs, and a data model is there without the others."""
    done = splreplay("hunt", str(REPO / "package/detections"), "--log", ATTACK, "--format", "json")
    found = json.loads(done.stdout)["findings"]
    assert (0, [("Windows InstallUtil Remote Network Connection", 1)]) == (
        done.status,
        [(finding["detection"], finding["count"]) for finding in found],
    )


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (0, [ATTACK]),
        (1, [QUIET]),
        (1, [ATTACK, "--fail-on", "TTP"]),
        (1, [ATTACK, "--fail-on", "80"]),
        (0, [ATTACK, "--fail-on", "81"]),
        (0, [ATTACK, "--fail-on", "anomaly"]),
        (0, [QUIET, "--fail-on", "TTP"]),
        (4, [ATTACK, str(REPO / "README.md")]),
        (3, [str(REPO / "README.md")]),
        (2, [ATTACK, "--fail-on", "!"]),
    ],
)
def test_status(status: int, arguments: list[str]) -> None:
    """The exit status is grep's; with --fail-on, it is 1 where a detection fired that it names."""
    assert status == splreplay("hunt", str(REPO / "package/detections"), "--log", *arguments).status


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with a saved search, which calls a command of the app."""
    (tmp_path / "default").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "default/commands.conf").write_text("[do]\nfilename = do.py\nchunked = true\n", encoding="utf-8")
    (tmp_path / "default/savedsearches.conf").write_text("[Does]\nsearch = search EventCode=1 | do\n", encoding="utf-8")
    (tmp_path / "bin/do.py").write_text(ECHO, encoding="utf-8")
    return tmp_path


def test_an_app_that_was_not_named(app: Path) -> None:
    """Detections run in the app that they lie in; its commands do not, which is said."""
    done = splreplay("hunt", str(app), "--log", ATTACK, "--format", "json")
    told = f"note: searches run in {app}, and its commands do not; to let them, name it with --app\n"
    reason = "do is a command of an app, and --no-commands runs none"
    expected = [{"category": "not supported", "reason": reason, "detections": ["Does"]}]
    assert (1, told, expected) == (done.status, done.stderr, json.loads(done.stdout)["unseen"])


def test_an_app_that_was_named(app: Path) -> None:
    """The commands of an app that --app names run."""
    done = splreplay("hunt", str(app), "--app", str(app), "--log", ATTACK, "--format", "json")
    assert (0, "", []) == (done.status, done.stderr, json.loads(done.stdout)["unseen"])
