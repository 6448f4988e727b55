"""Files that hold a whole result, or none of it."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from splreplay.writing import write_whole
from tests.conftest import REPO
from tests.program import splreplay

RUN = (
    "run",
    "tests/recordings/installutil_attack.xml",
    "--spl",
    "| makeresults | eval a=1 | table a",
    "--format",
    "csv",
)
TEST = ("test", "tests/build/app/package/detections/sample_tool_connection.yml")


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond 100 bytes: a larger write fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("older", [b"older\n", None])
def test_full_disk(older: bytes | None, tmp_path: Path) -> None:
    """If the disk is full, an older file stays whole, a new one is not half written, and nothing is left beside it."""
    path = tmp_path / "out.csv"
    if older is not None:
        path.write_bytes(older)
    with pytest.raises(OSError, match="too large"), full_disk():
        write_whole(path, b"x" * 1000)
    assert ({} if older is None else {"out.csv": older}) == {
        file.name: file.read_bytes() for file in tmp_path.iterdir()
    }


@pytest.mark.parametrize("arguments", [(*RUN, "--output"), (*TEST, "--junit")], ids=["output", "junit"])
def test_option_writes_whole(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """--output and --junit replace an older file by a new one: whoever has it open, or under another name, keeps it whole."""
    path, other = tmp_path / "out", tmp_path / "other"
    path.write_text("older", encoding="utf-8")
    os.link(path, other)
    splreplay(*arguments, str(path))
    assert (True, "older") == (path.read_text(encoding="utf-8") not in ("", "older"), other.read_text(encoding="utf-8"))


def test_mode_and_link(tmp_path: Path) -> None:
    """The new file has the permissions of the older one, and a link to it stays a link."""
    path, link = tmp_path / "out", tmp_path / "link"
    path.touch(0o640)
    link.symlink_to("out")
    write_whole(link, b"new")
    assert (True, b"new", 0o640) == (link.is_symlink(), path.read_bytes(), path.stat().st_mode & 0o777)


def test_new_file(tmp_path: Path) -> None:
    """A new file has the permissions that any new file has."""
    (tmp_path / "usual").touch()
    write_whole(tmp_path / "out", b"new")
    assert (tmp_path / "usual").stat().st_mode == (tmp_path / "out").stat().st_mode


@pytest.mark.parametrize("name", ["/dev/stdout", "/proc/self/fd/1"])
def test_standard_output_is_a_file(name: str, tmp_path: Path) -> None:
    """If standard output goes into a file, /dev/stdout is written to, and that file is not replaced."""
    path = tmp_path / "out"
    with path.open("wb") as file:
        command = [sys.executable, "-m", "splreplay", *RUN, "--output", name]
        subprocess.run(command, cwd=REPO, stdout=file, stderr=subprocess.PIPE, check=True)
        assert (True, b"a\n1\n") == (os.path.samestat(path.stat(), os.fstat(file.fileno())), path.read_bytes())


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/stderr"])
def test_pipe(name: str) -> None:
    """A pipe is written to as it is."""
    done = subprocess.run(
        [sys.executable, "-m", "splreplay", *RUN, "--output", name], cwd=REPO, capture_output=True, check=False
    )
    assert (0, b"a\n1\n") == (done.returncode, done.stdout + done.stderr)
