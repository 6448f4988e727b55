"""Real recordings, if they are at hand: how many events each has, and how their oddities are read."""

from __future__ import annotations

import csv

import pytest

from tests.conftest import REPO
from tests.logs.conftest import Loaded

SHARED = REPO.parent / "shared" / "data"
TRAFFIC = "Network_Traffic.All_Traffic"
SYSMON_CHANNEL = {1: 3, 3: 3, 7: 120, 9: 2, 10: 331, 11: 10, 12: 114, 13: 526, 17: 2, 18: 4, 22: 1}


@pytest.mark.parametrize(
    "name, counts",
    [
        ("installutil_positive_otrf_2020-09-19.xml", {1: 1, 3: 1}),
        ("installutil_positive_otrf_2020-09-19_asis_no_ProcessId.xml", {1: 1, 3: 1}),
        ("installutil_recording_otrf_2020-09-19_sysmon_all.xml.gz", SYSMON_CHANNEL),
        ("installutil_security_otrf_2020-09-19.xml", {4688: 4, 4689: 3, 5156: 75, 5158: 108}),
        ("corpus_otrf_head.xml.gz", {1: 1994, 3: 6095}),
        ("corpus_evtx_dfirmuseum.xml.gz", {1: 1102}),
        ("corpus_evtx_omerbenamram.xml", {1: 227, 3: 2}),
        ("corpus_evtx_mdecrevoisier.xml", {1: 14, 3: 2}),
        ("swap_macro_lolbin_pairs_otrf_head.xml", {1: 8, 3: 17}),
        ("quirk_examples_otrf_head.xml", {1: 8, 3: 15}),
    ],
)
def test_every_event_of_a_recording_is_read(shared_data, name, counts):
    """It has as many of each id as its provenance says, and none is bad."""
    report = Loaded(shared_data / name).report
    assert (counts, 0) == ({event_id: n for (_, event_id), n in report.counts.items()}, report.bad_events)


# What the current add-on makes of a real event for each quirk.
QUIRKS = {
    "eid3_processguid_all_zero": {
        "process_guid": "{00000000-0000-0000-0000-000000000000}",
        "process_id": "3592",
    },
    "eid3_image_unknown_process": {"app": "<unknown process>"},
    # The shipper had already escaped it; it is resolved once, like any value.
    "eid3_image_unknown_process_double_escaped": {"app": "&lt;unknown process&gt;"},
    "eid3_image_System_no_path": {"app": "System"},
    "eid3_user_dash": {"user": "-"},
    "eid3_initiated_false_inbound": {"direction": "inbound"},
    "eid3_ipv6_loopback_expanded": {"dest": "unknown", "dest_ip": "0:0:0:0:0:0:0:1"},
    "eid3_ipv6_linklocal": {"dest": "unknown", "dest_ip": "fe80:0:0:0:5cb9:6d15:e592:60fe"},
    "eid3_ipv4_loopback": {"dest": "unknown", "dest_ip": "127.0.0.1"},
    "eid3_udp": {"transport": "udp", "dest_port": "49246"},
    "eid3_multicast_or_broadcast": {"dest_ip": "224.0.0.251", "dest_port": "5353"},
    "eid3_src_equals_dest_ip": {"src_ip": "172.18.38.5", "dest_ip": "172.18.38.5"},
    "eid3_dest_hostname_set": {"dest": "ip-172-18-39-8.ec2.internal", "dest_ip": "172.18.39.8"},
    "eid3_no_ProcessId_field": {"process_id": None},
    # 2023-07-19T16:03:38.839Z, a day after its UtcTime.
    "eid3_UtcTime_over_1day_before_TimeCreated": {"_time": 1689782618.839},
    "eid1_originalfilename_dash": {"original_file_name": "unknown"},
    "eid1_renamed_basename_ne_originalfilename": {
        "original_file_name": "msedgeupdate.dll",
        "process_name": "MicrosoftEdgeUpdate.exe",
    },
    "eid1_basename_case_differs": {"original_file_name": "Wmiprvse.exe", "process_name": "WmiPrvSE.exe"},
    "eid1_quotes_both_kinds": {"process_name": "powershell.exe"},
    "eid1_lt_gt_amp_in_commandline": {
        "process": r'"C:\Windows\System32\cmd.exe" /c gpresult /scope:computer /v 1> config\gpresult.txt 2>&1'
    },
    "eid1_commandline_over_5000_chars": {"process_name": "powershell.exe"},
    "eid1_parent_guid_zero": {
        "parent_process_guid": "{00000000-0000-0000-0000-000000000000}",
        "parent_process_name": "-",
    },
    "eid1_parentuser_present": {"user": "Administrator"},
}


def quirks() -> list[dict[str, str]]:
    """The quirks that real events have."""
    path = SHARED / "quirk_examples_index.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as rows:
        return [row for row in csv.DictReader(rows) if row["line_in_quirk_examples"]]


@pytest.mark.parametrize("quirk", quirks(), ids=lambda quirk: quirk["quirk"])
def test_a_quirk_of_a_real_event(shared_data, tmp_path, quirk):
    """Each listed oddity of real logs has its expected row."""
    lines = (shared_data / "quirk_examples_otrf_head.xml").read_text(encoding="utf-8").split("\n")
    path = tmp_path / "quirk.xml"
    path.write_text(lines[int(quirk["line_in_quirk_examples"]) - 1], encoding="utf-8")
    log = Loaded(path)
    [row] = log.rows("Endpoint.Processes") + log.rows(TRAFFIC)
    expected = QUIRKS[quirk["quirk"]]
    assert expected == {field: row.get(field) for field in expected}


@pytest.mark.parametrize(
    "quirk, length, quotes",
    [("eid1_quotes_both_kinds", 7349, (4, 2)), ("eid1_commandline_over_5000_chars", 5213, (2, 0))],
)
def test_a_long_command_line_is_whole(shared_data, quirk, length, quotes):
    """It has its length, and as many double and single quotes as it should."""
    log = Loaded(shared_data / "quirk_examples_otrf_head.xml")
    [guid] = [row["ProcessGuid"] for row in quirks() if row["quirk"] == quirk]
    [line] = [row["process"] for row in log.rows("Endpoint.Processes") if row["process_guid"] == guid]
    assert (length, quotes) == (len(line), (line.count('"'), line.count("'")))
