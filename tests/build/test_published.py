"""The values of the published detection are carried over. Its search: test_saved_searches.py."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from builder import content
from builder.detection import Detection, RiskObject, output_fields
from splreplay.app import App


@pytest.fixture(scope="module")
def detection(repo: Path) -> Detection:
    """The one detection of this repository."""
    (only,) = content.load(repo).detections
    return only


def test_identity(detection: Detection) -> None:
    """Name, author and type are the published ones; the published id, version and date are kept beside ours."""
    assert detection.published
    expected = (
        "Windows InstallUtil Remote Network Connection",
        "4fbf9270-43da-11ec-9486-acde48001122",
        1,
        date(2021, 11, 12),
        "Michael Haag, Splunk",
        "TTP",
    )
    origin = detection.published
    assert expected == (detection.name, origin.id, origin.version, origin.date, detection.author, detection.type)


def test_own_identity(detection: Detection) -> None:
    """Ours has its own id, which never changes: Enterprise Security keys its content by id and version."""
    assert "b53dea21-582a-4495-8edf-488bddf7fa62" == detection.id


def test_risk(detection: Detection) -> None:
    """Impact 80 and confidence 100 give a score of 80 for user and endpoint, with the published message."""
    assert (80, 100, 80) == (detection.tags.impact, detection.tags.confidence, detection.score)
    assert (RiskObject("user", "user", 80), RiskObject("dest", "system", 80)) == detection.rba.risk_objects
    expected = (
        "An instance of $parent_process_name$ spawning $process_name$ was identified on endpoint $dest$ "
        "by user $user$ generating a remote download."
    )
    assert expected == detection.rba.message


def test_classification(detection: Detection) -> None:
    """ATT&CK, kill chain, story, products and required fields are the published ones, with our story."""
    tags = detection.tags
    assert ("T1218.004", "T1218") == tags.mitre_attack_id
    assert ("Exploitation", "Privilege Escalation") == tags.kill_chain_phases
    assert ("Signed Binary Proxy Execution InstallUtil", "InstallUtil Risk") == tags.analytic_story
    assert ("Splunk Enterprise", "Splunk Enterprise Security", "Splunk Cloud") == tags.product
    expected = (
        "_time Processes.dest Processes.user Processes.parent_process_name Processes.parent_process "
        "Processes.original_file_name Processes.process_name Processes.process Processes.process_id "
        "Processes.parent_process_path Processes.process_path Processes.parent_process_id Ports.process_guid "
        "Ports.dest Ports.dest_port"
    )
    assert tuple(expected.split()) == tags.required_fields


def test_published_search_lacks_the_user_of_its_own_message(detection: Detection, repo: Path) -> None:
    """The published search does not output `user`, ours does: the message would show a literal $user$."""
    macros = App(repo).macros
    assert detection.published
    assert "user" not in output_fields(detection.published.search, macros)
    assert "user" in output_fields(detection.search, macros)


def test_promised_fields_are_output(detection: Detection, repo: Path) -> None:
    """The scheduled search outputs every promised field, from _time to the risk fields."""
    expected = (
        "_time dest user parent_process_name process_name process_path process process_guid process_id "
        "connection_to_CNC dest_port firstTime lastTime match_basis risk_score risk_message risk_finding_id"
    )
    assert set(expected.split()) <= output_fields(" ".join(detection.search.split()), App(repo).macros)
