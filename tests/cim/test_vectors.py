"""What each add-on and the CIM make of each kind of event: cases in tests/vectors/cim_*.toml, each with its claim.

An event is `{ sysmon = 13, … }` or `{ security = 4688, … }`: its id, and its EventData. The rows that are expected are
whole, but for the fields that every event has, of which test_every_event tells.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from splreplay.cim import ADDONS, EVENT_FIELDS
from tests.conftest import REPO
from tests.logs.conftest import Loaded, event

PROVIDERS = {
    "sysmon": "Microsoft-Windows-Sysmon",
    "security": "Microsoft-Windows-Security-Auditing",
    "eventlog": "Microsoft-Windows-Eventlog",
    "services": "Service Control Manager",
}
CHANNELS = {
    "sysmon": "Microsoft-Windows-Sysmon/Operational",
    "security": "Security",
    "eventlog": "Security",
    "services": "System",
}
HOST = "HOST.example.com"
VECTORS = [
    case
    for path in sorted((REPO / "tests" / "vectors").glob("cim_*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]
CASES = [
    pytest.param(number, addon, id=f"{addon}: {case['claim']}")
    for number, case in enumerate(VECTORS)
    for addon in case.get("addons", ADDONS)
]
Row = dict[str, Any]


def xml(described: Mapping[str, Any], host: str = HOST) -> str:
    """Return an event of a case as XML."""
    [source] = PROVIDERS.keys() & described.keys()
    fields = {name: value for name, value in described.items() if name != source}
    identifier = str(described[source])
    return event(fields, event_id=identifier, provider=PROVIDERS[source], channel=CHANNELS[source], computer=host)


def host_of(number: int) -> str:
    """Return the host on which the events of a case are."""
    return f"case{number}.example.com"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], dict[str, list[Row]]]:
    """The rows of a dataset for an add-on, by host, in one log of all cases."""
    log = tmp_path_factory.mktemp("cases") / "log"
    log.write_text(
        "".join(xml(described, host_of(number)) for number, case in enumerate(VECTORS) for described in case["events"])
    )
    loaded = Loaded(log)

    @cache
    def by_host(dataset: str, addon: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in loaded.rows(dataset, addon):
            found.setdefault(str(row["host"]), []).append(row)
        return found

    return by_host


@pytest.mark.parametrize(("number", "addon"), CASES)
def test_case(rows: Callable[[str, str], dict[str, list[Row]]], number: int, addon: str) -> None:
    """The dataset has exactly the rows that the case expects."""
    case, host = VECTORS[number], host_of(number)
    common = {*EVENT_FIELDS, "vendor_product"}
    found = [
        {name: HOST if value == host else value for name, value in row.items() if name not in common}
        for row in rows(case["dataset"], addon).get(host, [])
    ]
    assert case["expect"] == found


@pytest.mark.parametrize("addon", ADDONS)
@pytest.mark.parametrize(
    ("described", "source", "vendor_product"),
    [
        ({"sysmon": 1}, "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational", "Microsoft Sysmon"),
        ({"security": 4688}, "XmlWinEventLog:Security", "Microsoft Windows"),
    ],
)
def test_every_event(
    loaded: Callable[[str], Loaded], described: dict[str, int], source: str, vendor_product: str, addon: str
) -> None:
    """A row tells when, on which host, from which channel and by which product the event came."""
    expected = {
        "_time": 1750147200.1234567,
        "host": "HOST.example.com",
        "source": source,
        "sourcetype": "XmlWinEventLog",
        "index": "main",
        "vendor_product": vendor_product,
    }
    [row] = loaded(xml(described)).rows("Endpoint.Processes", addon)
    assert expected == {name: row[name] for name in expected}


def test_claims_are_distinct() -> None:
    """No claim is made twice of one add-on."""
    names = [case.id for case in CASES]
    assert len(names) == len(set(names)) >= 60
