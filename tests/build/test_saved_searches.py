"""The saved searches that ship, in full: tests/build/expected/saved_searches.toml is the specification."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from splreplay import conf

NAME = "Windows InstallUtil Remote Network Connection"
PUBLISHED = f"{NAME} - As Published"
MODIFIERS = f"{NAME} - Risk Modifiers"
HUNT = f"{NAME} - Hunt"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "expected" / "saved_searches.toml").read_text(encoding="utf-8")
)
JSON = (
    "action.correlationsearch.annotations",
    "action.correlationsearch.metadata",
    "action.notable.param._entities",
    "action.notable.param.drilldown_searches",
    "action.risk.param._risk",
)


@pytest.fixture(scope="module")
def stanzas(repo: Path) -> dict[str, dict[str, str]]:
    """The stanzas of default/savedsearches.conf."""
    return conf.read(repo / "default/savedsearches.conf").stanzas


def joined(search: str) -> str:
    """Return a search of the specification on one line."""
    return search.strip("\n").replace("\n", " ")


def test_there_are_four(stanzas: dict[str, dict[str, str]]) -> None:
    """The app has the published search, the two to schedule and the one to hunt with, and no other."""
    assert [PUBLISHED, NAME, MODIFIERS, HUNT] == list(stanzas)


def test_as_published(stanzas: dict[str, dict[str, str]]) -> None:
    """The published search can be run by hand, never runs by itself, and has no action."""
    expected = EXPECTED[PUBLISHED] | {"search": joined(EXPECTED[PUBLISHED]["search"])}
    assert expected == stanzas[PUBLISHED]


def test_scheduled(stanzas: dict[str, dict[str, str]]) -> None:
    """The search to schedule ships disabled, with an hourly schedule, its risk and its finding."""
    expected = EXPECTED[NAME] | {"search": joined(EXPECTED[NAME]["search"])}
    expected["action.notable.param.drilldown_searches"] = [
        drilldown | {"search": joined(drilldown["search"])}
        for drilldown in expected["action.notable.param.drilldown_searches"]
    ]
    assert expected == stanzas[NAME] | {key: json.loads(stanzas[NAME][key]) for key in JSON}


def test_risk_modifiers(stanzas: dict[str, dict[str, str]]) -> None:
    """The search for risk events extends the scheduled one's text, has its schedule, is disabled and has no action."""
    search = joined(EXPECTED[NAME]["search"] + EXPECTED[MODIFIERS]["search"])
    assert EXPECTED[MODIFIERS] | {"search": search} == stanzas[MODIFIERS]


def test_hunt(stanzas: dict[str, dict[str, str]]) -> None:
    """The search to hunt with is the scheduled one without the last hour; it is enabled and visible, but not scheduled."""
    last_hour = '| addinfo | where lastTime>=info_max_time-3600 OR info_max_time="+Infinity"\n'
    assert EXPECTED[NAME]["search"].count(last_hour) == 1
    assert EXPECTED[HUNT] | {"search": joined(EXPECTED[NAME]["search"].replace(last_hour, ""))} == stanzas[HUNT]


def test_specification_has_the_published_tokens(shared_data: Path) -> None:
    """The specification of "… - As Published" has the tokens of the published page, in the same order."""
    page = (shared_data.parent / "published_detection.md").read_text(encoding="utf-8")
    published = page.partition("#### Search\n\n```\n")[2].partition("```")[0]
    assert published.split() == EXPECTED[PUBLISHED]["search"].split()


def test_drilldowns_call_no_macro(stanzas: dict[str, dict[str, str]]) -> None:
    """Enterprise Security runs drilldowns in its own context, where our macros do not exist."""
    assert "`" not in stanzas[NAME]["action.notable.param.drilldown_searches"]


def test_drilldowns_use_only_tokens_of_a_known_form(stanzas: dict[str, dict[str, str]]) -> None:
    """A GUID, a PID, our hexadecimal id and a time cannot hold a quote, so no value can change the search."""
    tokens = set(re.findall(r"\$([^$]+)\$", stanzas[NAME]["action.notable.param.drilldown_searches"]))
    assert {"process_guid", "process_id", "risk_finding_id", "info_min_time", "info_max_time"} == tokens
