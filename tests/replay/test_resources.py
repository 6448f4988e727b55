"""How much memory and disk a run may take, and what the error says if a search needs more."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from splreplay import resources
from splreplay.app import App
from splreplay.errors import UnsupportedError, UsageError
from splreplay.parser import parse
from splreplay.recording import connect, nothing, record
from splreplay.run.execute import execute
from splreplay.times import TimeRange
from tests.conftest import REPO
from tests.replay.network import NOON
from tests.replay.searches import new_run, replay

LARGE = "| makeresults count=400000 | streamstats count as n | eval a=md5(n), b=md5(a), c=md5(b) | sort 0 c"


@pytest.mark.parametrize(
    ("size", "text"), [(8_000_000_000, "8GB"), (1_500_000_000, "1.5 gb"), (500_000_000, "500M"), (4096, "4096")]
)
def test_sizes(size: int, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A size is a number of bytes, or of thousands, millions and so on."""
    monkeypatch.setenv(resources.MEMORY, text)
    monkeypatch.setenv(resources.DISK, text)
    assert (size, size) == (resources.memory(), resources.disk())


@pytest.mark.parametrize("text", ["much", "-1", "0", "80%", "1e9", "8 PB"])
def test_what_is_no_size(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not a size is reported before anything is read."""
    monkeypatch.setenv(resources.MEMORY, text)
    with pytest.raises(UsageError) as refused:
        connect()
    assert f"SPLREPLAY_MEMORY={text} is no size\nwrite for example 8GB or 500MB" == str(refused.value)


@pytest.mark.parametrize(
    ("what", "name", "memory", "disk"),
    [
        ("memory than the 0.1 GB", "SPLREPLAY_MEMORY", "100MB", ""),
        ("disk than the 0.001 GB", "SPLREPLAY_DISK", "100MB", "1MB"),
    ],
)
def test_a_search_that_grows(
    what: str, name: str, memory: str, disk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that needs more than it may take is refused in words, at the place of the command that needs it."""
    monkeypatch.setenv(resources.MEMORY, memory)
    monkeypatch.setenv(resources.DISK, disk)
    connection = connect(tmp_path / "results" if disk else None)
    with pytest.raises(UnsupportedError) as refused:
        execute(parse(LARGE), new_run(connection, App(REPO), TimeRange(NOON)))
    connection.close()
    told = str(refused.value).splitlines()
    assert f"this needs more {what} that a run may take (line 1, column " == told[0].rpartition(" ")[0] + " "
    assert f"set {name} to more, such as 1GB" == told[-1].rpartition(", or ")[2]


def test_what_does_not_fit_into_the_memory_goes_into_the_folder_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current folder is left alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(resources.MEMORY, "100MB")
    recorded = record([str(REPO / "tests/recordings/installutil_attack.xml")])
    assert recorded.folder is not None
    found = recorded.connection.execute("SELECT current_setting('temp_directory')").fetchall()
    replayed = replay(recorded, App(REPO), f"{LARGE} | stats count", now=NOON)
    assert ([(f"{recorded.folder.name}/results",)], [{"count": "400000"}], []) == (
        found,
        replayed.results.rows,
        list(tmp_path.iterdir()),
    )


def test_what_a_search_takes_is_given_back_when_it_ends() -> None:
    """Many searches over one recording take the memory of one; it does not wait for Python to collect garbage."""
    recorded = nothing()
    gc.disable()
    try:
        replay(recorded, App(REPO), f"{LARGE} | search a=x*", now=NOON)
        [(kept,)] = recorded.connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
    finally:
        gc.enable()
    assert kept < 1_000_000
