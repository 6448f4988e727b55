"""What each panel of the dashboard shows: replay runs its search."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from builder import view
from dashboard.feed import VIEW, feed, range_of
from splreplay.app import App
from splreplay.recording import Recording, record
from splreplay.sql.values import Value
from splreplay.times import TimeRange
from tests.conftest import REPO
from tests.replay.network import connection, guid, process, recording
from tests.replay.searches import replay

EIGHT = 1_750_147_200.0  # 2025-06-17T08:00:00Z
TEN = EIGHT + 7200
ENDPOINT = "WKS-014.corp.example.com"
MESSAGE = (
    f"An instance of cmd.exe spawning InstallUtil.exe was identified on endpoint {ENDPOINT} by user m.lopez "
    "generating a remote download."
)

# The rows of each data source, for the recording that ships on a current add-on.
ATTACK: dict[str, list[dict[str, str]]] = {
    "ds_totals": [{"findings": "1", "risk": "80", "endpoints": "1", "users": "1"}],
    "ds_hosts": [{"endpoint": ENDPOINT, "risk": "80", "findings": "1"}],
    "ds_users": [{"user": "m.lopez", "risk": "80", "findings": "1"}],
    "ds_remotes": [{"remote": "203.0.113.10", "risk": "80", "findings": "1", "endpoints": "1"}],
    "ds_list": [
        {
            "started": "2025-06-17 09:04:02",
            "score": "80",
            "user": "m.lopez",
            "endpoint": ENDPOINT,
            "remote": "203.0.113.10",
            "port": "443",
            "message": MESSAGE,
            "match": "guid",
            "finding": "8366a13b51945ca0dac17daf391624ad",
        }
    ],
    "ds_verdict": [{"verdict": "Yes: current add-on, by GUID", "state": "0"}],
}
MODELS = [
    ("Endpoint.Processes", "45", "2", "45", "2025-06-17T09:07:10", "00:52:49", "Processes are recorded"),
    (
        "Endpoint.Processes, InstallUtil",
        "12",
        "2",
        "12",
        "2025-06-17T09:07:10",
        "00:52:49",
        "What the search starts from",
    ),
    ("Network_Traffic.All_Traffic", "27", "2", "27", "2025-06-17T09:07:22", "00:52:38", "Connections of any product"),
    (
        *("Network_Traffic.All_Traffic, with a process", "27", "2", "27", "2025-06-17T09:07:22", "00:52:38"),
        "Matched by GUID: current add-on",
    ),
    ("Endpoint.Ports", "0", "0", "0", None, None, "Not filled, as usual with a current add-on"),
    # Replay has no summaries: it answers as if all were summarised.
    ("Endpoint.Processes, summarised", "45", None, None, "2025-06-17T09:07:10", "00:52:49", "Accelerated"),
    ("Network_Traffic.All_Traffic, summarised", "27", None, None, "2025-06-17T09:07:22", "00:52:38", "Accelerated"),
]
# The rows for a log without an event: data sources that are not listed have none.
EMPTY: dict[str, list[tuple[str | None, ...]]] = {
    "ds_totals": [("0", "0", "0", "0")],
    "ds_verdict": [("Blind: no data", "2")],
    "ds_models": [
        ("Endpoint.Processes", "0", "0", "0", None, None, "Blind: no process was recorded"),
        ("Endpoint.Processes, InstallUtil", "0", "0", "0", None, None, "Blind: no process was recorded"),
        *(
            (model, "0", "0", "0", None, None, "Blind: no connection was recorded")
            for model in (
                "Network_Traffic.All_Traffic",
                "Network_Traffic.All_Traffic, with a process",
                "Endpoint.Ports",
            )
        ),
        ("Endpoint.Processes, summarised", "0", None, None, None, None, "Blind: no process was recorded"),
        ("Network_Traffic.All_Traffic, summarised", "0", None, None, None, None, "Blind: no connection was recorded"),
    ],
}


@pytest.fixture(scope="module")
def attack() -> dict[str, Any]:
    """What the renderer gets for the recording that ships."""
    log = record([str(REPO / "tests/recordings/installutil_attack.xml")])
    return feed(log, App(REPO), "current", TimeRange(TEN, EIGHT, TEN))


def rows(fed: dict[str, Any], source: str) -> list[tuple[str | None, ...]]:
    """Return the rows of a data source."""
    return list(zip(*fed["rows"][source]["columns"], strict=True))


def fields(fed: dict[str, Any], source: str) -> list[str]:
    """Return the columns of a data source."""
    return [field["name"] for field in fed["rows"][source]["fields"]]


def shown(log: Recording, source: str) -> Sequence[Mapping[str, Value]]:
    """Return the rows of one data source, as the dashboard's search finds them."""
    document = view.read((REPO / VIEW).read_bytes(), VIEW)
    assert document.value is not None
    search = view.search(document.value.dataSources, source)
    return replay(log, App(REPO), search, "current", earliest=str(EIGHT), latest=str(TEN), now=TEN).results.rows


@pytest.mark.parametrize("source", ATTACK)
def test_attack(attack: dict[str, Any], source: str) -> None:
    """A panel shows the one finding of the recording."""
    assert [list(row) for row in ATTACK[source]] == [fields(attack, source)]
    assert [tuple(row.values()) for row in ATTACK[source]] == rows(attack, source)


def test_over_time(attack: dict[str, Any]) -> None:
    """Risk over time spans the range, and shows the finding at its process's start, under its endpoint."""
    found = rows(attack, "ds_over_time")
    assert ["_time", ENDPOINT] == fields(attack, "ds_over_time")
    assert (24, "2025-06-17T08:00:00.000+00:00", "2025-06-17T09:55:00.000+00:00") == (
        len(found),
        found[0][0],
        found[-1][0],
    )
    assert [("2025-06-17T09:00:00.000+00:00", "80")] == [row for row in found if row[1] is not None]


def test_models(attack: dict[str, Any]) -> None:
    """The data models' panel shows what each holds, when its last event was, and what that means."""
    expected = ["data model", "events", "endpoints", "with GUID", "last event", "quiet for", "meaning"]
    assert expected == fields(attack, "ds_models")
    assert MODELS == rows(attack, "ds_models")


def test_drilldown(attack: dict[str, Any]) -> None:
    """A click on a finding leads to a search of this app that finds it, and only it."""
    (handler,) = attack["definition"]["visualizations"]["viz_list"]["eventHandlers"]
    finding = ATTACK["ds_list"][0]["finding"]
    # As Splunk's renderer inserts it: a quoted string, then escaped for an address; see dist/dashboard/queries.json.
    url = urlsplit(handler["options"]["url"].replace("$row.finding.value|s|u$", quote(json.dumps(finding))))
    (search,) = parse_qs(url.query)["q"]
    log = record([str(REPO / "tests/recordings/installutil_attack.xml")])
    found = replay(log, App(REPO), search, "current").results.rows
    assert "/app/DA-ESS-InstallUtilRBA/search" == url.path
    assert [finding] == [row["risk_finding_id"] for row in found]


def test_empty_log() -> None:
    """Without an event every panel's search runs, finds nothing, and says that this is for lack of data."""
    fed = feed(recording([]), App(REPO), "current", TimeRange(TEN, EIGHT, TEN))
    found = {source: rows(fed, source) for source in fed["rows"] if source != "ds_data"}
    assert {source: EMPTY.get(source, []) for source in found} == found


@pytest.mark.parametrize(
    ("events", "meanings"),
    [
        (
            [connection("A", 1, EIGHT + 120, guid(1))],
            [
                "Blind: no process was recorded",
                "Blind: no process was recorded",
                "Connections of any product",
                "Matched by GUID: current add-on",
                "Not filled, as usual with a current add-on",
                "Blind: no process was recorded",
                "Accelerated",
            ],
        ),
        (
            [process("A", 1, EIGHT + 60, guid(1)) | {"Image": r"C:\a.exe", "OriginalFileName": "a.exe"}],
            [
                "Processes are recorded",
                "No process of InstallUtil was recorded",
                *["Blind: no connection was recorded"] * 3,
                "Accelerated",
                "Blind: no connection was recorded",
            ],
        ),
    ],
)
def test_meaning(events: list[dict[str, Any]], meanings: list[str]) -> None:
    """Nothing is said of InstallUtil where no process was recorded, nor of an add-on where no connection was."""
    assert meanings == [row["meaning"] for row in shown(recording(events), "ds_models")]


FULL = [process("A", 1, EIGHT + 60, guid(1)), connection("A", 1, EIGHT + 120, guid(1))]
NAMELESS = connection("A", 1, EIGHT + 120, None) | {"ProcessId": None}


@pytest.mark.parametrize(
    ("claim", "events", "addon", "hours", "verdict"),
    [
        ("processes and connections, by GUID", FULL, "current", 2, ("Yes: current add-on, by GUID", "0")),
        ("no GUID in the data model of connections", FULL, "cim5", 2, ("Yes: no GUID there, by PID", "0")),
        ("connections with GUIDs in Ports", FULL, "legacy", 2, ("Yes: legacy add-on, by GUID", "0")),
        ("connections alone", FULL[1:], "current", 2, ("Blind: no processes", "2")),
        ("processes alone", FULL[:1], "current", 2, ("Blind: no connections", "2")),
        ("connections without a process", [FULL[0], NAMELESS], "current", 2, ("Blind: no connections", "2")),
        ("nothing in the range", FULL, "current", -1, ("Blind: no data", "2")),
        ("nothing for a day", FULL, "current", 25, ("Stale: no process for a day", "1")),
        (
            "no connection for a day",
            [*FULL, process("A", 2, EIGHT + 86400, guid(2))],
            "current",
            25,
            ("Stale: no connection for a day", "1"),
        ),
    ],
)
def test_verdict(claim: str, events: list[Any], addon: str, hours: int, verdict: tuple[str, str]) -> None:
    """The verdict tells whether the search could have seen anything, on whichever add-on."""
    search = "| `installutil_data` | `installutil_data_verdict`"
    earliest, latest = sorted((EIGHT, EIGHT + hours * 3600))
    done = replay(recording(events), App(REPO), search, addon, earliest=str(earliest), latest=str(latest), now=latest)
    assert [dict(zip(("verdict", "state"), verdict, strict=True))] == done.results.rows


@pytest.mark.parametrize(
    ("summarised", "verdict"),
    [(0, ("Yes, but not accelerated", "1")), (2, ("Yes: current add-on, by GUID", "0"))],
)
def test_acceleration(summarised: int, verdict: tuple[str, str]) -> None:
    """If one of the data models has no summaries in the range, the verdict says so."""
    search = (
        "| `installutil_data` "
        f'| eval events=if(data="Network_Traffic.All_Traffic, summarised",{summarised},events) | `installutil_data_verdict`'
    )
    done = replay(recording(FULL), App(REPO), search, "current", earliest=str(EIGHT), latest=str(TEN), now=TEN)
    assert [dict(zip(("verdict", "state"), verdict, strict=True))] == done.results.rows


def test_far_ends_of_a_finding() -> None:
    """The list shows five far ends and ports of a finding, and how many more there are."""
    events = [
        connection("A", 1, EIGHT + 120, guid(1), DestinationIp=f"203.0.113.{n}", DestinationPort=str(n))
        for n in range(1, 8)
    ]
    [row] = shown(recording([FULL[0], *events]), "ds_list")
    more = "and 2 more"
    assert [f"203.0.113.{n}" for n in range(1, 6)] + [more] == row["remote"]
    assert ["1", "2", "3", "4", "5", more] == row["port"]


def test_all_time() -> None:
    """Over All time the dashboard asks for a range: savedsearch would use its own, so findings and data would differ."""
    search = "| `installutil_data` | `installutil_data_verdict`"
    done = replay(recording(FULL), App(REPO), search, "current", now=TEN)
    assert [{"verdict": "Not for All time: choose a range", "state": "1"}] == done.results.rows


def test_range_of_a_log() -> None:
    """A log is drawn over the whole hours that hold its events."""
    assert TimeRange(EIGHT + 3600, EIGHT, EIGHT + 3600) == range_of(recording(FULL))


def test_definition_is_what_ships(attack: dict[str, Any]) -> None:
    """The renderer gets the definition that ships, with the log's time range as its input."""
    shipped = json.loads((REPO / VIEW).read_text(encoding="utf-8").partition("CDATA[")[2].partition("]]>")[0])
    assert "-24h@h,now" == shipped["inputs"]["input_range"]["options"]["defaultValue"]
    shipped["inputs"]["input_range"]["options"]["defaultValue"] = "1750147200,1750154400"
    assert shipped == attack["definition"]
