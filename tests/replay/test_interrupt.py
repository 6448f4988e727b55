"""Ctrl-C and SIGTERM while DuckDB works on a query, each in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from splreplay import interrupt
from tests.conftest import REPO

SAMPLE = "tests/recordings/installutil_attack.xml"
# Each would work for minutes: on rows, between which DuckDB looks up, on one value, while which it does not, and on patterns that
# another library matches.
ROWS = (
    "makeresults count=50000 | eval a=1 | streamstats count as n | join max=0 a [| makeresults count=50000 | eval a=1]"
)
VALUE = 'makeresults | eval a="x" ' + '| eval a=replace(a, ".", "xxxxxxxxxx")' * 12
PATTERNS = """makeresults count=1000 | eval a="xa" | eval a=replace(a, ".", "xaxaxaxaxa") | eval a=replace(a, ".", "xaxaxaxaxa")
| eval a=replace(a, ".", "xaxaxaxaxa")."b" | where match(a, "(?:(?=[xa])[xa]|[xa]){0,10}(?=b)b(?!$)")"""
END_S = 60  # of a test that fails


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("search", [ROWS, VALUE, PATTERNS], ids=["rows", "a value", "patterns"])
def test_a_query_is_broken_off(search: str, number: int, tmp_path: Path) -> None:
    """A run that is told to end while a query works says so, and takes its temporary folder away."""
    begun, folder, python = tmp_path / "begun", tmp_path / "folder", tmp_path / "python"
    folder.mkdir()
    python.write_text(f"#!/bin/sh\necho > '{begun}'\nexec cat > /dev/null\n")
    python.chmod(0o755)
    # The command is started before the query.
    command = [sys.executable, "-m", "splreplay", "run", SAMPLE, "--python", str(python)]
    with subprocess.Popen(
        [*command, "--spl", f"| {search} | rbaenrich"],
        cwd=REPO,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(folder)},
    ) as process:
        try:
            while process.poll() is None and not begun.exists():
                time.sleep(0.01)
            time.sleep(0.5)
            process.send_signal(number)
            _, told = process.communicate(timeout=END_S)
        finally:
            process.kill()
    assert (130, b"interrupted\n", []) == (process.returncode, told, list(folder.iterdir()))


TOLD_WHILE_MADE = """
import os, signal, tempfile
from splreplay import interrupt
make = tempfile.mkdtemp
def told(*arguments):
    folder = make(*arguments)
    os.kill(os.getpid(), signal.SIGTERM)
    return folder
tempfile.mkdtemp = told
interrupt.guard(interrupt.temporary_folder)
"""


def test_a_folder_is_removed_that_is_just_made(tmp_path: Path) -> None:
    """A signal between the making of a temporary folder and the object that removes it leaves no folder behind."""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", TOLD_WHILE_MADE], cwd=REPO, env=environment, capture_output=True)
    assert (130, []) == (ran.returncode, list(tmp_path.iterdir()))


def test_a_folder_that_is_written_into_while_it_goes() -> None:
    """A folder goes although a thread still writes into it, as one that reads a log does when it is broken off."""
    folder = interrupt.temporary_folder()
    begun, done = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set() and Path(folder.name).exists():
            with contextlib.suppress(OSError):
                one = Path(folder.name, str(number))
                one.mkdir()
                (one / "events").touch()
            number += 1
            begun.set()

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait()
    folder.vanish()
    done.set()
    thread.join()
    assert not Path(folder.name).exists()
