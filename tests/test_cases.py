"""Inputs of people who do this job that once went wrong, each with its right answer: ../shared/cases, README.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPO
from tests.program import Ran, splreplay

CASES = REPO.parent / "shared" / "cases"
INSTALLUTIL = r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\InstallUtil.exe"
# The finding in every form of the same two events, a process and its connection.
FINDING = {
    "_time": "2025-06-17T09:04:02.000+00:00",
    "dest": "WKS-1.corp.example.com",
    "user": "m.lopez",
    "parent_process_name": "cmd.exe",
    "process_name": "InstallUtil.exe",
    "process_path": INSTALLUTIL,
    "process": r"InstallUtil.exe /U C:\Temp\a b.dll",
    "process_guid": "{7c1e4a52-2f82-6851-0395-000000002a00}",
    "process_id": "7316",
    "connection_to_CNC": "203.0.113.10",
    "dest_port": "443",
    "firstTime": "2025-06-17T09:04:07",
    "lastTime": "2025-06-17T09:04:07",
    "match_basis": "guid",
    "risk_score": "80",
    "risk_impact": "80",
    "risk_confidence": "100",
    "risk_message": "An instance of cmd.exe spawning InstallUtil.exe was identified on endpoint WKS-1.corp.example.com by user"
    " m.lopez generating a remote download.",
    "risk_detection": "Windows InstallUtil Remote Network Connection",
    "risk_user": "m.lopez",
    "risk_system": "WKS-1.corp.example.com",
    "threat_objects": ["parent_process_name=cmd.exe", "process_name=InstallUtil.exe", "ip_address=203.0.113.10"],
    "annotations.mitre_attack": ["T1218.004", "T1218"],
    "risk_score_reason": "base 80 = impact 80 x confidence 100 / 100",
    "risk_status": "scored",
    "risk_finding_id": "58b9bc29abdcfabdff90061df7a64c04",
}

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases (../shared/cases) are not on this machine")


def run(*logs: str, spl: str = "") -> Ran:
    """Run a search over some of the cases, by default the one that ships, and have the results as JSON."""
    search = ["--spl", spl] if spl else []
    return splreplay("run", *(str(CASES / log) for log in logs), *search, "--format", "json")


def rows(*logs: str, spl: str = "") -> list[dict[str, Any]]:
    """Return the results of a run that answers with status 0."""
    ran = run(*logs, spl=spl)
    assert ran.status == 0, ran.stderr
    return json.loads(ran.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("log", "spl", "answer"),
    [
        ("logon.xml", "EventCode=4624 | stats count by LogonType", [{"LogonType": "3", "count": "1"}]),
        ("logon.xml", "EventCode=4624 LogonType=3 | stats count", [{"count": "1"}]),
        ("logon.xml", "EventCode=4624 LogonType=2 | stats count", [{"count": "0"}]),
        ("logon.xml", "index=windows EventCode=4624 | stats count", [{"count": "0"}]),
        (
            "logon.xml",
            "EventID=4624 | table host Computer EventID",
            [{"host": "WKS-1.corp.example.com", "Computer": "WKS-1.corp.example.com", "EventID": "4624"}],
        ),
        ("lsass.xml", "EventCode=10 | stats count by NoSuchField", []),
        ("lsass.xml", "EventCode=10 | stats count by GrantedAccess", [{"GrantedAccess": "0x1410", "count": "1"}]),
        ("winlogbeat7_module.jsonl", "EventCode=1 | stats count by Image", [{"Image": INSTALLUTIL, "count": "1"}]),
        ("splunk_export.jsonl", "* | stats count", [{"count": "2"}]),
        ("splunk_export_quotes.csv", "* | stats count", [{"count": "2"}]),
        ("evtx_dump.jsonl", "* | stats count", [{"count": "2"}]),
        ("elastic_hits_pretty.json", "* | stats count", [{"count": "2"}]),
        ("winlogbeat7_module.jsonl", "* | stats count", [{"count": "2"}]),
    ],
)
def test_search(log: str, spl: str, answer: list[dict[str, str]]) -> None:
    """A search over a case has exactly these results."""
    assert answer == rows(log, spl=spl)


@pytest.mark.parametrize(
    ("log", "process"),
    [
        ("splunk_export.jsonl", FINDING["process"]),
        ("evtx_dump.jsonl", FINDING["process"]),
        ("elastic_hits_pretty.json", FINDING["process"]),
        ("winlogbeat7_module.jsonl", FINDING["process"]),
        ("splunk_export_quotes.csv", r'"C:\Windows\InstallUtil.exe" /U "C:\Temp\a b.dll"'),
    ],
)
def test_finding(log: str, process: str) -> None:
    """Two events are one finding, whole, in whatever form they come."""
    assert [FINDING | {"process": process}] == rows(log)


@pytest.mark.parametrize(
    ("spl", "field", "other"),
    [
        ("index=windows EventCode=4624 | stats count", "windows", "main"),
        ("source=WinEventLog:Security EventCode=4624 | stats count", "WinEventLog:Security", "XmlWinEventLog:Security"),
        ("sourcetype=linux_secure EventCode=4624 | stats count", "linux_secure", "XmlWinEventLog"),
    ],
)
def test_nothing_can_have_it(spl: str, field: str, other: str) -> None:
    """A warning names the index, source or source type that no event has; there is none for one that events have."""
    warned, fine = run("logon.xml", spl=spl), run("logon.xml", spl=spl.replace(field, other))
    assert ([{"count": "0"}], [{"count": "1"}]) == (json.loads(warned.stdout), json.loads(fine.stdout))
    assert (True, False) == (bool(_warnings(warned, field)), bool(_warnings(fine, f"={other}")))


@pytest.mark.parametrize(("log", "spl"), [("logon.xml", "EventCode=4624 LogonType=3"), ("lsass.xml", "TargetImage=*")])
def test_no_false_blindness(log: str, spl: str) -> None:
    """No field that an event has is said to be one that no event has."""
    assert [] == _warnings(run(log, spl=f"{spl} | stats count"), "LogonType|TargetImage|such a field|blind")


@pytest.mark.parametrize(("field", "told"), [("NoSuchField", True), ("GrantedAccess", False)])
def test_a_field_that_no_event_has(field: str, told: bool) -> None:
    """A command that reads a field that no event has is told of; one whose field is there is not."""
    ran = run("lsass.xml", spl=f"EventCode=10 | stats count by {field}")
    assert (0, told) == (ran.status, bool(_warnings(ran, field)))


def _warnings(ran: Ran, pattern: str) -> list[str]:
    return [line for line in ran.stderr.splitlines() if line.startswith("warning: ") and re.search(pattern, line)]


def test_detection() -> None:
    """The test of a detection that reads a field of its own event passes."""
    ran = splreplay("test", str(CASES / "lsass_access.yml"))
    assert (0, "", ["PASSED"]) == (ran.status, ran.stderr, re.findall("PASSED|FAILED|BLIND|SKIPPED", ran.stdout)[:1])


def test_empty_log_alone() -> None:
    """A log without events is an error that says so, without a number of records that cannot be."""
    ran = run("empty_log.evtx")
    assert (3, "", True, False) == (ran.status, ran.stdout, "holds no event" in ran.stderr, "18,446" in ran.stderr)


def test_empty_log_beside_another() -> None:
    """A log without events is named and passed over, and the other one answered; the exit status says so."""
    ran = run("empty_log.evtx", "lsass.xml", spl="EventCode=10 | stats count")
    assert [{"count": "1"}] == json.loads(ran.stdout)
    assert (True, True, False) == (
        ran.status not in (0, 2, 3),
        "empty_log.evtx" in ran.stderr,
        "lsass.xml" in ran.stderr,
    )
    assert "18,446" not in ran.stderr


def test_no_checksum() -> None:
    """The flag 0x4 of an .evtx file says that it has no checksum: none is called wrong, in a log without events."""
    ran = run("no_crc32_flag.evtx", spl="* | stats count")
    assert (3, "", True, []) == (
        ran.status,
        ran.stdout,
        "holds no event" in ran.stderr,
        re.findall("checksum", ran.stderr),
    )


def test_local_time() -> None:
    """A record whose time and UtcTime are 7 hours apart is told of, with the difference; one without is not."""
    apart, together = (run(log, spl="search * | table _time") for log in ("local_time.jsonl", "lsass.xml"))
    assert (0, 0) == (apart.status, together.status)
    assert [{"_time": "2025-06-17T02:04:02.110+00:00"}] == json.loads(apart.stdout)
    assert (True, False) == ("UtcTime" in apart.stderr and "7" in apart.stderr, "UtcTime" in together.stderr)


@pytest.mark.parametrize("written", ["$dest$", "$dest"])
def test_open_token(written: str, tmp_path: Path) -> None:
    """A message whose `$dest` lacks its closing `$` is a finding of check, at its line; a closed one is none."""
    text = (CASES / "open_token.yml").read_text(encoding="utf-8")
    (tmp_path / "detection.yml").write_text(text.replace("$dest'", f"{written}'"), encoding="utf-8")
    ran = splreplay("check", str(tmp_path / "detection.yml"))
    told = [line for line in ran.stdout.splitlines() if re.search(r":15:\d+: .*\$dest", line)]
    assert (0, written == "$dest") == (ran.status, bool(told))
