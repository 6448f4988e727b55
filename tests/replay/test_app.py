"""An app, and the apps beside it: which folder's macros, lookups and saved searches a search sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from splreplay.app import App
from splreplay.errors import DataError, UnsupportedError, there_is
from splreplay.recording import nothing
from tests.replay.searches import replay


def write(folder: Path, files: dict[str, str]) -> Path:
    """Return *folder* with *files* in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def macro(definition: str) -> dict[str, str]:
    """Return the file that defines macro `m`."""
    return {"default/macros.conf": f"[m]\ndefinition = {definition}\n"}


def test_local_wins(tmp_path: Path) -> None:
    """A setting in local/ overrides that in default/, and leaves the stanza's other settings as they are."""
    app = write(
        tmp_path,
        {
            "default/savedsearches.conf": "[one]\nsearch = | makeresults\ndisabled = 1\n",
            "local/savedsearches.conf": "[one]\ndisabled = 0\n",
        },
    )
    found = App(app).saved_search("one")
    assert ("| makeresults", False) == (found.search, found.disabled)


def test_default_stanza(tmp_path: Path) -> None:
    """What [default] says, in any layer, holds for each stanza that does not say it itself."""
    app = write(
        tmp_path,
        {
            "default/savedsearches.conf": "[a]\nsearch = x\n[b]\nsearch = y\ndisabled = 0\n",
            "local/savedsearches.conf": "disabled = 1\n",
        },
    )
    assert {"a": True, "b": False} == {name: one.disabled for name, one in App(app).saved_searches.items()}


def test_own_app_wins(tmp_path: Path) -> None:
    """The app's own definition wins over that of another app, whatever their names."""
    own, other = write(tmp_path / "a", macro("own")), write(tmp_path / "z", macro("other"))
    assert "own" == App(own, others=[other]).expand("`m`")


def test_last_name_wins(tmp_path: Path) -> None:
    """Of two other apps, the one whose name sorts last wins, whatever the order in which they are given."""
    own = write(tmp_path / "own", {"default/app.conf": ""})
    a, z = write(tmp_path / "a", macro("a")), write(tmp_path / "z", macro("z"))
    assert ["z", "z"] == [App(own, others=others).expand("`m`") for others in ([a, z], [z, a])]


def test_local_of_another_app(tmp_path: Path) -> None:
    """Another app's local/ overrides its default/ before the two apps are merged."""
    own = write(tmp_path / "own", {"default/app.conf": ""})
    other = write(tmp_path / "o", macro("default") | {"local/macros.conf": "[m]\ndefinition = local\n"})
    assert "local" == App(own, others=[other]).expand("`m`")


@pytest.mark.parametrize(
    ("seen", "metadata"),
    [
        (False, "[]\n"),
        (True, "[]\nexport = system\n"),
        (True, "[macros]\nexport = system\n"),
        (False, "[]\nexport = system\n[macros]\nexport = none\n"),
        (True, "[macros]\nexport = none\n[macros/m]\nexport = system\n"),
        (False, "[transforms]\nexport = system\n"),
    ],
)
def test_export(tmp_path: Path, seen: bool, metadata: str) -> None:
    """Other apps see what an app's metadata exports, by the most specific stanza; the app itself sees everything."""
    own = write(tmp_path / "own", {"default/app.conf": ""})
    other = write(tmp_path / "o", macro("x") | {"metadata/default.meta": metadata})
    assert (seen, True) == ("m" in App(own, others=[other]).macros, "m" in App(other).macros)


def test_local_metadata(tmp_path: Path) -> None:
    """metadata/local.meta overrides metadata/default.meta."""
    own = write(tmp_path / "own", {"default/app.conf": ""})
    meta = {"metadata/default.meta": "[macros]\nexport = system\n", "metadata/local.meta": "[macros]\nexport = none\n"}
    assert "m" not in App(own, others=[write(tmp_path / "o", macro("x") | meta)]).macros


def test_lookup_of_another_app(tmp_path: Path) -> None:
    """A lookup's stanza and its file may come from another app, and the settings of both are merged."""
    own = write(tmp_path / "own", {"local/transforms.conf": "[names]\nmax_matches = 1\n"})
    other = write(
        tmp_path / "o",
        {"default/transforms.conf": "[names]\nfilename = n.csv\nmax_matches = 5\n", "lookups/n.csv": "a\n1\n"},
    )
    found = App(own, others=[other]).lookup("names")
    assert ([{"a": "1"}], 1) == (found.rows, found.max_matches)


def test_command_of_another_app(tmp_path: Path) -> None:
    """A command runs the script of the app that declares it."""
    own = write(tmp_path / "own", {"default/app.conf": ""})
    other = write(tmp_path / "o", {"default/commands.conf": "[do]\nfilename = do.py\nchunked = true\n"})
    assert {"do": other / "bin" / "do.py"} == App(own, others=[other]).commands


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("it has none", ()),
        ("it has: ab ba", ("ba", "ab")),
        ("it has 21 others", [str(number) for number in range(21)]),
        ("it has 22 others, of which the nearest: wanted_1", ["wanted_1", *(str(number) for number in range(21))]),
    ],
)
def test_what_there_is(words: str, names: Sequence[str]) -> None:
    """An error about a name says what there is instead, or the nearest names if there is very much."""
    assert words == there_is("it", "wanted", names)


@pytest.mark.parametrize(
    ("kind", "words", "stanza"),
    [
        (UnsupportedError, "lookup 'x' is no CSV file", "collection = x"),
        (
            DataError,
            "max_matches of lookup 'x' is 'many'; write a whole number",
            "filename = x.csv\nmax_matches = many",
        ),
    ],
)
def test_wrong_lookup(tmp_path: Path, kind: type[Exception], words: str, stanza: str) -> None:
    """A lookup that is not a CSV file, or has a meaningless setting, is an error that says so."""
    app = write(tmp_path, {"default/transforms.conf": f"[x]\n{stanza}\n", "lookups/x.csv": "a\n1\n"})
    with pytest.raises(kind) as refused:
        App(app).lookup("x")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("message", "search"),
    [
        (
            "the saved search 'one' has several lines, and Splunk's savedsearch fails on such a one",
            "| makeresults \\\n| head 1",
        ),
        (None, "| makeresults | head 1"),
    ],
)
def test_savedsearch(tmp_path: Path, message: str | None, search: str) -> None:
    """`savedsearch` does not run a saved search of several lines."""
    app = App(write(tmp_path, {"default/savedsearches.conf": f"[one]\nsearch = {search}\n"}))
    try:
        replay(nothing(), app, "| savedsearch one", "current")
        said = None
    except UnsupportedError as error:
        said = str(error).splitlines()[0]
    assert message == said


# A checkout of security_content


CHECKOUT = {
    "macros/one.yml": "name: one\ndefinition: x=$a$ y=$b$\narguments:\n- a\n- b\ndescription: d\n",
    "macros/two.yml": "name: two\ndefinition: sourcetype=z\n",
    "lookups/known.yml": "name: known\nlookup_type: csv\nmin_matches: 1\ndefault_match: 'no'\n",
    "lookups/known.csv": "a,b\nX,1\n",
    "lookups/kept.yml": "name: kept\nlookup_type: kvstore\nfields:\n- _key\n",
}


def test_checkout_macros(tmp_path: Path) -> None:
    """The macros of a checkout are read from macros/*.yml, with their arguments; default/ overrides them."""
    app = write(tmp_path, CHECKOUT | {"default/macros.conf": "[two]\ndefinition = sourcetype=own\n"})
    assert "x=1 y=2 sourcetype=own" == App(app).expand("`one(1,2)` `two`")


def test_checkout_lookup(tmp_path: Path) -> None:
    """A lookup of a checkout is the CSV file beside its YAML, with the YAML's settings, and is not case-sensitive."""
    found = App(write(tmp_path, CHECKOUT)).lookup("known")
    assert ([{"a": "X", "b": "1"}], "no", False) == (found.rows, found.default_match, found.case_sensitive)


def test_checkout_store(tmp_path: Path) -> None:
    """A lookup of a checkout without a CSV file is refused by name."""
    with pytest.raises(UnsupportedError):
        App(write(tmp_path, CHECKOUT)).lookup("kept")


def test_checkout_hostile(tmp_path: Path) -> None:
    """A macro file that is not YAML is an error that names it."""
    with pytest.raises(DataError) as refused:
        App(write(tmp_path, {"macros/bad.yml": "a: [\n"})).expand("x")
    assert str(tmp_path / "macros" / "bad.yml") in str(refused.value)


def test_standard_macros(tmp_path: Path) -> None:
    """The macros that Splunk_SA_CIM and security_content bring are there for every app, below its own."""
    (tmp_path / "default").mkdir()
    search = "| tstats `security_content_summariesonly` count from x | `drop_dm_object_name(x)` | `security_content_ctime(y)`"
    expected = (
        "| tstats summariesonly=false allow_old_summaries=true fillnull_value=null count from x "
        '| rename "x.*" as * | convert timeformat="%Y-%m-%dT%H:%M:%S" ctime(y)'
    )
    assert expected == App(tmp_path).expand(search)
    (tmp_path / "default/macros.conf").write_text("[summariesonly_config]\ndefinition = true\n", encoding="utf-8")
    assert expected.replace("=false", "=true") == App(tmp_path).expand(search)


def test_channels(tmp_path: Path) -> None:
    """The macros with which security_content's searches of Windows events begin mean a channel, unless the app says otherwise."""
    (tmp_path / "default").mkdir()
    assert 'source="XmlWinEventLog:Microsoft-Windows-Sysmon/Operational" EventCode=1' == App(tmp_path).expand(
        "`sysmon` EventCode=1"
    )
    (tmp_path / "default/macros.conf").write_text("[sysmon]\ndefinition = index=edr\n", encoding="utf-8")
    assert "index=edr EventCode=1" == App(tmp_path).expand("`sysmon` EventCode=1")
