"""What is rendered from package/: tests/build/app holds sources and, beside them, exactly their rendered files."""

from __future__ import annotations

from pathlib import Path

from builder import content, render
from splreplay import conf

RENDERED = [
    "default/savedsearches.conf",
    "default/macros.conf",
    "default/analyticstories.conf",
    "lookups/installutil_rba_detections.csv",
    "lookups/installutil_rba_entities.csv",
]


def test_sources_give_exactly_these_files(app: Path) -> None:
    """Every stanza, setting and row of two detections, one without a published search, is as written."""
    expected = {name: (app / name).read_text(encoding="utf-8") for name in RENDERED}
    assert expected == render.render(content.load(app))


def test_committed_files_are_current(repo: Path) -> None:
    """The rendered files of this repository are up to date with its package/."""
    assert [] == render.stale(repo, render.render(content.load(repo)))


def test_rendering_twice_changes_nothing(app: Path) -> None:
    """A second rendering writes the same bytes, whatever stood there before the first."""
    (app / "default/macros.conf").write_text("changed", encoding="utf-8")
    render.write(app, render.render(content.load(app)))
    once = {name: (app / name).read_bytes() for name in RENDERED}
    render.write(app, render.render(content.load(app)))
    assert once == {name: (app / name).read_bytes() for name in RENDERED}


def test_stale_file_is_named(app: Path) -> None:
    """A rendered file that was edited, and one that is missing, are named with the remedy."""
    (app / "default/macros.conf").write_text("edited", encoding="utf-8")
    (app / "lookups/installutil_rba_entities.csv").unlink()
    assert [
        "default/macros.conf: is not what package/ says; run python build.py render",
        "lookups/installutil_rba_entities.csv: is not what package/ says; run python build.py render",
    ] == [str(problem) for problem in render.stale(app, render.render(content.load(app)))]


def test_searches_are_on_one_line(repo: Path) -> None:
    """No value of a rendered conf file spans lines: `| savedsearch` fails on a search that does."""
    for name in ("savedsearches", "macros", "analyticstories"):
        stanzas = conf.read(repo / "default" / f"{name}.conf").stanzas
        assert [] == [value for settings in stanzas.values() for value in settings.values() if "\n" in value]
