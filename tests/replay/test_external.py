"""Custom commands in a search: started with it, called when their turn comes, and ended with it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from splreplay import engine
from splreplay.app import App
from splreplay.errors import DataError, SplError, UnsupportedError
from splreplay.output import Notice
from splreplay.planning import plan
from splreplay.recording import nothing
from splreplay.run import Means, chunked, execute
from splreplay.run.stages import Stages
from tests.replay.searches import replay
from tests.replay.test_chunked import ECHO


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app whose command `do` says that it has begun, and then returns what it is given."""
    (tmp_path / "default").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "default/commands.conf").write_text("[do]\nfilename = do.py\nchunked = true\n", encoding="utf-8")
    begin = f"open({str(tmp_path / 'begun')!r}, 'w').close()\n"
    (tmp_path / "bin/do.py").write_text(begin + ECHO, encoding="utf-8")
    return App(tmp_path)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[chunked.Command]:
    """The commands that are started."""
    found: list[chunked.Command] = []

    class Noted(chunked.Command):
        def __init__(self, process, name):
            super().__init__(process, name)
            found.append(self)

    monkeypatch.setattr(chunked, "Command", Noted)
    return found


def run(app: App, search: str, python: str | None = sys.executable) -> engine.Replayed:
    """Return the outcome of a search over no events."""
    return replay(nothing(), app, search, "current", python=python)


def test_a_command_begins_before_its_turn(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its interpreter gets ready while the commands before it run."""
    step = execute._step

    def waiting(command, work, run):
        end = time.monotonic() + 20
        while not (app.folder / "begun").exists() and time.monotonic() < end:
            time.sleep(0.01)
        assert (app.folder / "begun").exists()
        return step(command, work, run)

    monkeypatch.setattr(execute, "_step", waiting)
    assert [{"a": "1"}] == run(app, "| makeresults | eval a=1 | table a | do").results.rows


def test_each_of_several_commands_is_asked(app: App, started: list[chunked.Command]) -> None:
    """The second is started when its turn comes; both have ended with the search."""
    assert [{"a": "1"}] == run(app, "| makeresults | eval a=1 | table a | do | do x").results.rows
    assert [0, 0] == [command._child.returncode for command in started]


def test_a_search_that_fails_ends_its_command(app: App, started: list[chunked.Command]) -> None:
    """A command whose turn never came is not left behind."""
    with pytest.raises(SplError, match="lookup"):
        run(app, "| makeresults | lookup nothing a | do")
    [command] = started
    assert command._child.returncode is not None


def test_an_interrupt_before_its_turn_ends_a_command(
    app: App, started: list[chunked.Command], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is even while its results are fetched."""

    def interrupted(self, rows):
        raise KeyboardInterrupt

    monkeypatch.setattr(Stages, "fetch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(app, "| makeresults | do")
    [command] = started
    assert command._child.returncode is not None


def test_a_plan_starts_no_command(app: App, started: list[chunked.Command]) -> None:
    """Without an interpreter the results stay as they are."""
    assert [{"a": "1"}] == run(app, "| makeresults | eval a=1 | table a | do", None).results.rows
    assert [] == started


def test_a_command_that_cannot_start_is_an_error_in_its_turn(app: App) -> None:
    """Errors before it in the search are reported first."""
    python = str(app.folder / "nothing")
    with pytest.raises(DataError, match="the command do could not be started"):
        run(app, "| makeresults | do", python)
    with pytest.raises(SplError, match="lookup"):
        run(app, "| makeresults | lookup nothing a | do", python)


@pytest.mark.parametrize("search", ["| makeresults | do", "| makeresults | append [| makeresults | do]"])
def test_no_commands(app: App, started: list[chunked.Command], search: str) -> None:
    """Where commands may not run, one is refused by its name, and none is started."""
    planned = plan(app, search)
    with pytest.raises(UnsupportedError) as refused:
        engine.replay(planned, nothing(), Means(commands=False))
    assert ("do is a command of an app, and --no-commands runs none", []) == (refused.value.message, started)


@pytest.mark.parametrize(
    ("level", "kind"), [("WARN", "doubt"), ("INFO", "note"), ("DEBUG", "note"), ("OTHER", "doubt")]
)
def test_messages(app: App, level: str, kind: str) -> None:
    """What a command warns of is a warning; what it only informs of is a note."""
    script = app.folder / "bin/do.py"
    script.write_text(script.read_text(encoding="utf-8").replace('"WARN"', f'"{level}"'), encoding="utf-8")
    assert [Notice(kind, "do: careful")] == run(app, "| makeresults | do").results.notices
