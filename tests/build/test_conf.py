"""How a Splunk .conf file is read: tests/vectors/conf.toml is the specification."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from splreplay import conf
from splreplay.errors import DataError

VECTORS: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(__file__).parents[1] / "vectors" / "conf.toml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["claim"])
def test_text_is_read(case: dict[str, Any]) -> None:
    """Every vector's text gives exactly its stanzas, in order, and its repeats."""
    read = conf.parse(case["text"], "x.conf")
    assert list(case["expect"].items()) == list(read.stanzas.items())
    assert case.get("repeats", []) == [[r.stanza, r.key or "", r.line, r.first] for r in read.repeats]


@pytest.mark.parametrize("case", VECTORS["refuse"], ids=lambda case: case["claim"])
def test_text_is_refused(case: dict[str, Any]) -> None:
    """Every text that Splunk would not read as it looks is refused, with its line and a remedy."""
    with pytest.raises(DataError) as raised:
        conf.parse(case["text"], "x.conf")
    assert case["error"] == str(raised.value)


def test_lines_are_known() -> None:
    """The line of every stanza and setting is known; that of a continued value is its first."""
    read = conf.parse("# one\n[s]\na = 1 \\\n 2\nb = 3\n", "x.conf")
    expected = {("s", None): 2, ("s", "a"): 3, ("s", "b"): 5}
    assert expected == read.lines


def test_local_wins_setting_by_setting() -> None:
    """A local stanza replaces single settings, keeps the others, and may add stanzas."""
    default = {"a": {"x": "1", "y": "2"}, "b": {"z": "3"}}
    local = {"a": {"y": "9"}, "c": {"w": "4"}}
    expected = {"a": {"x": "1", "y": "9"}, "b": {"z": "3"}, "c": {"w": "4"}}
    assert expected == conf.layer(default, local)


def test_unreadable_file_is_a_data_error(tmp_path: Path) -> None:
    """A file that is not there is a DataError that names it, not a traceback."""
    missing = tmp_path / "no.conf"
    with pytest.raises(DataError, match=r"no\.conf: cannot be read as UTF-8 text"):
        conf.read(missing)
