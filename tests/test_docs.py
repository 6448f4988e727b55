"""The documents, held against the code."""

from __future__ import annotations

import csv
import re
import runpy
import subprocess
import sys

import pytest

from builder.search_fields import output_fields
from replay.app import App
from tests.conftest import REPO

README = (REPO / "README.md").read_text(encoding="utf-8")
ADMIN = (REPO / "docs" / "admin.md").read_text(encoding="utf-8")
ANALYST = (REPO / "docs" / "analyst.md").read_text(encoding="utf-8")
DOCUMENTS = [REPO / "README.md", *sorted((REPO / "docs").glob("*.md"))]


def replay(*arguments: str) -> str:
    """Return what the replay command prints."""
    command = [sys.executable, "-m", "replay", *arguments]
    return subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True).stdout


def test_readme_shows_what_is_printed() -> None:
    """README shows what `make run` prints of the recording that ships."""
    assert replay("compare", "tests/recordings/installutil_attack.xml").strip() in README


def test_replay_options() -> None:
    """README names every option of `replay run`."""
    options = set(re.findall(r"--[a-z]+", replay("run", "--help"))) - {"--help"}
    assert set() == {option for option in options if f"`{option}" not in README}


def test_make_targets() -> None:
    """README names every make target."""
    targets = re.findall(r"^([a-z]+):.*", (REPO / "Makefile").read_text(encoding="utf-8"), re.M)
    assert set() == {target for target in targets if f"make {target}" not in README}


def test_command_options() -> None:
    """README names every option of rbaenrich that the search bar's help names."""
    text = (REPO / "default" / "searchbnf.conf").read_text(encoding="utf-8")
    options = re.findall(r"\((\w+)=", text.partition("[rbaenrich-option]")[2].partition("\n")[2])
    assert (True, set()) == (bool(options), {option for option in options if f"`{option}`" not in README})


def test_fields() -> None:
    """The analyst's page explains every field that the scheduled search outputs."""
    app = App(REPO)
    fields = output_fields(app.saved_search("Windows InstallUtil Remote Network Connection").search)
    assert (True, set()) == (bool(fields), {field for field in fields if f"`{field}`" not in ANALYST})


@pytest.mark.parametrize("lookup", sorted((REPO / "lookups").glob("installutil_rba_*.csv")), ids=lambda path: path.stem)
def test_lookup_columns(lookup) -> None:  # type: ignore[no-untyped-def]
    """The admin's page shows the columns of every lookup that ships."""
    if lookup.stem.endswith("_local"):
        pytest.skip("a site's own")
    with lookup.open(encoding="utf-8", newline="") as file:
        header = ",".join(next(csv.reader(file)))
    assert f"| `{lookup.stem}` | `{header}` |" in ADMIN


def test_macros() -> None:
    """The admin's page shows the default of every site macro."""
    expected = {"summariesonly_config": "false", "oldsummaries_config": "true", "fillnull_config": "null"}
    macros = App(REPO).macros
    shown = {name: macros[name].definition for name in expected if f"| `{name}` | `{expected[name]}` |" in ADMIN}
    assert expected == shown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links(document) -> None:  # type: ignore[no-untyped-def]
    """Every link to a file leads to one."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [] == [link for link in links if not (document.parent / link).exists()]


def test_shipped_python() -> None:
    """The fields that the analyst's page explains are the command's own list."""
    annotation = runpy.run_path(str(REPO / "bin" / "installutil_rba_fields.py"))["ANNOTATION"]
    assert set() == {field for field in annotation if f"`{field}`" not in ANALYST}
