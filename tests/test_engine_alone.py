"""The engine as a package of its own: its face, and what is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import splreplay
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
    """The program on the page needs nothing but the package's own names, and prints what it says."""
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
    """Each public name can be asked for, and no other."""
    assert splreplay.__all__ == [name for name in splreplay.__all__ if getattr(splreplay, name)]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = splreplay.nothing


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], dict[str, str]]:
    """The installed command and its environment: the package from a copy of the checkout, its needs from this environment."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    shutil.copytree(REPO / "splreplay", source / "splreplay", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPO / "docs", source / "docs")
    shutil.copy(REPO / "pyproject.toml", source)
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", *install, str(source)], check=True, capture_output=True)
    return [sys.executable, str(target / "bin" / "splreplay")], os.environ | {"PYTHONPATH": str(target)}


def test_installed(command: tuple[list[str], dict[str, str]], tmp_path: Path) -> None:
    """The installed command runs, checks and tests from a folder that is no checkout, where it finds the app."""
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
    checked = "detection.yml:2:10: Makes one result: supported\n1 detection: 1 supported, 0 not; 0 findings\n"
    assert (0, checked, "") == run("check", "detection.yml")
    status, out, _ = run("test", "detection.yml")
    assert (0, "detection.yml::attack[current] PASSED") == (status, out.splitlines()[0])
    report = run("run", "attack.xml", "--format", "html", "--spl", "| `made`")
    assert (0, "<!doctype html>", "") == (report[0], report[1][:15].lower(), report[2])


def test_no_app(command: tuple[list[str], dict[str, str]], tmp_path: Path) -> None:
    """Where the current folder is no app, the installed command asks for one."""
    words, environment = command
    done = subprocess.run(
        [*words, "run", str(ATTACK)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    expected = "this folder is no app\nname the app that the searches run in with --app\n"
    assert (2, "", expected) == (done.returncode, done.stdout, done.stderr)
