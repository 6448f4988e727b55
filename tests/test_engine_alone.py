"""The engine as a separate package: its public names, and what is installed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import splreplay
from splreplay.app import App
from splreplay.circumstances import name_of
from splreplay.cli import argument_parser
from tests.conftest import REPO

pytestmark = pytest.mark.slow

ATTACK = REPO / "tests" / "recordings" / "installutil_attack.xml"
PAGE = (REPO / "docs" / "engine.md").read_text(encoding="utf-8")
TESTED = """name: Makes one result
search: "| tstats count from datamodel=Endpoint.Processes"
tests:
- name: attack
  attack_data:
  - data: attack.xml
"""


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The program on the page needs only the package's public names, and prints what the page says."""
    (tmp_path / "my_app" / "default").mkdir(parents=True)
    shutil.copy(ATTACK, tmp_path / "attack.xml")
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    exec(compile(program, "engine.md", "exec"), {})
    assert "DEV-007.corp.example.com 25\nWKS-014.corp.example.com 20\n" == capsys.readouterr().out


def test_the_page_names_every_name() -> None:
    """The page says what each public name is."""
    assert [] == [name for name in splreplay.__all__ if f"`{name}`" not in PAGE]


def test_every_name_is_there() -> None:
    """Each public name exists, and no other does."""
    assert splreplay.__all__ == [name for name in splreplay.__all__ if getattr(splreplay, name)]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = splreplay.nothing


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], dict[str, str]]:
    """The installed command and its environment: the package from a copy of the checkout, its dependencies from here."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    shutil.copytree(REPO / "splreplay", source / "splreplay", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPO / "docs", source / "docs")
    shutil.copy(REPO / "pyproject.toml", source)
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", *install, str(source)], check=True, capture_output=True)
    return [sys.executable, str(target / "bin" / "splreplay")], os.environ | {"PYTHONPATH": str(target)}


def test_installed(command: tuple[list[str], dict[str, str]], tmp_path: Path) -> None:
    """The installed command runs, checks and tests from a folder that is not a checkout, and finds the app there."""
    words, environment = command
    (tmp_path / "default").mkdir()
    (tmp_path / "default" / "macros.conf").write_text("[made]\ndefinition = makeresults | eval a=1\n")
    shutil.copy(ATTACK, tmp_path / "attack.xml")
    (tmp_path / "detection.yml").write_text(TESTED)

    def run(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [*words, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    assert (0, "a\n1\n", "") == run("run", "attack.xml", "--spl", "| `made` | table a", "--format", "csv")
    checked = "detection.yml:2:10: Makes one result: runs\n"
    checked += "1 detection: 1 run, 0 run but find nothing in any log that replay reads, 0 cannot run; 0 findings\n"
    assert (0, checked, "") == run("check", "detection.yml")
    status, out, _ = run("test", "detection.yml")
    assert (0, "detection.yml::attack[current] PASSED") == (status, out.splitlines()[0])
    report = run("run", "attack.xml", "--format", "html", "--spl", "| `made`")
    assert (0, "<!doctype html>", "") == (report[0], report[1][:15].lower(), report[2])


def test_no_app(command: tuple[list[str], dict[str, str]], tmp_path: Path) -> None:
    """If the current folder is not an app, the installed command runs searches with the standard macros, and no saved search."""
    words, environment = command
    shutil.copy(ATTACK, tmp_path / "attack.xml")
    (tmp_path / "detection.yml").write_text(
        TESTED.replace('Processes"', 'Processes | `drop_dm_object_name(Processes)`"')
    )

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [*words, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, (done.stdout + done.stderr).splitlines()[0]

    assert (0, "detection.yml:2:10: Makes one result: runs") == run("check", "detection.yml")
    assert (0, "detection.yml::attack[current] PASSED") == run("test", "detection.yml")
    said = "1 of 1 detections fired over 1 log (94 events, 2025-06-17 08:58:02 to 2025-06-17 09:07:22 UTC); 0 found nothing, and could have"
    assert (0, said) == run("hunt", "detection.yml", "--log", "attack.xml")
    assert (2, "the app has no search on a schedule") == run("run", "attack.xml")


def test_the_name_of_no_app(tmp_path: Path) -> None:
    """A report names no app where searches run in a folder that is none; an app without a name is called like its folder."""
    (tmp_path / "my_app" / "default").mkdir(parents=True)
    assert ["none", "my_app"] == [name_of(App(folder)) for folder in (tmp_path, tmp_path / "my_app")]


HOOKS: list[dict[str, Any]] = yaml.safe_load((REPO / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
CHECKED = [
    "detections/a.yml",
    "detections/endpoint/b.yaml",
    "my_app/default/savedsearches.conf",
    "content/detections/c.yml",
]
NOT_CHECKED = ["my_detections/a.yml", "detections/a.xml", "macros/a.yml", "my_app/local/my_savedsearches.conf"]


def test_hooks() -> None:
    """Each pre-commit hook runs a subcommand of the installed command, with options and then some files."""
    scripts = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert {"splreplay-check": "check", "splreplay-test": "test"} == {
        hook["id"]: argument_parser().parse_args([*shlex.split(hook["entry"])[1:], "--app", "my_app", *CHECKED]).command
        for hook in HOOKS
        if hook["language"] == "python" and shlex.split(hook["entry"])[0] in scripts
    }


@pytest.mark.parametrize(
    ("hook", "expected"),
    [("splreplay-check", CHECKED), ("splreplay-test", [name for name in CHECKED if not name.endswith(".conf")])],
)
def test_files_of_hooks(hook: str, expected: list[str]) -> None:
    """A hook takes the YAML below a folder detections/, at any depth; that of check also takes each savedsearches.conf."""
    (pattern,) = (entry["files"] for entry in HOOKS if entry["id"] == hook)
    assert expected == [name for name in CHECKED + NOT_CHECKED if re.search(pattern, name)]


def test_workflow() -> None:
    """The example of a workflow checks and tests the detections and hunts with them, with options that exist."""
    workflow = yaml.safe_load((REPO / "docs" / "ci-example.yml").read_text(encoding="utf-8"))
    ran = [shlex.split(step["run"]) for step in workflow["jobs"]["detections"]["steps"] if "run" in step]
    assert [["python", "-m", "pip", "install", "./.splreplay"], "check", "test", "hunt"] == [
        argument_parser().parse_args(words[1:]).command if words[0] == "splreplay" else words for words in ran
    ]
