"""Tables that are kept for later runs: they are found by content, and never trusted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from splreplay.errors import DataError
from splreplay.logs.cache import Cache
from splreplay.logs.formats import xml
from splreplay.logs.names import Wanted
from tests.conftest import REPO
from tests.logs.conftest import Loaded, event

CLOCKLESS = event(time="")
TEXT = event({"Image": "a"}) + "\n" + CLOCKLESS + "\n" + event({"Image": "b"}, event_id="3")


@pytest.fixture
def readings(monkeypatch):
    """The logs that a reader was asked to read."""
    asked = []
    read = xml.read
    monkeypatch.setattr(xml, "read", lambda log, fields: asked.append(Path(log.path).name) or read(log, fields))
    return asked


@pytest.fixture
def log(tmp_path) -> Path:
    """A log with two good events and a bad one."""
    path = tmp_path / "log.xml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def cache(folder: Path, *fields: str) -> Cache:
    """Return a cache of some fields."""
    return Cache(folder, Wanted(fields), folder, lambda log: None)


def seen(log: Path, cache: Path, fields: tuple[str, ...] = ("Image",)) -> tuple:
    """Return the rows, the counts, the bad events and the warnings of a load with a cache."""
    loaded = Loaded(log, fields=fields, cache=cache)
    rows = loaded.select("event_id", "time", "source", "Image")
    return rows, loaded.report.counts, loaded.bad(), [file.warning for file in loaded.report.files]


def expected(log: Path, warning: str = "") -> tuple:
    """Return what a load without a cache sees, and a warning."""
    loaded = Loaded(log, fields=("Image",))
    rows = [(1, 1750147200.1234567, str(log), "a"), (3, 1750147200.1234567, str(log), "b")]
    return rows, loaded.report.counts, loaded.bad(), [warning]


def test_a_second_load_reads_no_log(tmp_path, log, readings):
    """It has the same rows, counts and bad events."""
    first, second = seen(log, tmp_path / "cache"), seen(log, tmp_path / "cache")
    times = len(readings)
    assert (expected(log), expected(log), 1) == (first, second, times)


def test_a_log_is_known_by_its_bytes(tmp_path, log, readings):
    """It is found under another name, and `source` is that name; with other bytes it is read again."""
    seen(log, tmp_path / "cache")
    other = tmp_path / "other.xml"
    shutil.copyfile(log, other)
    renamed = seen(other, tmp_path / "cache")
    log.write_text(TEXT.replace(">a<", ">c<"), encoding="utf-8")
    changed = [row[3] for row in seen(log, tmp_path / "cache")[0]]
    times = len(readings)
    assert (expected(other), ["c", "b"], 2) == (renamed, changed, times)


def test_other_fields_are_another_table(tmp_path, log, readings):
    """The fields are part of the table's name."""
    seen(log, tmp_path / "cache")
    seen(log, tmp_path / "cache", ("Image", "User"))
    assert ["log.xml", "log.xml"] == readings


def test_another_version_of_the_code_is_another_table(tmp_path, log, monkeypatch):
    """What an older reader made is not taken for what this reader would make."""
    first = cache(tmp_path, "Image")._name(str(log))
    monkeypatch.setattr("splreplay.logs.cache.version", lambda package: "0")
    assert first != cache(tmp_path, "Image")._name(str(log))


def test_the_code_of_every_format_is_part_of_the_name(tmp_path, monkeypatch):
    """So a change to any reader makes another version."""
    read = []
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda file: read.append(file) or read_bytes(file))
    cache(tmp_path)
    assert sorted((REPO / "splreplay" / "logs").rglob("*.py")) == sorted(read)


def cut(file: Path) -> None:
    """Cut off the second half of a file."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    """Change one byte in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def foreign(file: Path) -> None:
    """Replace a file by something else."""
    file.write_bytes(b'["a"]\n')


@pytest.mark.parametrize("damage", [cut, flip, foreign, Path.unlink])
@pytest.mark.parametrize("suffix", ["parquet", "json"])
def test_a_damaged_table_is_written_anew(tmp_path, log, readings, damage, suffix):
    """There is one warning: the next run finds a sound table."""
    seen(log, tmp_path / "cache")
    [file] = (tmp_path / "cache").glob(f"*.{suffix}")
    [table] = (tmp_path / "cache").glob("*.json")
    damage(file)
    warning = f"its table in the cache ({table.name}) is damaged and is written anew"
    told, quiet = seen(log, tmp_path / "cache"), seen(log, tmp_path / "cache")
    times = len(readings)
    assert (expected(log, warning), expected(log), 2) == (told, quiet, times)


def test_a_cache_that_cannot_be_written_costs_no_result(tmp_path, log):
    """The run warns, and goes on."""
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    rows, _, _, [warning] = seen(log, tmp_path / "cache")
    assert (2, True) == (len(rows), warning.startswith("its table cannot be kept in the cache: "))


@pytest.mark.parametrize("name", ["c" * 300, "c/" * 3000, "\udcff" * 300])
def test_a_name_that_the_file_system_refuses_costs_no_result(tmp_path, log, name):
    """If it is too long for a name or for a path, the run warns and goes on."""
    rows, _, _, [warning] = seen(log, tmp_path / name)
    assert (2, True) == (len(rows), warning.startswith("its table cannot be kept in the cache: "))


def pipe(file: Path) -> None:
    """Replace a file by a pipe that nobody writes into."""
    file.unlink()
    os.mkfifo(file)


def device(file: Path) -> None:
    """Replace a file by a link to an endless device."""
    file.unlink()
    file.symlink_to("/dev/zero")


def nowhere(file: Path) -> None:
    """Replace a file by a link to nothing."""
    file.unlink()
    file.symlink_to("nowhere")


@pytest.mark.parametrize("put", [pipe, device, nowhere])
@pytest.mark.parametrize("suffix", ["parquet", "json"])
def test_what_is_no_file_in_the_place_of_one_is_replaced(tmp_path, log, put, suffix):
    """It is not read; the run warns and goes on, and the next one finds a sound table."""
    seen(log, tmp_path / "cache")
    [file] = (tmp_path / "cache").glob(f"*.{suffix}")
    put(file)
    warning = f"its table in the cache ({file.name.split('.')[0]}.json) is damaged and is written anew"
    assert [expected(log, warning), expected(log)] == [seen(log, tmp_path / "cache") for _ in range(2)]


@pytest.mark.parametrize("suffix", ["parquet", "json"])
def test_a_folder_in_the_place_of_a_table_costs_no_result(tmp_path, log, suffix):
    """It cannot be replaced: the run warns and goes on."""
    seen(log, tmp_path / "cache")
    [file] = (tmp_path / "cache").glob(f"*.{suffix}")
    file.unlink()
    file.mkdir()
    rows, _, _, [warning] = seen(log, tmp_path / "cache")
    assert (2, True) == (len(rows), warning.startswith("its table cannot be kept in the cache: "))


def test_a_log_that_goes_away_while_it_is_read_is_not_kept(tmp_path, log, monkeypatch):
    """What was read of it is in the results."""
    read = xml.read

    def vanish(opened, fields):
        yield from read(opened, fields)
        log.unlink()

    monkeypatch.setattr(xml, "read", vanish)
    rows, _, _, [warning] = seen(log, tmp_path / "cache")
    assert (2, True) == (len(rows), warning.startswith("its table cannot be kept in the cache: "))


def test_a_log_that_cannot_be_read_is_an_error_of_ours(tmp_path, log, monkeypatch):
    """So it is with and without a cache, if the log may not be opened or is gone."""

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(Cache, "_name", refuse)
    monkeypatch.setattr("splreplay.logs.opening.open", refuse, raising=False)
    with pytest.raises(DataError, match=r"log\.xml: cannot be read"):
        Loaded(log, cache=tmp_path / "cache")


def test_a_log_that_changes_while_it_is_read_is_not_kept(tmp_path, log, monkeypatch):
    """Its table would have the name of other bytes."""
    read = xml.read

    def grow(opened, fields):
        yield from read(opened, fields)
        with log.open("a", encoding="utf-8") as file:
            file.write(event({"Image": "c"}))

    monkeypatch.setattr(xml, "read", grow)
    warning = "it changed while it was read, so its table is not kept in the cache"
    assert ([warning], []) == (seen(log, tmp_path / "cache")[3], list(tmp_path.glob("cache/*")))
    # Nothing unfinished is left behind, either.
    assert [] == list(tmp_path.glob("cache/*.part"))
