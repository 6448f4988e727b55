"""Logs that cannot be read beside logs that can: they are named and passed over, and the exit status says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.logs.conftest import event
from tests.program import Ran, splreplay

ONE = "| makeresults | eval a=1 | table a"


@pytest.fixture
def folder(tmp_path):
    """A folder with a log, an empty file and two that are none."""
    (tmp_path / "logs").mkdir()
    for name, text in {
        "a.xml": event({"Image": "a"}),
        "empty.xml": "",
        "new\nline.txt": "no log",
        "other.json": '[{"a": 1, "b": 2}]',
    }.items():
        (tmp_path / "logs" / name).write_text(text)
    return tmp_path


def run(folder: Path, *arguments: str) -> Ran:
    """Run a search in a folder, with the app of the checkout."""
    return splreplay("run", *arguments, cwd=folder)


TOLD = """\
warning: logs/empty.xml: this file is empty; replay reads Windows event XML, .evtx, JSON and CSV, each plain or as .gz; passed over
warning: logs/new\\nline.txt: this is no log that replay knows; replay reads Windows event XML, .evtx, JSON and CSV, each plain or as .gz; passed over
warning: logs/other.json: no Windows event was found in this file (at record 1: no form that replay knows: JSON whose records have the keys a, b); expected are records of Winlogbeat, NXLog, Splunk, evtx_dump … with an event id and a time; passed over
"""


@pytest.mark.parametrize("name", ["logs", "logs/*", "**/*"])
def test_the_others_are_answered(folder, name):
    """Each is named once, with why; status 4."""
    found = run(folder, name, "--spl", ONE, "--format", "csv")
    assert (4, "a\n1\n", TOLD) == found


def test_strict_fails(folder):
    """With status 3, and without an answer."""
    status, out, error = run(folder, "logs", "--spl", ONE, "--strict")
    told = "--strict: 3 of 4 logs cannot be read, and none may be passed over\n"
    assert (3, "", TOLD + told) == (status, out, error)


def test_nothing_readable_is_an_error(folder):
    """As is a name that leads nowhere; no name is left out."""
    (folder / "logs" / "a.xml").write_text("")
    status, out, error = run(folder, "logs", "--spl", ONE)
    assert (3, "") == (status, out)
    assert error.startswith("none of the 4 files that are there can be read; the first: logs/a.xml: this file is empty")


def test_a_log_alone_is_an_error_as_ever(folder):
    """In its own words."""
    status, _, error = run(folder, "logs/empty.xml", "--spl", ONE)
    assert (3, "logs/empty.xml: this file is empty") == (status, error.partition(";")[0])


def test_many_are_not_all_listed(folder):
    """The first 20, and how many more."""
    for number in range(30):
        (folder / "logs" / f"z{number:02}").write_text("")
    status, _, error = run(folder, "logs", "--spl", ONE)
    lines = error.splitlines()
    assert (4, 21, "warning: 13 more files were passed over") == (status, len(lines), lines[-1])
