"""The recordings that ship: what they hold, and that their README tells their story."""

from __future__ import annotations

import re

import pytest

from splreplay.cim import ADDONS
from tests.conftest import REPO
from tests.logs.conftest import Loaded

RECORDINGS = REPO / "tests" / "recordings"


@pytest.mark.parametrize(
    "name, events",
    [("installutil_attack.xml", 94), ("installutil_near_misses.xml", 31), ("installutil_inbound.xml", 3)],
)
def test_a_recording_is_read_whole(name, events):
    """None of its events is bad."""
    report = Loaded(RECORDINGS / name).report
    assert (events, 0) == (report.events, report.bad_events)


def test_every_address_and_domain_is_reserved_for_documentation():
    """They are those of RFC 5737, 3849 and 2606, loopback and multicast DNS; nobody's real machine is named."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(RECORDINGS.glob("installutil_*")))
    addresses = set(re.findall(r"Ip'?(?:>|\": \")([0-9a-f.:]+)", text))
    reserved = re.compile(r"(192\.0\.2|198\.51\.100|203\.0\.113|127)\.|224\.0\.0\.251|2001:db8:|(0:){7}1$|::1$")
    names = set(re.findall(r"[\w.-]+\.(?:com|org|net|local)\b", text))
    example = re.compile(r"(^|\.)example\.(com|org|net)$")
    assert ([], []) == (
        [address for address in addresses if not reserved.match(address)],
        [name for name in names if not example.search(name) and name != "schemas.microsoft.com"],
    )


ATTACK = {
    "dest": "WKS-014.corp.example.com",
    "user": "m.lopez",
    "parent_process_name": "cmd.exe",
    "process_name": "InstallUtil.exe",
    "process_id": "7316",
}


@pytest.mark.parametrize("addon", ADDONS)
def test_one_installutil_connects_to_one_remote_address(addon):
    """One process makes three connections to one far end; no other InstallUtil connects to a remote address."""
    log = Loaded(RECORDINGS / "installutil_attack.xml")
    processes = {
        (row["dest"], row["process_id"]): row
        for row in log.rows("Endpoint.Processes", addon)
        if row["process_name"] == "InstallUtil.exe" and "parent_process_guid" in row  # its start, not its end
    }
    traffic = [
        row
        for row in log.rows("Network_Traffic.All_Traffic", addon)
        if row["app"].endswith(r"\InstallUtil.exe") and row["dest_ip"] not in ("127.0.0.1", "0:0:0:0:0:0:0:1")
    ]
    assert [("203.0.113.10", "443")] * 3 == [(row["dest_ip"], row["dest_port"]) for row in traffic]
    [key] = {(row["dvc"], row["process_id"]) for row in traffic}
    assert {field: processes[key][field] for field in ATTACK} == ATTACK


def test_the_pids_of_the_two_machines_overlap():
    """Each InstallUtil that matters shares its PID with a program that connects on the other machine."""
    log = Loaded(RECORDINGS / "installutil_attack.xml")
    owners = sorted(
        (computer.split(".")[0], pid, image.rpartition("\\")[2])
        for event_id, computer, pid, image in log.select("event_id", "computer", "ProcessId", "Image")
        if event_id == 1 and pid in ("7316", "5120")
    )
    assert [
        ("DEV-007", "5120", "InstallUtil.exe"),
        ("DEV-007", "7316", "chrome.exe"),
        ("WKS-014", "5120", "OneDrive.exe"),
        ("WKS-014", "7316", "InstallUtil.exe"),
    ] == owners


def test_one_command_line_has_raw_newlines():
    """It is as a forwarder sends it, in the process's own event and, as the parent's, in its child's."""
    log = Loaded(RECORDINGS / "installutil_attack.xml")
    lines = [line for name in ("CommandLine", "ParentCommandLine") for line in log.values(name) if "\n" in (line or "")]
    assert [lines[0]] * 2 == lines
