"""The documents, held against the code."""

from __future__ import annotations

import configparser
import csv
import dataclasses
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import installutil_rba_lookups as lookups
import installutil_rba_rules as rules
import pytest
from installutil_rba_fields import ANNOTATION

from builder import detection as detections
from builder.detection import output_fields
from replay.app import App
from tests.conftest import REPO

README = (REPO / "README.md").read_text(encoding="utf-8")
CHANGELOG = (REPO / "CHANGELOG.md").read_text(encoding="utf-8")
SEARCHES, ADMIN, ANALYST, CONTRIBUTOR, DETECTIONS = (
    (REPO / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("searches", "admin", "analyst", "contributor", "detections")
)
DOCUMENTS = [REPO / "README.md", REPO / "CHANGELOG.md", *sorted((REPO / "docs").glob("*.md"))]
SCHEDULED = "Windows InstallUtil Remote Network Connection"
LOOKUPS = (lookups.DETECTIONS, lookups.ENTITIES, lookups.SCORE_MODIFIERS, lookups.IGNORED_OBJECTS)


def replay(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the replay command of this checkout."""
    command = [sys.executable, "-m", "replay", *arguments]
    return subprocess.run(command, cwd=REPO, capture_output=True, text=True, encoding="utf-8", check=False)


def fenced(document: str, language: str = "") -> list[str]:
    """Return the code blocks of a document."""
    return re.findall(rf"^```{language}\n(.*?)\n```$", document, re.M | re.S)


def test_comparison() -> None:
    """README shows what `make run` prints of the recording that ships."""
    assert replay("compare", "tests/recordings/installutil_attack.xml").stdout.strip() in fenced(README)


@pytest.mark.parametrize("shown", [block for block in fenced(README) if block.startswith("$ ")])
def test_replay_examples(shown: str) -> None:
    """README shows what its replay commands print, a warning or an error first."""
    command, _, expected = shown.removeprefix("$ .venv/bin/python -m replay ").partition("\n")
    words = [quoted or plain for quoted, plain in re.findall(r"""["']([^"']*)["']|(\S+)""", command)]
    printed = replay(*words)
    assert expected == (printed.stderr + printed.stdout).strip()


@pytest.mark.parametrize("shown", [block for block in fenced(DETECTIONS) if block.startswith("$ ")])
def test_detection_examples(shown: str) -> None:
    """The detection engineer's page shows what check and test print, but for lines, columns and seconds."""
    command, _, expected = shown.removeprefix("$ .venv/bin/python -m replay ").partition("\n")
    assert re.sub(r"\d+", "N", expected) == re.sub(r"\d+", "N", replay(*command.split()).stdout.strip())


@pytest.mark.parametrize("subcommand", ["check", "test"])
def test_detection_options(subcommand: str) -> None:
    """The detection engineer's page names every option of check and test, in the section of each."""
    section = DETECTIONS.partition(f"## {subcommand.title()}\n")[2].partition("\n## ")[0]
    options = set(re.findall(r"--[a-z]+", replay(subcommand, "--help").stdout)) - {"--help"}
    assert (True, set()) == (bool(options), {option for option in options if f"`{option}" not in section})


def test_findings() -> None:
    """The detection engineer's page explains every rule of the linter."""
    rules = re.findall(r'"([a-z]+-[a-z]+)", ', (REPO / "replay/detections/lint.py").read_text(encoding="utf-8"))
    assert (True, set()) == (bool(rules), {rule for rule in rules if f"| `{rule}` |" not in DETECTIONS})


def test_test_keys() -> None:
    """The detection engineer's page explains every key of a test that is ours, and the builder knows each."""
    keys = ("addon", "expected.count", "expected.rows", "negative: true")
    assert dict.fromkeys(keys, True) == {key: f"| `{key}` |" in DETECTIONS for key in keys}
    assert {"addon", "expected", "negative"} < {field.name for field in dataclasses.fields(detections.Test)}


def test_replay_options() -> None:
    """README names every option of `replay run`."""
    options = set(re.findall(r"--[a-z]+", replay("run", "--help").stdout)) - {"--help"}
    assert (True, set()) == (bool(options), {option for option in options if f"`{option}" not in README})


def test_replay_options_are_there() -> None:
    """README's table names no option that `replay run` lacks."""
    named = set(re.findall(r"`(--[a-z]+)[^`]*`", "".join(re.findall(r"^\| `--.*$", README, re.M))))
    assert set() == named - set(re.findall(r"--[a-z]+", replay("run", "--help").stdout))


def test_make_targets() -> None:
    """README names every make target."""
    targets = re.findall(r"^([a-z]+):.*", (REPO / "Makefile").read_text(encoding="utf-8"), re.M)
    assert (True, set()) == (bool(targets), {target for target in targets if f"make {target}" not in README})


def test_command_options() -> None:
    """README has a row for every option of rbaenrich that the search bar's help names."""
    text = (REPO / "default" / "searchbnf.conf").read_text(encoding="utf-8")
    options = re.findall(r"\((\w+)=", text.partition("[rbaenrich-option]")[2].partition("\n")[2])
    assert (True, set()) == (bool(options), {option for option in options if f"| `{option}` |" not in README})


def test_folders() -> None:
    """README's map of folders names every folder of the checkout that is kept."""
    listed = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=False).stdout
    if not listed:
        pytest.skip("this is no git checkout")
    folders = {name.partition("/")[0] for name in listed.splitlines() if "/" in name and not name.startswith(".")}
    assert set() == {folder for folder in folders if f"`{folder}/`" not in README}


def test_version() -> None:
    """The changelog's first section is that of the app's version."""
    conf = configparser.ConfigParser(interpolation=None)
    conf.read(REPO / "default" / "app.conf", encoding="utf-8")
    assert conf["id"]["version"] == re.findall(r"^## (\S+)", CHANGELOG, re.M)[0]


def test_fields() -> None:
    """The analyst's page explains every field that the scheduled search outputs."""
    app = App(REPO)
    fields = output_fields(app.saved_search(SCHEDULED).search, app.macros)
    assert (True, set()) == (bool(fields), {field for field in fields if f"`{field}`" not in ANALYST})


def test_risk_fields() -> None:
    """The analyst's page explains every field that rbaenrich adds."""
    assert set() == {field for field in ANNOTATION if f"`{field}`" not in ANALYST}


def test_worked_score(tmp_path: Path) -> None:
    """The analyst's worked example is what rbaenrich says with the local lookups that the admin's page shows."""
    shutil.copytree(REPO / "lookups", tmp_path / "lookups")
    scores, ignored = fenced(ADMIN, "csv")
    (tmp_path / "lookups" / f"{lookups.SCORE_MODIFIERS.name}_local.csv").write_text(scores, encoding="utf-8")
    (tmp_path / "lookups" / f"{lookups.IGNORED_OBJECTS.name}_local.csv").write_text(ignored, encoding="utf-8")
    configuration = lookups.load(str(tmp_path), None, date(2026, 11, 24))
    finding = {"dest": "build-07.example.com", "user": "svc_build", "connection_to_CNC": "203.0.113.10"}
    annotated = rules.annotate(configuration, finding, "unknown")
    reasons = "\n".join(annotated["risk_score_reason"])
    assert ((), True, []) == (configuration.warnings, reasons in fenced(ANALYST), annotated["risk_user"])


@pytest.mark.parametrize("lookup", LOOKUPS, ids=lambda lookup: lookup.name)
def test_lookup_columns(lookup: lookups.Lookup) -> None:
    """The admin's page shows the columns and the key of every lookup that ships."""
    with (REPO / "lookups" / f"{lookup.name}.csv").open(encoding="utf-8", newline="") as file:
        header = ",".join(next(csv.reader(file)))
    key = ", ".join(f"`{column}`" for column in lookup.key)
    assert f"| `{lookup.name}` | `{header}` | {key} |" in ADMIN


def test_every_lookup() -> None:
    """The admin's page knows of every lookup that the package ships."""
    shipped = {path.stem for path in (REPO / "lookups").glob("*.csv") if not path.stem.endswith("_local")}
    assert shipped == {lookup.name for lookup in LOOKUPS}


def test_site_macros() -> None:
    """The admin's page shows the default of every site macro."""
    names = [name for name in App(REPO).macros if name.endswith(("_config", "_filter"))]
    macros = App(REPO).macros
    shown = {name: f"| `{name}` | `{macros[name].definition}` |" in ADMIN for name in names}
    assert (True, dict.fromkeys(names, True)) == (bool(names), shown)


def test_own_macros() -> None:
    """The page on the searches walks through every macro that is ours."""
    names = {name.partition("(")[0] for name in App(REPO).macros if name.startswith("installutil_")}
    assert (True, set()) == (bool(names), {name for name in names if f"`{name}" not in SEARCHES})


def test_data_check() -> None:
    """The admin's check of the data prints what the page shows, on the recording that ships."""
    block = ADMIN.partition("Over the last 24 hours:\n\n")[2].partition("\n\n")[0]
    text = "\n".join(line.removeprefix("    ") for line in block.splitlines())
    printed = replay("run", "tests/recordings/installutil_attack.xml", "--spl", text).stdout
    assert printed.partition("\n\n")[0] in fenced(ADMIN)


def test_risk_event() -> None:
    """The analyst's page shows the first risk event of the recording that ships, as replay prints it."""
    search = f'| savedsearch "{SCHEDULED} - Hunt" | rbaenrich output=modifiers'
    printed = replay("run", "tests/recordings/installutil_attack.xml", "--spl", search).stdout
    assert printed.partition("\n\n")[0] in fenced(ANALYST)


@pytest.mark.parametrize("name", ["run", "dev"])
def test_dependencies(name: str) -> None:
    """The contributor's page says why of every package that the project asks for."""
    wanted = re.findall(r"^([\w-]+)==", (REPO / "requirements" / f"{name}.in").read_text(encoding="utf-8"), re.M)
    section = CONTRIBUTOR.partition("## Dependencies")[2]
    assert (True, []) == (bool(wanted), [package for package in wanted if not re.search(rf"\b{package}\b", section)])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links(document: Path) -> None:
    """Every link to a file leads to one."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [] == [link for link in links if not (document.parent / link).exists()]
