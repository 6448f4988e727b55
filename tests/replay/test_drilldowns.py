"""The searches that Enterprise Security offers beside a finding, with their tokens filled in as text, run in replay."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from splreplay import conf
from splreplay.app import App
from splreplay.recording import Recording, record
from splreplay.sql.values import Value
from tests.conftest import REPO
from tests.replay.network import (
    NOON,
    audited_connection,
    audited_process,
    connection,
    guid,
    process,
    recording,
)
from tests.replay.searches import replay

pytestmark = pytest.mark.slow

SCHEDULED = "Windows InstallUtil Remote Network Connection"
ADDONS = ("current", "cim5", "legacy")
ATTACK = "installutil_recording_otrf_2020-09-19_sysmon_all.xml.gz"
DRILLDOWNS = json.loads(
    conf.read(REPO / "default" / "savedsearches.conf").stanzas[SCHEDULED]["action.notable.param.drilldown_searches"]
)
COLUMNS = DRILLDOWNS[0]["search"].rpartition("| table ")[2].split()
Row = dict[str, Value]


def findings(log: Recording, addon: str, earliest: str | None = None, latest: str | None = None) -> list[Row]:
    """Return the results of the scheduled search."""
    app = App(REPO)
    search = app.saved_search(SCHEDULED).search
    return list(replay(log, app, search, addon, earliest=earliest, latest=latest).results.rows)


def filled(row: Row, number: int) -> str:
    """Return a drilldown's search with the finding's values in it, as text."""
    return re.sub(r"\$(\w+)\$", lambda token: str(row[token[1]]), DRILLDOWNS[number]["search"])


def drilldown(
    log: Recording, addon: str, row: Row, *, earliest: str | None = None, latest: str | None = None
) -> list[Row]:
    """Return what the first drilldown shows of a finding, in an app without macros."""
    app = App(REPO / "tests")
    return list(replay(log, app, filled(row, 0), addon, earliest=earliest, latest=latest).results.rows)


@pytest.fixture(scope="module")
def attack(shared_data: Path) -> Recording:
    """The recorded attack, all of its Sysmon channel."""
    return record([str(shared_data / ATTACK)])


@pytest.mark.parametrize("addon", ADDONS)
def test_first_drilldown(attack: Recording, addon: str) -> None:
    """The first drilldown shows the process of the finding, what it loads, and its connection."""
    rows = drilldown(attack, addon, findings(attack, addon)[0])
    # By GUID and by PID it is the same process. The legacy add-on has the connection in both data models, but no images.
    expected = {
        "current": [("cmd.exe", None), ("unknown", None), (None, "80")],
        "cim5": [("cmd.exe", None), ("unknown", None), (None, "80")],
        "legacy": [("cmd.exe", None), (None, "80"), (None, "80")],
    }
    assert expected[addon] == [(row.get("parent_process_name"), row.get("dest_port")) for row in rows]


def test_second_drilldown(tmp_path: Path) -> None:
    """The second drilldown shows all risk of those whom the finding scored, and nobody else's."""
    events = [
        event
        for number, user in enumerate(("ann", "ann", "bob"))
        for event in (
            process(f"wks{number}", 100, NOON + number, guid(number), User=user),
            connection(f"wks{number}", 100, NOON + 10 + number, guid(number)),
        )
    ]
    log, app = recording(events), App(REPO)
    modifiers = app.saved_search(f"{SCHEDULED} - Risk Modifiers").search
    replay(log, app, modifiers, "current", collect=tmp_path)
    text = filled(findings(log, "current")[0], 1)
    rows = replay(log, App(REPO / "tests"), text, "current", collect=tmp_path).results.rows
    expected = [("ann", "160", "2"), ("wks0", "80", "1")]
    assert expected == [(row["risk_object"], row["risk_score"], row["count"]) for row in rows]


def test_second_drilldown_of_a_finding_that_scored_nobody(tmp_path: Path) -> None:
    """If the risk index has nothing of the finding, the second drilldown shows nothing of anybody."""
    log, app = recording([process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON, guid(1))]), App(REPO)
    replay(log, app, app.saved_search(f"{SCHEDULED} - Risk Modifiers").search, "current", collect=tmp_path)
    text = filled({"risk_finding_id": "0" * 32}, 1)
    assert [] == replay(log, App(REPO / "tests"), text, "current", collect=tmp_path).results.rows


def test_process_of_the_day_before() -> None:
    """In the time range of the run, which is 25 hours, the first drilldown shows a process of the day before."""
    log = recording([process("wks", 100, NOON - 86_400, guid(1)), connection("wks", 100, NOON + 0.5, guid(1))])
    run = {"earliest": str(NOON - 86_400), "latest": str(NOON + 3600)}
    rows = drilldown(log, "current", findings(log, "current", **run)[0], **run)
    expected = [("2025-06-14T15:06:40", None), ("2025-06-15T15:06:40", "203.0.113.10")]
    assert expected == [(row["firstTime"], row.get("dest_ip")) for row in rows]


@pytest.mark.parametrize("addon", ADDONS)
def test_security_channel(addon: str) -> None:
    """The first drilldown finds a process by its PID in hexadecimal, too, and no other InstallUtil."""
    log = recording(
        [
            audited_process("wks", 100, NOON),
            audited_process("wks", 200, NOON),
            audited_connection("wks", 100, NOON + 3),
            audited_connection("wks", 200, NOON + 3, DestPort="80"),
        ]
    )
    first, second = findings(log, addon)
    found = [(row["process_id"], row.get("dest_port")) for row in drilldown(log, addon, first)]
    assert (["100", "200"], [("100", None), ("100", "443")]) == ([first["process_id"], second["process_id"]], found)


# What would change the search if it reached it.
HOSTILE = (
    '" OR Processes.process_name="*',
    'x" | delete | search "',
    'x" [| makeresults] "',
    '"] | collect index=main [| makeresults | eval a="',
    "*",
    "{7c1e4a52-*}",
    "$user$",
    "`drop_dm_object_name(x)`",
    "a\\",
    "a\n",
    "a b",
    "a,b",
    "(a)",
)
OTHERS = [
    event
    for number in range(20)
    for event in (
        process(f"srv{number}", 500 + number, NOON, guid(500 + number)),
        connection(f"srv{number}", 500 + number, NOON, guid(500 + number), DestinationIp="127.0.0.1"),
    )
]


def network(*known: tuple[str, str]) -> Recording:
    """Return processes that connect, each known by a GUID and a PID, among others that do not."""
    events = list(OTHERS)
    for number, (guid_, pid) in enumerate(known):
        fields = {"ProcessGuid": guid_, "ProcessId": pid}
        events += [
            process(f"wks{number:02}", 0, NOON, None, **fields),
            connection(f"wks{number:02}", 0, NOON + 1, None, **fields),
        ]
    return recording(events)


HARMLESS = [(guid(number), str(1_000 + number)) for number, _ in enumerate(HOSTILE)]


def shown(log: Recording, addon: str, found: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Return the host of each of some findings, and what the columns of its first drilldown show."""
    return [
        (row["dest"], *({name: one.get(name) for name in COLUMNS} for one in drilldown(log, addon, row)))
        for row in found
    ]


@cache
def harmless(addon: str) -> list[tuple[Any, ...]]:
    """Return the same of findings whose GUIDs and PIDs are as they should be."""
    log = network(*HARMLESS)
    return shown(log, addon, findings(log, addon))


@pytest.mark.parametrize("addon", ["current", "cim5"])
def test_hostile_guids(addon: str) -> None:
    """A GUID of an unknown form is not a token; the drilldown shows by the PID what it shows of a harmless one."""
    log = network(*((hostile, pid) for hostile, (_, pid) in zip(HOSTILE, HARMLESS, strict=True)))
    found = findings(log, addon)
    assert [("-", pid) for _, pid in HARMLESS] == [(row["process_guid"], row["process_id"]) for row in found]
    expected = harmless(addon)
    assert [2] * len(HOSTILE) == [len(rows) for _, *rows in expected]
    assert expected == shown(log, addon, found)


def test_hostile_pids() -> None:
    """A PID of an unknown form is not a token; the drilldown shows by the GUID what it shows of a harmless one."""
    log = network(*((guid_, hostile) for hostile, (guid_, _) in zip(HOSTILE, HARMLESS, strict=True)))
    found = findings(log, "current")
    assert [(guid_, "-") for guid_, _ in HARMLESS] == [(row["process_guid"], row["process_id"]) for row in found]
    # The PID itself is shown as the event has it.
    expected = [
        (host, *(row | {"process_id": hostile} for row in rows))
        for hostile, (host, *rows) in zip(HOSTILE, harmless("current"), strict=True)
    ]
    assert expected == shown(log, "current", found)


@pytest.mark.parametrize("addon", ADDONS)
def test_neither(addon: str) -> None:
    """Without a GUID or PID of a known form, process and connection cannot match: there is no finding to look into."""
    assert [] == findings(network(('g" OR "*', '1" OR "*')), addon)


@pytest.mark.parametrize("addon", ADDONS)
def test_neither_drilldown(addon: str) -> None:
    """A drilldown whose tokens are both `-` shows nothing, not even processes without a GUID and a PID."""
    log = network(("-", "-"), ("", ""), ("null", "null"), (guid(1), "100"))
    assert [] == drilldown(log, addon, {"process_guid": "-", "process_id": "-"})


def test_forms_of_a_guid() -> None:
    """A GUID is letters, digits and _ { } : . - in any order, as add-ons other than Sysmon's write it."""
    forms = [guid(1), guid(2).strip("{}"), guid(10).upper(), "8a7f.pid:42_b"]
    rows = findings(network(*((form, "4") for form in forms)), "current")
    assert forms == [row.get("process_guid") for row in rows]


def test_forms_of_a_pid() -> None:
    """A PID is decimal; a hexadecimal one after 0x is converted."""
    forms = {"4232": "4232", "0x1A4": "420", "0x": "-", "-4": "-", "4.0": "-", "4 ": "-", "1A4": "-", "0": "-"}
    rows = findings(network(*((guid(number), form) for number, form in enumerate(forms))), "current")
    assert list(forms.values()) == [row["process_id"] for row in rows]
