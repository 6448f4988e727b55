"""Lookups: how transforms.conf says that rows match, and what a wrong lookup does."""

from __future__ import annotations

from typing import Any

import pytest

from splreplay.app import App
from splreplay.errors import DataError, SplError, UsageError
from splreplay.recording import connect
from splreplay.times import TimeRange
from tests.replay.network import NOON
from tests.replay.searches import behind, new_run

TRANSFORMS = """
[exact]
filename = people.csv
[folded]
filename = people.csv
case_sensitive_match = false
[wild]
filename = patterns.csv
match_type = WILDCARD(pattern)
case_sensitive_match = false
[nets]
filename = nets.csv
match_type = CIDR(net), WILDCARD(site)
max_matches = 1
[fallback]
filename = people.csv
min_matches = 1
default_match = nobody
[first]
filename = people.csv
max_matches = 1
[outside]
filename = ../people.csv
"""
FILES = {
    "people.csv": "name,team,room\nann,red,1\nbob,blue,\nann,green,3\n",
    "patterns.csv": "pattern,kind\n*.EXE,program\ncmd*,shell\na_c,plain\n",
    "nets.csv": "net,site,zone,ro,x\n10.0.0.0/8,*,inside,1,2\n::1/128,*,self,1,2\n",
    "ragged.csv": "a,b\n1\n",
    "empty.csv": "",
    "blanks.csv": "flow, job\nbuild, test\n",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """An app with the lookups above."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "default").mkdir()
    (folder / "lookups").mkdir()
    (folder / "default" / "transforms.conf").write_text(TRANSFORMS)
    for name, text in FILES.items():
        (folder / "lookups" / name).write_text(text)
    return App(folder)


def run(app: App, spl: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the results of *spl* behind *rows*."""
    started = new_run(connect(), app, TimeRange(NOON))
    return started.stages.fetch(behind(started, spl, rows))


@pytest.mark.parametrize(
    ("spl", "row", "expected"),
    [
        ("lookup exact name OUTPUT team", {"name": "bob"}, {"name": "bob", "team": "blue"}),
        ("lookup exact name OUTPUT team", {"name": "BOB"}, {"name": "BOB"}),
        ("lookup folded name OUTPUT team", {"name": "BOB"}, {"name": "BOB", "team": "blue"}),
        ("lookup exact name OUTPUT team", {"name": "ann"}, {"name": "ann", "team": ["red", "green"]}),
        ("lookup first name OUTPUT team", {"name": "ann"}, {"name": "ann", "team": "red"}),
        ("lookup exact name", {"name": "bob"}, {"name": "bob", "team": "blue"}),
        ("lookup exact name AS who OUTPUT team AS t", {"who": "bob"}, {"who": "bob", "t": "blue"}),
        (
            "lookup exact name team OUTPUT room",
            {"name": "ann", "team": "green"},
            {"name": "ann", "team": "green", "room": "3"},
        ),
        ("lookup exact name OUTPUT team", {"name": "bob", "team": "old"}, {"name": "bob", "team": "blue"}),
        ("lookup exact name OUTPUTNEW team", {"name": "bob", "team": "old"}, {"name": "bob", "team": "old"}),
        ("lookup exact name OUTPUTNEW team", {"name": "bob"}, {"name": "bob", "team": "blue"}),
        ("lookup fallback name OUTPUT team", {"name": "eve"}, {"name": "eve", "team": "nobody"}),
        ("lookup fallback name OUTPUT room", {"name": "bob"}, {"name": "bob"}),
        ("lookup exact name OUTPUT team", {"other": "x"}, {"other": "x"}),
        ("lookup first name OUTPUT team", {"name": ["eve", "bob"]}, {"name": ["eve", "bob"], "team": "blue"}),
        ("lookup wild pattern AS p OUTPUT kind", {"p": "x.exe"}, {"p": "x.exe", "kind": "program"}),
        ("lookup wild pattern AS p OUTPUT kind", {"p": "CMD.exe"}, {"p": "CMD.exe", "kind": ["program", "shell"]}),
        ("lookup wild pattern AS p OUTPUT kind", {"p": "abc"}, {"p": "abc"}),
        ("lookup nets net AS ip OUTPUT zone", {"ip": "10.9.9.9"}, {"ip": "10.9.9.9", "zone": "inside"}),
        ("lookup nets net AS ip OUTPUT zone", {"ip": "0:0::1"}, {"ip": "0:0::1", "zone": "self"}),
        ("lookup nets net AS ip OUTPUT zone", {"ip": "no address"}, {"ip": "no address"}),
        ("lookup nets net AS x OUTPUT ro", {"x": ["y", "10.0.0.1"]}, {"x": ["y", "10.0.0.1"], "ro": "1"}),
        ("lookup people.csv name OUTPUT team", {"name": "bob"}, {"name": "bob", "team": "blue"}),
    ],
)
def test_lookup(app: App, spl: str, row: dict[str, Any], expected: dict[str, Any]) -> None:
    """A result gets the fields of the rows that match it as the lookup's stanza says."""
    assert [expected] == run(app, spl, [row])


def test_blanks_in_header(app: App) -> None:
    """Blanks around the names in a header are no part of them; those of a value are part of it."""
    assert [{"flow": "build", "job": " test"}] == run(app, "lookup blanks.csv flow OUTPUT job", [{"flow": "build"}])


@pytest.mark.parametrize(
    ("kind", "spl", "words"),
    [
        (
            UsageError,
            "lookup nope a",
            "the app has no lookup 'nope'; it has: exact fallback first folded nets outside wild",
        ),
        (UsageError, "lookup exact zz", "lookup 'exact' has no field 'zz'; it has: name team room"),
        (UsageError, "lookup exact name OUTPUT zz", "lookup 'exact' has no field 'zz'; it has: name team room"),
        (DataError, "lookup outside name", "a lookup's file must be in lookups/, but 'outside' names '../people.csv'"),
        (DataError, "lookup ragged.csv a", "this row has 1 cells, but the header has 2; mend the row"),
        (DataError, "lookup missing.csv a", "lookups/missing.csv: the file of this lookup is not there; add it"),
        (SplError, "lookup empty.csv a", "lookup 'empty.csv' has no field 'a'; it has: "),
        (SplError, "lookup local=here exact name", "local takes true or false"),
        (SplError, "lookup exact", "expected a field of the lookup"),
    ],
)
def test_wrong_lookup(app: App, kind: type[SplError], spl: str, words: str) -> None:
    """A lookup, a file or a field that is not there, or is wrong, is one error that says what there is."""
    with pytest.raises(kind) as refused:
        run(app, spl, [{"name": "a"}])
    assert words in str(refused.value)
