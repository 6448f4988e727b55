"""The command line of build.py, as a developer runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builder import archive


@pytest.fixture
def checkout(repo: Path, tmp_path: Path) -> Path:
    """A copy that may be changed of everything that a build needs."""
    copy = tmp_path / "checkout"
    for name in (
        "bin",
        "builder",
        "default",
        "lib",
        "lookups",
        "metadata",
        "package",
        "splreplay",
        "tests/recordings",
    ):
        shutil.copytree(repo / name, copy / name)
    for name in ("LICENSE", "build.py"):
        shutil.copy(repo / name, copy)
    return copy


def build(checkout: Path, *arguments: str) -> tuple[int, str, str]:
    """Run build.py and return its exit status, standard output and standard error."""
    command = [sys.executable, str(checkout / "build.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=checkout.parent)
    return done.returncode, done.stdout, done.stderr


def test_without_a_step_all_is_built(checkout: Path) -> None:
    """One command renders what is stale, makes the archive, and prints its path."""
    (checkout / "default/macros.conf").unlink()
    expected = archive.target(checkout).relative_to(checkout)
    assert (0, f"{expected}\n", "") == build(checkout)
    assert (checkout / "default/macros.conf").is_file()


def test_render_check_writes_nothing(checkout: Path) -> None:
    """`render --check` names what is stale, fails, and leaves it as it is."""
    (checkout / "default/macros.conf").write_text("edited", encoding="utf-8")
    message = "default/macros.conf: is not what package/ says; run python build.py render\n"
    assert (1, "", message) == build(checkout, "render", "--check")
    assert "edited" == (checkout / "default/macros.conf").read_text(encoding="utf-8")


def test_stale_app_is_not_packed(checkout: Path) -> None:
    """`package` refuses files that package/ no longer renders."""
    (checkout / "default/macros.conf").write_text("", encoding="utf-8")
    message = "default/macros.conf: is not what package/ says; run python build.py render\n"
    assert (1, "", message) == build(checkout, "package")
    assert not (checkout / "dist").exists()


def test_unsound_app_is_not_packed(checkout: Path) -> None:
    """`package` runs the checks first."""
    (checkout / "bin/.hidden.py").write_text("", encoding="utf-8")
    message = "bin/.hidden.py: does not belong into the app; remove it, or name its kind in builder/check.py\n"
    assert (1, "", message) == build(checkout, "package")
    assert not (checkout / "dist").exists()


def test_unknown_step_is_a_usage_error(checkout: Path) -> None:
    """A step that does not exist ends with status 2."""
    assert 2 == build(checkout, "ship")[0]


def test_inspect_needs_an_archive(checkout: Path) -> None:
    """`inspect` without an archive says how to make one."""
    message = f"{archive.target(checkout).name}: is not there; run python build.py\n"
    assert (1, "", message) == build(checkout, "inspect")
