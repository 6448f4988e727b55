"""What the names on a command line stand for."""

from __future__ import annotations

import os
import re

import pytest

from splreplay.errors import DataError
from splreplay.logs.paths import find
from splreplay.logs.report import Passed


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with logs in it, the current one."""
    for name in ("b.xml", "a.xml", "in/c.evtx", "in/deep/d.jsonl", ".hidden", ".git/e.xml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "logs"),
    [
        (["b.xml"], ["b.xml"]),
        (["b.xml", "a.xml"], ["b.xml", "a.xml"]),
        (["no.xml", "-"], ["no.xml", "-"]),
        (["in"], ["in/c.evtx", "in/deep/d.jsonl"]),
        (["."], ["./a.xml", "./b.xml", "./in/c.evtx", "./in/deep/d.jsonl"]),
        (["*.xml"], ["a.xml", "b.xml"]),
        (["i*"], ["in/c.evtx", "in/deep/d.jsonl"]),
        (["**/*"], ["a.xml", "b.xml", "in/c.evtx", "in/deep/d.jsonl"]),
        (["[b].xml", "*.xml"], ["b.xml", "a.xml"]),
        (["a.xml", "a.xml"], ["a.xml", "a.xml"]),
        (["a.xml", "*.xml"], ["a.xml", "b.xml"]),
    ],
)
def test_names_stand_for_logs(folder, names, logs):
    """Files as they are named, folders with all that is below them, globs; a file that is found twice is one log."""
    found, passed = find(names)
    assert (logs, []) == ([path for path in found if "/." not in path], passed)


@pytest.mark.parametrize("name", ["no*", "empty", "a**b/*"])
def test_what_leads_to_no_file_is_an_error(folder, name):
    """A folder without files, a glob that nothing matches, and what is none."""
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match=re.escape(name)):
        find([name])


def test_a_file_whose_name_looks_like_a_glob_is_that_file(folder):
    """It comes first."""
    (folder / "[ab].xml").write_text("x")
    assert (["[ab].xml"], []) == find(["[ab].xml"])


def test_pipes_devices_and_links_in_a_folder_are_never_opened(folder):
    """They are named; a link to a file is that file, once."""
    os.mkfifo(folder / "in" / "fifo")
    (folder / "in" / "loop").symlink_to(folder / "in", target_is_directory=True)
    (folder / "in" / "null").symlink_to("/dev/null")
    (folder / "in" / "gone").symlink_to("/no/such")
    (folder / "in" / "same").symlink_to(folder / "in" / "c.evtx")
    pipe = "this is a pipe or a device, which is not opened"
    logs, passed = find(["in"])
    assert ["in/c.evtx", "in/deep/d.jsonl"] == logs
    assert [
        Passed("in/fifo", pipe),
        Passed("in/gone", "it cannot be read: No such file or directory"),
        Passed("in/loop", "this is a link to a folder, which is not followed: name it"),
        Passed("in/null", pipe),
    ] == passed


def test_links_that_lead_in_circles_end_a_glob(folder):
    """Two links to the folder they are in would otherwise be followed in every order."""
    for name in ("one", "two"):
        (folder / "in" / name).symlink_to(folder / "in", target_is_directory=True)
    assert ["in/c.evtx", "in/deep/d.jsonl"] == find(["in/**/*.*"])[0]
