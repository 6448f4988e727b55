"""A search that the log cannot answer says so: an empty answer is told from a blind one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from splreplay.app import App
from splreplay.cim import ADDONS
from splreplay.recording import record
from tests.cim.test_vectors import xml
from tests.conftest import REPO
from tests.replay.searches import replay

CREATED = {"sysmon": 1, "Image": r"C:\a\b.exe", "OriginalFileName": "b.exe"}
CONNECTED = {
    "sysmon": 3,
    "Image": r"C:\a\b.exe",
    "ProcessGuid": "{g}",
    "DestinationIp": "203.0.113.10",
    "DestinationPort": "443",
}
STARTED = {"security": 4688, "NewProcessName": r"C:\a\b.exe", "NewProcessId": "0x4"}
BOUND = {"security": 5158, "ProcessId": "4", "SourcePort": "443"}
SCHEDULED = "Windows InstallUtil Remote Network Connection"
PUBLISHED = f"{SCHEDULED} - As Published"
OUTSIDE = (
    "this search is blind: no event of this log is in the time range: "
    "the first is of 2025-06-17T08:00:00.123+00:00, the last of 2025-06-17T08:00:00.123+00:00"
)

Warnings = Callable[..., list[str]]


@pytest.fixture
def warnings(tmp_path: Path) -> Warnings:
    """Return the warnings of a search over a log of some events."""

    def run(search: str, *events: dict[str, object], addon: str = "current") -> list[str]:
        log = tmp_path / "log.xml"
        log.write_text("".join(map(xml, events)), encoding="utf-8")
        found = replay(record([str(log)]), App(REPO), search, addon)
        return list(found.results.warnings)

    return run


@pytest.mark.parametrize(
    ("dataset", "addon", "events"),
    [
        ("Endpoint.Filesystem", "current", "Sysmon 11, 23"),
        ("Endpoint.Filesystem", "legacy", "Sysmon 11"),
        ("Endpoint.Ports", "cim5", "Security 5158"),
        ("Endpoint.Ports", "legacy", "Sysmon 3 and Security 5158"),
        ("Network_Resolution.DNS", "current", "Sysmon 22"),
    ],
)
def test_a_dataset_without_events(warnings: Warnings, dataset: str, addon: str, events: str) -> None:
    """The warning names the dataset, and what would fill it."""
    expected = f"this search is blind in {dataset}: no event of this log fills it (this add-on does from {events})"
    assert [expected] == warnings(f"| tstats count from datamodel={dataset}", CREATED, addon=addon)


@pytest.mark.parametrize("dataset", ["Web.Web", "Updates.Updates"])
@pytest.mark.parametrize("addon", ADDONS)
def test_a_dataset_that_nothing_fills(warnings: Warnings, dataset: str, addon: str) -> None:
    """Of web traffic and of updates replay knows no event."""
    expected = [f"this search is blind in {dataset}: replay knows no event that fills it"]
    assert expected == warnings(f"| tstats count from datamodel={dataset}", CREATED, addon=addon)


def test_a_subsearch_can_be_blind(warnings: Warnings) -> None:
    """A dataset that a subsearch reads is named as well."""
    search = (
        "| tstats count from datamodel=Endpoint.Processes | append [| tstats count from datamodel=Endpoint.Registry]"
    )
    expected = "this search is blind in Endpoint.Registry: no event of this log fills it (this add-on does from Sysmon 12, 13, 14 and Security 4657)"
    assert [expected] == warnings(search, CREATED)


def test_a_dataset_with_events(warnings: Warnings) -> None:
    """A dataset that has events is not blind, though the search finds none of them."""
    assert [] == warnings("| tstats count from datamodel=Endpoint.Processes where Processes.process_name=x", CREATED)


@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        (None, None, []),
        ("2020-01-01", None, []),
        ("2026-01-01", None, [OUTSIDE]),
        ("2020-01-01", "2020-01-02", [OUTSIDE]),
    ],
)
@pytest.mark.parametrize(
    "search", ["| tstats count from datamodel=Endpoint.Processes by Processes.user", "search host=*"]
)
def test_a_time_range_without_events(
    tmp_path: Path, search: str, earliest: str | None, latest: str | None, expected: list[str]
) -> None:
    """Where no event of the log is in the time range, the run says so, and says where the log begins and ends."""
    log = tmp_path / "log.xml"
    log.write_text(xml(CREATED), encoding="utf-8")
    recording = record([str(log)])
    found = replay(recording, App(REPO), search, "current", earliest=earliest, latest=latest).results
    assert expected == list(found.of_kind("blind"))


def test_a_time_range_with_events(tmp_path: Path) -> None:
    """That nothing was found among events of the time range is no reason to warn."""
    log = tmp_path / "log.xml"
    log.write_text(xml(CREATED), encoding="utf-8")
    search = "| tstats count from datamodel=Endpoint.Processes where Processes.process_name=x by Processes.user"
    found = replay(record([str(log)]), App(REPO), search, "current", earliest="2020-01-01")
    assert [] == list(found.results.of_kind("blind"))


def test_a_filler_is_a_group(warnings: Warnings) -> None:
    """A field that the CIM fills costs a by no row."""
    created = {"sysmon": 12, "TargetObject": "HKLM\\x"}
    assert [] == warnings("| tstats count from datamodel=Endpoint.Registry by Registry.user", created)


@pytest.mark.parametrize(
    ("clause", "fields"),
    [
        ("where Processes.process_guid=x", "Endpoint.Processes.process_guid"),
        ("where NOT Processes.user=x", "Endpoint.Processes.user"),
        ("by Processes.process_name Processes.process_hash", "Endpoint.Processes.process_hash"),
        (
            "where Processes.user=x Processes.process_guid=y",
            "Endpoint.Processes.process_guid, Endpoint.Processes.user",
        ),
    ],
)
def test_a_field_without_values(warnings: Warnings, clause: str, fields: str) -> None:
    """A field that where tests or by loses rows for is named where no event has a value in it, or the CIM's filler."""
    expected = f"this search is blind in {fields}: no event of this log has a value there"
    assert [expected] == warnings(f"| tstats count from datamodel=Endpoint.Processes {clause}", STARTED)


@pytest.mark.parametrize(
    "search",
    [
        "| tstats fillnull_value=null count from datamodel=Endpoint.Processes by Processes.process_guid",
        "| tstats values(Processes.process_guid) from datamodel=Endpoint.Processes",
        "| tstats count from datamodel=Endpoint.Processes where Processes.process_name=b.exe by Processes.process_id host",
    ],
)
def test_a_field_that_costs_no_row(warnings: Warnings, search: str) -> None:
    """A field that has values, or that no row is lost for, is not named."""
    assert [] == warnings(search, STARTED)


def test_a_port_of_zero_is_no_value(warnings: Warnings) -> None:
    """Where no event has the port, the CIM fills in 0."""
    expected = ["this search is blind in Endpoint.Ports.dest_port: no event of this log has a value there"]
    assert expected == warnings("| tstats count from datamodel=Endpoint.Ports where Ports.dest_port!=0", BOUND)


def test_a_code_of_zero_is_a_value(warnings: Warnings) -> None:
    """Elsewhere 0 is what the event says."""
    asked = {"sysmon": 22, "QueryName": "a", "QueryStatus": "0", "QueryResults": "-"}
    search = "| tstats count from datamodel=Network_Resolution.DNS where DNS.reply_code_id=0"
    assert [] == warnings(search, asked)


def test_an_answer_that_nobody_gave(warnings: Warnings) -> None:
    """A field of several values is empty where each is the CIM's filler."""
    asked = {"sysmon": 22, "QueryName": "a", "QueryStatus": "9003", "QueryResults": "-"}
    expected = ["this search is blind in Network_Resolution.DNS.answer: no event of this log has a value there"]
    assert expected == warnings("| tstats count from datamodel=Network_Resolution.DNS where DNS.answer=x", asked)


def test_the_scheduled_search_on_a_current_log(warnings: Warnings) -> None:
    """It reads Ports beside All_Traffic by design, and is silent while one of them has connections."""
    assert [] == warnings(App(REPO).saved_search(SCHEDULED).search, CREATED, CONNECTED)


def test_the_scheduled_search_on_a_log_without_connections(warnings: Warnings) -> None:
    """Without any connection, it is blind in both."""
    found = warnings(App(REPO).saved_search(SCHEDULED).search, CREATED)
    expected = ["Network_Traffic.All_Traffic", "Endpoint.Ports"]
    assert expected == [text.removeprefix("this search is blind in ").partition(":")[0] for text in found]


def test_the_scheduled_search_on_ports_alone(warnings: Warnings) -> None:
    """Ports that carry no connection make up for nothing."""
    found = warnings(App(REPO).saved_search(SCHEDULED).search, CREATED, BOUND)
    expected = "Endpoint.Ports.dest_port, Endpoint.Ports.process_guid: no event of this log has a value there"
    assert [f"this search is blind in {expected}"] == found


def test_the_published_search_on_a_current_log(warnings: Warnings) -> None:
    """The published search is told to be blind where it is."""
    expected = (
        "this search is blind in Endpoint.Ports: no event of this log fills it (this add-on does from Security 5158)"
    )
    assert [expected] == warnings(App(REPO).saved_search(PUBLISHED).search, CREATED, CONNECTED)
