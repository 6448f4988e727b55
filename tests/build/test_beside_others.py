"""What other apps see of the app, and what it keeps to itself: Splunk's content app has objects of the same names."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import installutil_rba_lookups as rbaenrich_lookups

from splreplay import conf

NAME = "Windows InstallUtil Remote Network Connection"


def test_exports(repo: Path) -> None:
    """What Enterprise Security must see is exported, even the searches' macros; the dashboard is not. Only admins may write."""
    shared = {"export": "system"}
    expected = {
        "": {"access": "read : [ * ], write : [ admin, sc_admin ]", "export": "none"},
        "macros": shared,
        "analyticstories": shared,
        "commands": shared,
        "lookups": shared,
        "savedsearches": shared,
        "searchbnf": shared,
        "transforms": shared,
        "views": {"export": "none"},
    }
    assert expected == conf.read(repo / "metadata/default.meta").stanzas


def test_published_macros(repo: Path) -> None:
    """Each macro of the published search that Splunk's content app has is here under its name, to be overridden alike."""
    published = {
        "process_installutil": {
            "definition": "(Processes.process_name=installutil.exe OR Processes.original_file_name=InstallUtil.exe)"
        },
        "security_content_summariesonly": {
            "definition": "summariesonly=`summariesonly_config` allow_old_summaries=`oldsummaries_config` "
            "fillnull_value=`fillnull_config`"
        },
        "summariesonly_config": {"definition": "false"},
        "oldsummaries_config": {"definition": "true"},
        "fillnull_config": {"definition": "null"},
        "security_content_ctime(1)": {
            "args": "field",
            "definition": 'convert timeformat="%Y-%m-%dT%H:%M:%S" ctime($field$)',
        },
        "windows_installutil_remote_network_connection_filter": {"definition": "search *"},
    }
    found = {
        name: {key: value for key, value in settings.items() if key != "description"}
        for name, settings in conf.read(repo / "default/macros.conf").stanzas.items()
        if not name.startswith("installutil_")
    }
    assert published == found


def test_macros_are_described(repo: Path) -> None:
    """Every macro has a description, which Splunk shows beside it, as in Splunk's content packs."""
    macros = conf.read(repo / "default/macros.conf").stanzas
    assert [] == [name for name, settings in macros.items() if not settings.get("description")]


def test_published_search_needs_one_macro_more(repo: Path) -> None:
    """Of the macros that the published search calls, only drop_dm_object_name is not ours: the data models bring it."""
    search = conf.read(repo / "default/savedsearches.conf").stanzas[f"{NAME} - As Published"]["search"]
    ours = {name.partition("(")[0] for name in conf.read(repo / "default/macros.conf").stanzas}
    assert {"drop_dm_object_name"} == set(re.findall(r"`(\w+)", search)) - ours


def test_stories(repo: Path) -> None:
    """No stanza of analyticstories.conf is one of Splunk's content app's, whose searches are "ESCU - … - Rule"."""
    expected = [f"savedsearch://{NAME}", "analytic_story://InstallUtil Risk"]
    assert expected == list(conf.read(repo / "default/analyticstories.conf").stanzas)


def test_story_conf_is_made_known(repo: Path) -> None:
    """Splunk reloads analyticstories.conf without a restart, and a search head cluster replicates it."""
    app = conf.read(repo / "default/app.conf").stanzas
    assert {"reload.analyticstories": "simple"} == app["triggers"]
    expected = {"shclustering": {"conf_replication_include.analyticstories": "true"}}
    assert expected == conf.read(repo / "default/server.conf").stanzas


def test_shipped_lookups_are_as_rbaenrich_wants_them(repo: Path, tmp_path: Path) -> None:
    """The command reads every shipped row, without a warning, and finds the one detection by itself."""
    (tmp_path / "lookups").mkdir()
    for path in (repo / "lookups").glob("*.csv"):
        if not path.stem.endswith("_local"):
            (tmp_path / "lookups" / path.name).write_bytes(path.read_bytes())
    found = rbaenrich_lookups.load(str(tmp_path), None, date(2026, 1, 1))
    assert (NAME, ()) == (found.detection.name, found.warnings)


def test_sample_lookups_are_as_rbaenrich_wants_them(repo: Path, app: Path) -> None:
    """So are the rows of two detections: the command finds the one that is named."""
    for name in ("score_modifiers", "ignored_objects"):
        header = (repo / f"lookups/installutil_rba_{name}.csv").read_text(encoding="utf-8").partition("\n")[0]
        (app / f"lookups/installutil_rba_{name}.csv").write_text(f"{header}\n", encoding="utf-8")
    found = rbaenrich_lookups.load(str(app), "second sample", date(2026, 1, 1))
    assert ("Second Sample", ()) == (found.detection.name, found.warnings)
