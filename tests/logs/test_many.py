"""Many logs in one recording: their events are those of one log that holds them all, each with its file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest

from splreplay.errors import DataError
from splreplay.logs import load, table
from splreplay.logs.formats import xml
from splreplay.logs.names import Wanted
from splreplay.logs.report import Passed
from tests.logs.conftest import Loaded, event

Read = Callable[[Sequence[Path]], Loaded]
DTD = "\n<!DOCTYPE x>\n"


def texts(count: int) -> list[str]:
    """Return logs of two events each, every third of which has a value that the others lack."""
    return [
        event({"Image": f"{number}", **({"User": "u"} if number % 3 == 0 else {})})
        + "\n"
        + event({"Image": "x"})
        + "\n"
        for number in range(count)
    ]


def written(folder: Path, contents: Sequence[str]) -> list[Path]:
    """Write logs, and return their paths."""
    paths = [folder / f"{number:03}.xml" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content, encoding="utf-8")
    return paths


@pytest.fixture(params=[1, 3, 1 << 16], ids="groups of {} rows".format)
def group_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many events fill a group: fewer than a log has, more than one has, or more than all have."""
    monkeypatch.setattr(table, "GROUP_ROWS", request.param)
    rows: int = request.param
    return rows


@pytest.mark.usefixtures("group_rows")
@pytest.mark.parametrize("cache", ["", "cache"])
@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("count", [1, 5, 40])
def test_the_events_are_those_of_one_log(tmp_path: Path, count: int, every: bool, cache: str) -> None:
    """In their order, with a cache that is empty or full, and without one; each has its file."""
    contents = texts(count)
    paths = written(tmp_path, contents)
    (tmp_path / "all").write_text("".join(contents), encoding="utf-8")
    wanted = Wanted(("Image", "User"), every)
    [*expected] = Loaded(tmp_path / "all", fields=wanted).select("event_id", "time", "Image", "User")
    sources = [str(path) for path in paths for _ in range(2)]
    for _ in range(2):
        loaded = Loaded(*paths, fields=wanted, cache=tmp_path / cache if cache else None)
        assert expected == loaded.select("event_id", "time", "Image", "User")
        assert (sources, [2] * count) == (loaded.values("source"), [file.events for file in loaded.report.files])


@pytest.mark.parametrize("cache", ["", "cache"])
def test_two_logs_of_the_same_bytes_are_two(tmp_path: Path, cache: str) -> None:
    """A cache holds them once, and each has its events."""
    paths = written(tmp_path, [*texts(1), *texts(1)])
    for _ in range(2):
        loaded = Loaded(*paths, fields=("Image",), cache=tmp_path / cache if cache else None)
        sources = [str(path) for path in paths for _ in range(2)]
        assert (["0", "x", "0", "x"], sources) == tuple(map(loaded.values, ("Image", "source")))


def broken(folder: Path, passed: list[Passed] | None, cache: Path | None) -> list[tuple[str, str]]:
    """Read three logs, of which the second turns out to be unreadable at its end, and return each event's value and file."""
    first, second, third = texts(3)
    paths = written(folder, [first, second * 20 + DTD + second, third])
    connection = duckdb.connect()
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Wanted(("Image",))
        load(connection, list(map(str, paths)), wanted, Path(scratch), passed=passed, cache=cache)
        rows: list[tuple[str, str]] = connection.sql('SELECT "Image#1", source FROM event').fetchall()
    return rows


@pytest.mark.usefixtures("group_rows")
@pytest.mark.parametrize("cache", ["", "cache"])
def test_a_log_that_is_passed_over_leaves_no_event(tmp_path: Path, cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its first events were read, and written, before it was known."""
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", 700)
    monkeypatch.setattr(xml, "SMALL_BYTES", 0)
    passed: list[Passed] = []
    rows = broken(tmp_path, passed, tmp_path / cache if cache else None)
    first, third = str(tmp_path / "000.xml"), str(tmp_path / "002.xml")
    assert [("0", first), ("x", first), ("2", third), ("x", third)] == rows
    assert [str(tmp_path / "001.xml")] == [log.path for log in passed]


def test_a_log_that_may_not_be_passed_over_is_an_error(tmp_path: Path) -> None:
    """It names the log."""
    with pytest.raises(DataError, match=r"001\.xml"):
        broken(tmp_path, None, None)


def test_a_small_log_needs_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a file of its own."""
    monkeypatch.setattr("splreplay.logs.threads.ThreadPoolExecutor", None)
    loaded = Loaded(*written(tmp_path, texts(20)), fields=("Image",))
    assert ["0000.parquet"] == [file.name for file in Path(loaded.folder.name).rglob("*.parquet")]
