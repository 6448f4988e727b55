"""The searches that Enterprise Security offers beside a finding, their tokens filled in as text, run in replay."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from splreplay import conf, engine
from splreplay.app import App
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

SCHEDULED = "Windows InstallUtil Remote Network Connection"
ADDONS = ("current", "cim5", "legacy")
ATTACK = "installutil_recording_otrf_2020-09-19_sysmon_all.xml.gz"
DRILLDOWNS = json.loads(
    conf.read(REPO / "default" / "savedsearches.conf").stanzas[SCHEDULED]["action.notable.param.drilldown_searches"]
)
COLUMNS = DRILLDOWNS[0]["search"].rpartition("| table ")[2].split()
Row = dict[str, Value]


def findings(log: engine.Recording, addon: str, earliest: str | None = None, latest: str | None = None) -> list[Row]:
    """Return the results of the scheduled search."""
    app = App(REPO)
    search = app.saved_search(SCHEDULED).search
    return list(replay(log, app, search, addon, earliest=earliest, latest=latest).results.rows)


def drilldown(
    log: engine.Recording,
    addon: str,
    row: Row,
    number: int = 0,
    *,
    earliest: str | None = None,
    latest: str | None = None,
    missing: str | None = None,
) -> list[Row]:
    """Return what a drilldown shows of a finding, in an app without macros.

    A token becomes the result's value; where it has none, *missing*, or the token stays as it is.
    """
    text = re.sub(
        r"\$(\w+)\$",
        lambda token: str(row.get(token[1], token[0] if missing is None else missing)),
        DRILLDOWNS[number]["search"],
    )
    app = App(REPO / "tests")
    return list(replay(log, app, text, addon, earliest=earliest, latest=latest).results.rows)


@pytest.fixture(scope="module")
def attack(shared_data: Path) -> engine.Recording:
    """The recorded attack, all of its Sysmon channel."""
    return engine.record([str(shared_data / ATTACK)])


@pytest.mark.parametrize("addon", ADDONS)
def test_first_drilldown(attack: engine.Recording, addon: str) -> None:
    """The first drilldown shows the process of the finding, what it loads, and its connection."""
    rows = drilldown(attack, addon, findings(attack, addon)[0])
    # By GUID and by PID it is the same process; the legacy add-on has the connection in both data models, and no images.
    expected = {
        "current": [("cmd.exe", None), ("unknown", None), (None, "80")],
        "cim5": [("cmd.exe", None), ("unknown", None), (None, "80")],
        "legacy": [("cmd.exe", None), (None, "80"), (None, "80")],
    }
    assert expected[addon] == [(row.get("parent_process_name"), row.get("dest_port")) for row in rows]


def test_second_drilldown(attack: engine.Recording) -> None:
    """The second drilldown asks the risk index, which a recording does not have: it runs, and finds nothing."""
    assert [] == drilldown(attack, "current", findings(attack, "current")[0], 1)


def test_process_of_the_day_before() -> None:
    """In the time range of the run, the first drilldown shows a process that started up to a day before it."""
    start = NOON - 86_399
    log = recording([process("wks", 100, start, guid(1)), connection("wks", 100, NOON + 0.5, guid(1))])
    hour = {"earliest": str(NOON), "latest": str(NOON + 3600)}
    rows = drilldown(log, "current", findings(log, "current", **hour)[0], **hour)
    expected = [("2025-06-14T15:06:41", None), ("2025-06-15T15:06:40", "203.0.113.10")]
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


def network(*known: tuple[str, str]) -> engine.Recording:
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


def shown(log: engine.Recording, addon: str, *columns: str) -> list[tuple[object, ...]]:
    """Return the host of each finding, and what *columns* of its first drilldown show."""
    return [
        (row["dest"], *(tuple(one.get(name) for name in columns) for one in drilldown(log, addon, row)))
        for row in findings(log, addon)
    ]


@pytest.mark.parametrize("addon", ["current", "cim5"])
def test_hostile_guids(addon: str) -> None:
    """A GUID of no known form is no token; the drilldown shows by the PID what it shows of a harmless one."""
    log = network(*((hostile, pid) for hostile, (_, pid) in zip(HOSTILE, HARMLESS, strict=True)))
    ids = [(row.get("process_guid"), row["process_id"]) for row in findings(log, addon)]
    assert [(None, pid) for _, pid in HARMLESS] == ids
    expected = shown(network(*HARMLESS), addon, *COLUMNS)
    assert (expected, [2] * len(HOSTILE)) == (shown(log, addon, *COLUMNS), [len(one[1:]) for one in expected])


def test_hostile_pids() -> None:
    """A PID of no known form is no token; the drilldown shows by the GUID what it shows of a harmless one."""
    log = network(*((guid_, hostile) for hostile, (guid_, _) in zip(HOSTILE, HARMLESS, strict=True)))
    ids = [(row["process_guid"], row.get("process_id")) for row in findings(log, "current")]
    assert [(guid_, None) for guid_, _ in HARMLESS] == ids
    # The PID itself is shown as the event has it.
    columns = [name for name in COLUMNS if name != "process_id"]
    assert shown(network(*HARMLESS), "current", *columns) == shown(log, "current", *columns)


@pytest.mark.parametrize("missing", [None, "", "-", "*", "null"])
@pytest.mark.parametrize("addon", ADDONS)
def test_neither(addon: str, missing: str | None) -> None:
    """Without GUID and PID of a known form there is a finding, and the drilldown shows nothing, whatever ES puts there."""
    log = network(('g" OR "*', '1" OR "*'))
    (row,) = findings(log, addon)
    assert ("wks00", None, None) == (row["dest"], row.get("process_guid"), row.get("process_id"))
    assert [] == drilldown(log, addon, row, missing=missing)


def test_forms_of_a_guid() -> None:
    """A GUID is letters, digits and _ { } : . - in any order, as add-ons other than Sysmon's write it."""
    forms = [guid(1), guid(2).strip("{}"), guid(10).upper(), "8a7f.pid:42_b"]
    rows = findings(network(*((form, "4") for form in forms)), "current")
    assert forms == [row.get("process_guid") for row in rows]


def test_forms_of_a_pid() -> None:
    """A PID is decimal, and made so where it is hexadecimal behind 0x."""
    forms = {"4232": "4232", "0x1A4": "420", "0x": None, "-4": None, "4.0": None, "4 ": None, "1A4": None}
    rows = findings(network(*((guid(number), form) for number, form in enumerate(forms))), "current")
    assert list(forms.values()) == [row.get("process_id") for row in rows]


def test_lookback() -> None:
    """The drilldown cannot call the macros that ES does not see: what it has in their place is their default."""
    macro = App(REPO).expand("[| `installutil_range`]")
    assert 3 == DRILLDOWNS[0]["search"].count(macro)
