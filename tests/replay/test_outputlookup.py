"""outputlookup: lookups that a search writes, and what a later search finds in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from splreplay import engine
from splreplay.app import App
from splreplay.errors import SplError
from splreplay.output import Results
from splreplay.planning import plan
from splreplay.recording import nothing
from splreplay.run import Means

ROWS = '| makeresults format=csv data="user,n\na,1\nb,2" '


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app with a lookup of its own, `known`, and a stanza of a KV store."""
    for name, text in {
        "default/app.conf": "[launcher]\n",
        "default/transforms.conf": "[known]\nfilename = known.csv\n[kv]\ncollection = kv\n[out]\nfilename = ../out.csv\n",
        "lookups/known.csv": "user,seen\nold,yes\n",
    }.items():
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return App(tmp_path / "app")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of --outputlookup, which is not there yet."""
    return tmp_path / "written"


def ask(app: App, folder: Path | None, search: str) -> Results:
    """Run a search that may write into *folder*."""
    return engine.replay(plan(app, search), nothing(), Means(None, lookups=folder)).results


def written(folder: Path) -> Sequence[str]:
    """Return the names of the files in *folder*."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_writes(app: App, folder: Path) -> None:
    """The results are written with all their fields, come out unchanged, and are counted."""
    found = ask(app, folder, f"{ROWS}| outputlookup new.csv")
    assert [{"user": "a", "n": "1"}, {"user": "b", "n": "2"}] == found.rows
    assert [f"outputlookup wrote 2 rows into {folder / 'new.csv'}"] == found.warnings
    assert "user,n\na,1\nb,2\n" == (folder / "new.csv").read_text(encoding="utf-8")


def test_later_searches_find_it(app: App, folder: Path) -> None:
    """inputlookup and lookup find what was written before what the app has, and the app's file stays as it was."""
    ask(app, folder, f"{ROWS}| outputlookup known")
    assert [{"user": "a", "n": "1"}, {"user": "b", "n": "2"}] == ask(app, folder, "| inputlookup known.csv").rows
    looked = ask(app, folder, '| makeresults | eval user="b" | lookup known user OUTPUT n | table user n')
    assert [{"user": "b", "n": "2"}] == looked.rows
    assert "user,seen\nold,yes\n" == (app.folder / "lookups" / "known.csv").read_text(encoding="utf-8")


def test_the_same_search_finds_it(app: App, folder: Path) -> None:
    """What stands behind outputlookup finds what it wrote."""
    found = ask(
        app, folder, f"{ROWS}| outputlookup new.csv | stats count | append [| inputlookup new.csv] | table count user"
    )
    assert [{"count": "2"}, {"user": "a"}, {"user": "b"}] == found.rows


def test_append_keeps_rows_and_fields(app: App, folder: Path) -> None:
    """append=true writes the rows that there were, and no field that the lookup did not have."""
    ask(app, folder, f"{ROWS}| outputlookup append=true known")
    assert "user,seen\nold,yes\na,\nb,\n" == (folder / "known.csv").read_text(encoding="utf-8")


def test_append_to_nothing(app: App, folder: Path) -> None:
    """append=true makes a lookup where there is none."""
    ask(app, folder, f"{ROWS}| outputlookup new.csv append=true")
    assert "user,n\na,1\nb,2\n" == (folder / "new.csv").read_text(encoding="utf-8")


def test_values_are_read_as_they_were(app: App, folder: Path) -> None:
    """Quotes, commas and line ends in a value are read as they were written, and several values as a line each."""
    values = r'eval a="x\"y,z", b="1".urldecode("%0D%0A")."2", c=split("p q"," ") | fields - _time'
    ask(app, folder, f"| makeresults | {values} | outputlookup new.csv")
    assert [{"a": 'x"y,z', "b": "1\r\n2", "c": "p\nq"}] == ask(app, folder, "| inputlookup new.csv").rows


def test_max(app: App, folder: Path) -> None:
    """max= bounds what is written, and not what comes out."""
    assert 2 == len(ask(app, folder, f"{ROWS}| outputlookup max=1 new.csv").rows)
    assert "user,n\na,1\n" == (folder / "new.csv").read_text(encoding="utf-8")


def test_no_results(app: App, folder: Path) -> None:
    """No results are not written, which is said."""
    found = ask(app, folder, f"{ROWS}| where 1=2 | outputlookup new.csv")
    expected = "outputlookup had no results for new.csv, so it wrote nothing; Splunk may delete what was there"
    assert ([expected], []) == (found.warnings, written(folder))


def test_create_empty(app: App, folder: Path) -> None:
    """create_empty=true writes an empty file, which is a lookup without rows."""
    ask(app, folder, f"{ROWS}| where 1=2 | outputlookup create_empty=true new.csv")
    assert "" == (folder / "new.csv").read_text(encoding="utf-8")
    assert [] == ask(app, folder, "| inputlookup new.csv").rows


def test_a_search_that_fails_writes_nothing(app: App, folder: Path) -> None:
    """After a search that fails, the folder is as it was: a new file is gone, and an older one is back."""
    ask(app, folder, f"{ROWS}| outputlookup old.csv")
    before = (folder / "old.csv").read_bytes()
    fails = "| head 1 | outputlookup old.csv | outputlookup new.csv | lookup nothing.csv user"
    with pytest.raises(SplError):
        ask(app, folder, f"{ROWS}{fails}")
    assert (["old.csv"], before) == (written(folder), (folder / "old.csv").read_bytes())


def test_a_link_is_replaced(app: App, folder: Path, tmp_path: Path) -> None:
    """A link in the folder is replaced, and what it leads to stays as it was."""
    target = tmp_path / "target"
    target.write_text("mine", encoding="utf-8")
    folder.mkdir()
    (folder / "new.csv").symlink_to(target)
    ask(app, folder, f"{ROWS}| outputlookup new.csv")
    assert ("mine", False) == (target.read_text(encoding="utf-8"), (folder / "new.csv").is_symlink())


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ("outputlookup ../new.csv", "replay writes lookups that are called name.csv, not '../new.csv'"),
        ("outputlookup /tmp/new.csv", "replay writes lookups that are called name.csv, not '/tmp/new.csv'"),
        ("outputlookup .csv", "replay writes lookups that are called name.csv, not '.csv'"),
        ("outputlookup out", "replay writes lookups that are called name.csv, not '../out.csv'"),
        ("outputlookup kv", "lookup 'kv' is no CSV file, and replay reads no other lookups"),
        ("outputlookup new", "the app has no lookup 'new'"),
        ("outputlookup key_field=a known", "replay does not run key_field=: it writes CSV files, and no KV store"),
        (
            "outputlookup output_format=splunk_mv_csv known",
            "replay's outputlookup writes one text for several values",
        ),
        ("outputlookup", "expected the name of a lookup"),
    ],
)
def test_refused(app: App, folder: Path, search: str, message: str) -> None:
    """What is no plain CSV file of the folder is refused, and nothing is written."""
    with pytest.raises(SplError) as refused:
        ask(app, folder, f"{ROWS}| {search}")
    assert (message, []) == (str(refused.value).partition(" (line")[0].partition(";")[0], written(folder))


def test_without_a_folder(app: App) -> None:
    """Without a folder outputlookup is refused, and says which option names one."""
    with pytest.raises(SplError) as refused:
        ask(app, None, "| makeresults | outputlookup known")
    expected = """
outputlookup writes a file, and replay does not choose where (line 1, column 17)
  | makeresults | outputlookup known
                  ^^^^^^^^^^^^
name a folder: --outputlookup DIR
"""
    assert expected.strip("\n") == str(refused.value)


def test_a_folder_that_cannot_be_made(app: App, tmp_path: Path) -> None:
    """A folder that cannot be written into is an error that names it."""
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(SplError, match="outputlookup cannot write") as refused:
        ask(app, file, f"{ROWS}| outputlookup new.csv")
    assert "name another folder with --outputlookup" in str(refused.value)
