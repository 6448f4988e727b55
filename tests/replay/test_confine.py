"""Files that an app names: none leads out of it, is waited for, or has no end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from splreplay import limits
from splreplay.app import App
from splreplay.confine import confined
from splreplay.errors import DataError, SplError
from splreplay.recording import nothing
from tests.replay.searches import replay
from tests.replay.test_chunked import ECHO


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with a lookup, a macro and a command, and beside it, outside the app, a file `secret`."""
    for name, text in {
        "app/default/macros.conf": "[m]\ndefinition = eval a=1\n",
        "app/default/commands.conf": "[do]\nfilename = do.py\nchunked = true\n",
        "app/lookups/l.csv": "a,b\n1,2\n",
        "app/bin/do.py": ECHO,
        "secret": "a,b\n1,secret\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "app"


def to_secret(path: Path) -> None:
    """Replace *path* by a link to the file outside."""
    path.symlink_to(path.parents[2] / "secret")


def to_zeros(path: Path) -> None:
    """Replace *path* by a link to an endless device."""
    path.symlink_to("/dev/zero")


KINDS = [
    pytest.param(to_secret, "leads out of", id="link"),
    pytest.param(to_zeros, "leads out of", id="device"),
    pytest.param(os.mkfifo, "is no plain file", id="pipe"),
    pytest.param(Path.mkdir, "is no plain file", id="folder"),
]
FILES = {
    "lookups/l.csv": "| makeresults | eval a=1 | lookup l.csv a",
    "default/macros.conf": "| makeresults | `m`",
    "default/commands.conf": "| makeresults | do",
    "metadata/default.meta": "| makeresults | do",
    "bin/do.py": "| makeresults | do",
    "macros/m.yml": "| makeresults | `m`",
    "lookups/l.yml": "| makeresults | eval a=1 | lookup l a",
}


@pytest.mark.parametrize(("make", "words"), KINDS)
@pytest.mark.parametrize("name", FILES)
def test_file_of_an_app(name: str, make: Callable[[Path], None], words: str, app: Path, tmp_path: Path) -> None:
    """An app is read only from regular files inside it, and nothing of any other file is shown."""
    path = app / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    make(path)
    own = tmp_path / "own"
    (own / "default").mkdir(parents=True)
    # Only another app's metadata/ is read for its exports.
    searched = App(own, others=[app]) if name.startswith("metadata") else App(app)
    with pytest.raises(SplError) as refused:
        replay(nothing(), searched, FILES[name], "current", python=sys.executable)
    assert (True, False) == (words in str(refused.value), "secret" in str(refused.value).replace(str(tmp_path), ""))


@pytest.mark.parametrize(
    "filename", ["../../evil.py", "../evil.py", "sub/../../../evil.py", "..", ".", "", "sub/do.py", None]
)
def test_script_is_a_file_of_bin(filename: str | None, app: Path, tmp_path: Path) -> None:
    """A command's script is a name in its app's bin/: `..`, a folder or an absolute path is refused, and is not run."""
    begun = tmp_path / "begun"
    for path in (tmp_path / "evil.py", app / "evil.py", app / "bin/sub/do.py"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"open({str(begun)!r}, 'w')\n", encoding="utf-8")
    named = str(tmp_path / "evil.py") if filename is None else filename
    (app / "default/commands.conf").write_text(f"[do]\nfilename = {named}\nchunked = true\n", encoding="utf-8")
    with pytest.raises(DataError):
        replay(nothing(), App(app), "| makeresults | do", "current", python=sys.executable)
    assert not begun.exists()


def test_links_within_an_app(app: Path, tmp_path: Path) -> None:
    """A link inside the app is followed, and the app itself may be a link."""
    (app / "lookups/l.csv").rename(app / "real.csv")
    (app / "lookups/l.csv").symlink_to("../real.csv")
    (tmp_path / "link").symlink_to("app")
    assert [{"a": "1", "b": "2"}] == App(tmp_path / "link").lookup("l.csv").rows


def test_large_file(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is larger than any of its kind is refused before it is read."""
    monkeypatch.setattr(limits, "MAX_LOOKUP_BYTES", 7)
    with pytest.raises(DataError, match="has more than the 7 bytes that replay reads"):
        App(app).lookup("l.csv")


@pytest.mark.parametrize("name", ["a\0b", "a" * 5000, "gone"])
def test_impossible_name(name: str, tmp_path: Path) -> None:
    """A name that no file can have is treated as missing."""
    with pytest.raises(DataError, match="there is no such file"):
        confined(tmp_path / name, tmp_path, 1)
