"""The searches that ship, over recorded and made networks: what they find, and what the published one gets wrong."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

import pytest

from comparison import compare
from splreplay import engine, limits
from splreplay.app import App
from splreplay.output import Results
from tests.conftest import REPO
from tests.replay.network import (
    NOON,
    Event,
    audited_connection,
    audited_process,
    connection,
    ended,
    guid,
    process,
    recording,
)
from tests.replay.searches import replay

SCHEDULED = "Windows InstallUtil Remote Network Connection"
PUBLISHED = f"{SCHEDULED} - As Published"
HUNT = f"{SCHEDULED} - Hunt"
ADDONS = ("current", "cim5", "legacy")
RECORDINGS = REPO / "tests" / "recordings"
ATTACK = "installutil_recording_otrf_2020-09-19_sysmon_all.xml.gz"
SECURITY = "installutil_security_otrf_2020-09-19.xml"
CORPORA = (
    "corpus_otrf_head.xml.gz",
    "corpus_evtx_dfirmuseum.xml.gz",
    "corpus_evtx_omerbenamram.xml",
    "corpus_evtx_mdecrevoisier.xml",
)
EVERY_PROCESS = "process_installutil=Processes.process_name=*"


def search(log: engine.Recording, name: str, addon: str, *macros: str) -> Results:
    """Run a saved search of this checkout."""
    app = App(REPO, macros)
    return replay(log, app, app.saved_search(name).search, addon).results


def find(log: engine.Recording, addon: str, *macros: str) -> list[tuple[str, ...]]:
    """Return host, PID, far end, port and match of each result of the scheduled search."""
    fields = ("dest", "process_id", "connection_to_CNC", "dest_port", "match_basis")
    return [tuple(str(row.get(field)) for field in fields) for row in search(log, SCHEDULED, addon, *macros).rows]


@pytest.fixture(scope="module")
def attack(shared_data: Path) -> engine.Recording:
    """The recorded attack, all of its Sysmon channel."""
    return engine.record([str(shared_data / ATTACK)])


@pytest.fixture(scope="module")
def corpora(shared_data: Path) -> engine.Recording:
    """Processes and connections of public recordings, 9,436 events."""
    return engine.record([str(shared_data / name) for name in CORPORA])


# The attack


@pytest.mark.parametrize(("addon", "basis"), [("current", "guid"), ("cim5", "pid"), ("legacy", "guid")])
def test_recorded_attack(attack: engine.Recording, addon: str, basis: str) -> None:
    """The recorded attack is one result, the same finding on every add-on, scored, with every token filled."""
    image = r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\InstallUtil.exe"
    expected = {
        "_time": "1600564693",
        "dest": "WORKSTATION5.theshire.local",
        "user": "pgustavo",
        "parent_process_name": "cmd.exe",
        "process_name": "InstallUtil.exe",
        "process_path": image,
        "process": image + r"  /logfile= /LogToConsole=false /u c:\ProgramData\GruntHTTP.dll",
        "process_guid": "{b34bc01c-add5-5f66-2210-000000000400}",
        "process_id": "4232",
        "connection_to_CNC": "10.10.10.5",
        "dest_port": "80",
        "firstTime": "2020-09-20T01:18:16",
        "lastTime": "2020-09-20T01:18:16",
        "match_basis": basis,
        "risk_score": "80",
        "risk_impact": "80",
        "risk_confidence": "100",
        "risk_message": "An instance of cmd.exe spawning InstallUtil.exe was identified on endpoint "
        "WORKSTATION5.theshire.local by user pgustavo generating a remote download.",
        "risk_detection": SCHEDULED,
        "risk_user": "pgustavo",
        "risk_system": "WORKSTATION5.theshire.local",
        "threat_objects": [
            "parent_process_name=cmd.exe",
            "process_name=InstallUtil.exe",
            "ip_address=10.10.10.5",
        ],
        "annotations.mitre_attack": ["T1218.004", "T1218"],
        "risk_score_reason": "base 80 = impact 80 x confidence 100 / 100",
        "risk_status": "scored",
        "risk_finding_id": "0b263208102dffc16ec1423710c529f8",
    }
    assert [expected] == list(search(attack, SCHEDULED, addon).rows)


@pytest.mark.parametrize("addon", ADDONS)
def test_security_channel(attack: engine.Recording, shared_data: Path, addon: str) -> None:
    """In the Security channel of the same attack it is the same finding, without a GUID and so by PID."""
    security = search(engine.record([str(shared_data / SECURITY)]), SCHEDULED, addon).rows
    [sysmon] = search(attack, SCHEDULED, addon).rows
    # 5156 is written when the connection is allowed, two seconds before Sysmon's event 3.
    other = {
        "process_guid": None,
        "firstTime": "2020-09-20T01:18:14",
        "lastTime": "2020-09-20T01:18:14",
        "match_basis": "pid",
        "risk_finding_id": "ee5826f2ac026c27378ff70f84490c60",
    }
    assert [{name: value for name, value in (sysmon | other).items() if value}] == list(security)


@pytest.mark.parametrize(("addon", "basis"), [("current", "guid"), ("cim5", "pid"), ("legacy", "guid")])
def test_both_channels(shared_data: Path, addon: str, basis: str) -> None:
    """Where Sysmon and the Security channel both tell of the attack, it is one finding, with Sysmon's GUID."""
    log = engine.record([str(shared_data / name) for name in (ATTACK, SECURITY)])
    found = search(log, SCHEDULED, addon).rows
    expected = ("{b34bc01c-add5-5f66-2210-000000000400}", "4232", "10.10.10.5", basis)
    fields = ("process_guid", "process_id", "connection_to_CNC", "match_basis")
    assert [expected] == [tuple(row[field] for field in fields) for row in found]


STRADDLING = [(NOON + 0.999, NOON + 1.001), (NOON + 1.001, NOON + 0.999)]


@pytest.mark.parametrize("addon", ADDONS)
@pytest.mark.parametrize(("sysmon", "security"), STRADDLING)
def test_both_channels_around_a_second(addon: str, sysmon: float, security: float) -> None:
    """Where the two channels put one start into two seconds, it is still one finding, with Sysmon's GUID."""
    log = recording(
        [
            process("wks", 100, sysmon, guid(1)),
            connection("wks", 100, NOON + 5, guid(1)),
            audited_process("wks", 100, security),
            audited_connection("wks", 100, NOON + 5),
        ]
    )
    assert [guid(1)] == [row.get("process_guid") for row in search(log, SCHEDULED, addon).rows]


@pytest.mark.parametrize("addon", ADDONS)
def test_both_channels_spell_ipv6(addon: str) -> None:
    """Sysmon writes an address of IPv6 in full, the Security channel may shorten it: it is one far end."""
    log = recording(
        [
            process("wks", 100, NOON, guid(1)),
            connection("wks", 100, NOON + 5, guid(1), DestinationIp="2001:db8:0:0:0:0:0:19"),
            audited_process("wks", 100, NOON),
            audited_connection("wks", 100, NOON + 5, DestAddress="2001:DB8::19"),
        ]
    )
    assert ["2001:db8:0:0:0:0:0:19"] == [row["connection_to_CNC"] for row in search(log, SCHEDULED, addon).rows]


@pytest.mark.parametrize(
    ("short", "expected"),
    [
        ("2001:db8::19", "2001:db8:0:0:0:0:0:19"),
        ("::2", "0:0:0:0:0:0:0:2"),
        ("fe80::", "fe80:0:0:0:0:0:0:0"),
        ("::", "0:0:0:0:0:0:0:0"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("203.0.113.10", "203.0.113.10"),
        ("cdn.example.com", "cdn.example.com"),
        ("::ffff:203.0.113.10", "::ffff:203.0.113.10"),
    ],
)
def test_long_form(attack: engine.Recording, short: str, expected: str) -> None:
    """An address of IPv6 that leaves zeros out gets them back; all else stays as it is."""
    spl = f'| makeresults | eval a="{short}", b=`installutil_address(a)`'
    assert expected == replay(attack, App(REPO), spl, "current").results.rows[0]["b"]


@pytest.mark.parametrize("addon", ADDONS)
def test_security_channel_on_a_share(addon: str) -> None:
    """InstallUtil that was run from a share is found in the Security channel, which writes its path in two ways."""
    log = recording(
        [
            audited_process("wks", 100, NOON, NewProcessName=r"\\srv\share\InstallUtil.exe"),
            audited_connection("wks", 100, NOON + 5, Application=r"\device\mup\srv\share\installutil.exe"),
        ]
    )
    assert 1 == len(search(log, SCHEDULED, addon).rows)


@pytest.mark.parametrize("addon", ADDONS)
def test_hunt(attack: engine.Recording, addon: str) -> None:
    """The hunting search, which can be run by hand, finds what the scheduled one does."""
    assert list(search(attack, SCHEDULED, addon).rows) == list(search(attack, HUNT, addon).rows)


@pytest.mark.parametrize(("addon", "expected"), [("current", 0), ("cim5", 0), ("legacy", 1)])
def test_published_on_the_recorded_attack(attack: engine.Recording, addon: str, expected: int) -> None:
    """The published search sees the recorded attack on the legacy add-on only."""
    assert expected == len(search(attack, PUBLISHED, addon).rows)


def test_published_message(attack: engine.Recording) -> None:
    """What the published search can say of the attack shows a literal `$user$`; ours names the user."""
    text = compare.text(attack, compare.plans(App(REPO)), sys.executable)
    assert (1, 1) == (text.count("by user $user$ generating"), text.count("by user pgustavo generating"))


@pytest.mark.parametrize("addon", ADDONS)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("installutil_positive_otrf_2020-09-19.xml", 1),
        (SECURITY, 1),
        ("quirk_examples_otrf_head.xml", 0),
        ("swap_macro_lolbin_pairs_otrf_head.xml", 0),
        *((name, 0) for name in CORPORA if name != "corpus_otrf_head.xml.gz"),
        ("corpus_otrf_head.xml.gz", 1),
    ],
)
def test_other_recordings(shared_data: Path, name: str, addon: str, expected: int) -> None:
    """Of the other recordings, only those that hold this attack alert."""
    assert expected == len(find(engine.record([str(shared_data / name)]), addon))


@pytest.mark.parametrize(("addon", "expected"), [("current", 1), ("cim5", 0), ("legacy", 1)])
def test_recording_without_process_id(shared_data: Path, addon: str, expected: int) -> None:
    """Where the shipper lost every PID, the GUID still finds the attack, and without a GUID nothing can."""
    log = engine.record([str(shared_data / "installutil_positive_otrf_2020-09-19_asis_no_ProcessId.xml")])
    assert expected == len(find(log, addon))


@pytest.mark.parametrize("addon", ADDONS)
def test_sample(addon: str) -> None:
    """In the sample that ships, the attack is the only finding, among other uses of InstallUtil."""
    log = engine.record([str(RECORDINGS / "installutil_attack.xml")])
    basis = "pid" if addon == "cim5" else "guid"
    assert [("WKS-014.corp.example.com", "7316", "203.0.113.10", "443", basis)] == find(log, addon)


@pytest.mark.parametrize("addon", ADDONS)
def test_near_misses(addon: str) -> None:
    """With any one condition broken, there is no finding."""
    assert [] == find(engine.record([str(RECORDINGS / "installutil_near_misses.xml")]), addon)


@pytest.mark.parametrize(("addon", "expected"), [("current", 0), ("cim5", 0), ("legacy", 1)])
def test_inbound(addon: str, expected: int) -> None:
    """A connection that came in is none that InstallUtil made; Ports does not say which way it went."""
    assert expected == len(find(engine.record([str(RECORDINGS / "installutil_inbound.xml")]), addon))


@pytest.mark.parametrize("addon", ADDONS)
def test_hostile_values(addon: str) -> None:
    """What an attacker can write changes no search: values that look like SPL find their own process and no other."""
    evil = 'x" OR Processes.process_name="*" | [| delete `x` $dest$'
    mine = {"CommandLine": evil, "User": r"CORP\$user$", "ParentImage": "C:\\$dest$.exe"}
    far = {"DestinationIp": "203.0.113.9", "DestinationHostname": 'a*" OR "b'}
    others = [connection(f"srv{n}", n, NOON, guid(n), Image=r"C:\b.exe") for n in range(50)]
    log = recording(
        [process('h"] | x', 99, NOON, 'g" OR "*', **mine), connection('h"] | x', 99, NOON, 'g" OR "*', **far), *others]
    )
    basis = "pid" if addon == "cim5" else "guid"
    assert [('h"] | x', "99", 'a*" OR "b', "443", basis)] == find(log, addon)


# Every process of the corpora, against the pairs that share a GUID


def pairs(shared_data: Path, column: str) -> Counter[tuple[str, str]]:
    """Return how many far ends each (computer, GUID) has by *column* of the list that came with the corpora."""
    with (shared_data / "expected_guid_join.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return +Counter({(row["computer"].lower(), row["ProcessGuid"].lower()): int(row[column]) for row in rows})


def found_pairs(log: engine.Recording, addon: str) -> Counter[tuple[str, str]]:
    """Return how many far ends the scheduled search finds for each (computer, GUID), of every process."""
    rows = search(log, SCHEDULED, addon, EVERY_PROCESS).rows
    return Counter((str(row["dest"]).lower(), str(row["process_guid"]).lower()) for row in rows)


@pytest.mark.parametrize(("addon", "column"), [("current", "n_not_loopback_outbound"), ("legacy", "n_not_loopback")])
def test_corpora(shared_data: Path, corpora: engine.Recording, addon: str, column: str) -> None:
    """With every process asked for, the pairs and far ends are exactly those that share a GUID."""
    assert pairs(shared_data, column) == found_pairs(corpora, addon)


def test_corpora_by_pid_lose_nothing(shared_data: Path, corpora: engine.Recording) -> None:
    """By PID alone, every far end of every pair is found."""
    expected = pairs(shared_data, "n_not_loopback_outbound")
    assert expected == expected & found_pairs(corpora, "cim5")


def test_corpora_by_pid_add(corpora: engine.Recording, shared_data: Path) -> None:
    """By PID alone, 21 far ends come on top: 18 whose GUID Sysmon had lost, and 3 of a PID used again."""
    more = found_pairs(corpora, "cim5") - pairs(shared_data, "n_not_loopback_outbound")
    # Their connections carry the all-zero GUID and `<unknown process>`, on the host and PID, seconds after the start.
    lost = {
        ("mordordc.mordor.local", "{b669e388-4ad6-5ee0-1b04-000000000300}"): 3,
        ("mordordc.theshire.local", "{9f85ce58-af6e-5f2b-1f04-000000000400}"): 3,
        ("workstation5", "{39e4a257-24f1-5f91-0e13-000000000700}"): 1,
        ("workstation5.theshire.local", "{67e11d8c-eb56-5fdd-2097-000000000700}"): 2,
        ("mkt01.pandalab.com", "{81056205-574e-64dc-5504-000000000800}"): 3,
        ("mkt01.pandalab.com", "{ec2b781c-05e1-64f8-c006-000000000500}"): 3,
        ("mkt01.pandalab.com", "{ec2b781c-8968-64f8-b103-000000000500}"): 3,
    }
    # Two svchost.exe, whose PIDs went to another svchost.exe that the recording did not see start.
    used_again = {
        ("workstation5.theshire.local", "{3ddc5665-e7cf-5f51-3c00-000000000500}"): 1,
        ("pedro01", "{625b42a0-689b-62f1-cb00-000000000b00}"): 2,
    }
    assert Counter(lost) + Counter(used_again) == more


# The flaws of the published search, each beside ours


@pytest.mark.parametrize(("addon", "published", "ours"), [("current", 0, 1), ("legacy", 1, 1)])
def test_flaw_1(addon: str, published: int, ours: int) -> None:
    """Flaw 1: the published search reads a data model that a current add-on leaves empty; ours reads both."""
    log = recording([process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON + 3, guid(1))])
    assert (published, ours) == (len(search(log, PUBLISHED, addon).rows), len(find(log, addon)))


INSTALLUTILS, OTHERS = 1_000, 249_000


@pytest.fixture(scope="module")
def large_network() -> engine.Recording:
    """1,000 InstallUtil processes with a connection each, their GUIDs spread among those of 249,000 others."""
    every = (INSTALLUTILS + OTHERS) // INSTALLUTILS
    events = []
    for number in range(INSTALLUTILS + OTHERS):
        host, pid = f"wks{number % 5_000}", 1_000 + number // 5_000
        if number % every == 0:
            events.append(process(host, pid, NOON, guid(number)))
        events.append(connection(host, pid, NOON + 1, guid(number)))
    return recording(events)


def test_flaw_2_published(large_network: engine.Recording) -> None:
    """Flaw 2: of 250,000 rows the published join keeps 50,000 and loses four alerts in five; the run says so."""
    results = search(large_network, PUBLISHED, "legacy")
    expected = (
        200,
        (
            "join kept 50,000 of 250,000 rows of its subsearch; "
            "200,000 were dropped without a trace, as Splunk's limit does",
        ),
    )
    assert expected == (len(results.rows), tuple(results.of_kind("limit")))


@pytest.mark.parametrize("addon", ADDONS)
def test_flaw_2_ours(large_network: engine.Recording, addon: str) -> None:
    """Flaw 2: ours finds all 1,000 on every add-on, and no limit bites."""
    results = search(large_network, SCHEDULED, addon)
    assert (INSTALLUTILS, []) == (len(results.rows), list(results.of_kind("limit")))


def far_ends(number: int) -> engine.Recording:
    """Return one process that connects to *number* addresses."""
    events = [
        connection("wks", 100, NOON + n, guid(1), DestinationIp=f"198.51.{n // 250}.{n % 250}") for n in range(number)
    ]
    return recording([process("wks", 100, NOON, guid(1)), *events])


def test_flaw_3() -> None:
    """Flaw 3: the published join keeps one connection for each process; ours keeps every one."""
    log = far_ends(20)
    assert (1, 20) == (len(search(log, PUBLISHED, "legacy").rows), len(find(log, "legacy")))


def test_flaw_4() -> None:
    """Flaw 4: the published search never outputs `user`, which its message and a risk object need; ours does."""
    log = recording([process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON, guid(1))])
    published, ours = (search(log, name, "legacy").rows[0] for name in (PUBLISHED, SCHEDULED))
    assert (None, "user") == (published.get("user"), ours.get("user"))


def test_flaw_5() -> None:
    """Flaw 5: the published firstTime and lastTime are never there; ours are those of the connections."""
    times = (NOON + 5, NOON + 65)
    log = recording([process("wks", 100, NOON, guid(1)), *(connection("wks", 100, t, guid(1)) for t in times)])
    published, ours = (search(log, name, "legacy").rows[0] for name in (PUBLISHED, SCHEDULED))
    expected = ((None, None), ("2025-06-15T15:06:45", "2025-06-15T15:07:45"))
    assert expected == tuple((row.get("firstTime"), row.get("lastTime")) for row in (published, ours))


def without_guids(number: int) -> engine.Recording:
    """Return hosts that each run InstallUtil under their own PID, and connections of others, none with a GUID."""
    events = [process(f"wks{n}", 1_000 + n, NOON, None) for n in range(number)]
    other = r"C:\Program Files\Browser\browser.exe"
    events += [connection(f"srv{n}", 5_000 + n, NOON + 1, None, Image=other) for n in range(number)]
    return recording(events)


def test_flaw_6_published() -> None:
    """Flaw 6: by the published macros, processes and ports without a GUID are all `null`, and all join."""
    assert 300 == len(search(without_guids(300), PUBLISHED, "legacy").rows)


@pytest.mark.parametrize("addon", ADDONS)
def test_flaw_6_ours(addon: str) -> None:
    """Flaw 6: in ours, no GUID matches no GUID."""
    assert [] == find(without_guids(300), addon)


@pytest.mark.parametrize("placeholder", ["null", "unknown", "-", "", "{00000000-0000-0000-0000-000000000000}"])
@pytest.mark.parametrize("addon", ADDONS)
def test_placeholders(addon: str, placeholder: str) -> None:
    """No placeholder matches itself, on a process or a connection of another host."""
    log = recording([process("wks", 100, NOON, placeholder), connection("srv", 200, NOON + 1, placeholder)])
    assert [] == find(log, addon)


# Upstream's later versions (v2 to v6), as they match: on the PID alone.
BY_PID = (
    "| tstats `security_content_summariesonly` count from datamodel=Endpoint.Processes where `process_installutil` "
    "by _time span=1h Processes.process_id Processes.dest | `drop_dm_object_name(Processes)` "
    "| join process_id [| tstats `security_content_summariesonly` count from datamodel=Network_Traffic.All_Traffic "
    "where All_Traffic.dest_port!=0 by All_Traffic.process_id All_Traffic.dest_ip | `drop_dm_object_name(All_Traffic)`]"
)


def shared_pid(hosts: int) -> engine.Recording:
    """Return many hosts, on one of which PID 100 is InstallUtil; on the others something else connects with it."""
    browser = r"C:\Program Files\Browser\browser.exe"
    others = [connection(f"srv{n}", 100, NOON + 1, guid(n + 2), Image=browser) for n in range(hosts)]
    return recording([process("wks", 100, NOON, guid(1)), *others])


def test_flaw_7_published() -> None:
    """Flaw 7: a join on the PID alone, as later published versions have it, matches another host's process."""
    assert 1 == len(replay(shared_pid(500), App(REPO), BY_PID, "cim5").results.rows)


@pytest.mark.parametrize("addon", ADDONS)
def test_flaw_7_ours(addon: str) -> None:
    """Flaw 7: ours asks for the host as well, so hosts that share a PID do not meet."""
    assert [] == find(shared_pid(500), addon)


# How a connection is matched


def test_pid_needs_the_image() -> None:
    """By PID, a connection of another program is not InstallUtil's: the PID was used again."""
    late = connection("wks", 100, NOON + 60, None, Image=r"C:\Program Files\Browser\browser.exe")
    assert [] == find(recording([process("wks", 100, NOON, None), late]), "current")


def test_pid_needs_the_start() -> None:
    """By PID, a connection from before the process started is not its own."""
    log = recording([process("wks", 100, NOON, None), connection("wks", 100, NOON - 1, None)])
    assert [] == find(log, "current")


@pytest.mark.parametrize(
    "connected",
    [
        audited_connection("wks", 100, NOON + 3, Application=r"\device\harddiskvolume2\browser\browser.exe"),
        audited_connection("wks", 101, NOON + 3),
        audited_connection("srv", 100, NOON + 3),
        audited_connection("wks", 100, NOON - 3),
        audited_connection("wks", 100, NOON + 3, Direction="%%14592"),
        audited_connection("wks", 100, NOON + 3, DestAddress="::1"),
        audited_connection("wks", 0x100, NOON + 3),
    ],
    ids=["image", "pid", "host", "before", "inbound", "loopback", "pid as written"],
)
@pytest.mark.parametrize("addon", ADDONS)
def test_security_near_misses(addon: str, connected: Event) -> None:
    """In the Security channel, with any one condition broken, there is no finding."""
    near = recording([audited_process("wks", 100, NOON), connected])
    hit = recording([audited_process("wks", 100, NOON), audited_connection("wks", 100, NOON + 3)])
    assert ([], [("wks", "100", "203.0.113.10", "443", "pid")]) == (find(near, addon), find(hit, addon))


@pytest.mark.parametrize("addon", ADDONS)
def test_sysmon_process_and_security_connection(addon: str) -> None:
    """A process that Sysmon saw and a connection that the Security channel saw meet by PID."""
    log = recording([process("wks", 100, NOON, guid(1)), audited_connection("wks", 100, NOON + 3)])
    assert [("wks", "100", "203.0.113.10", "443", "pid")] == find(log, addon)


@pytest.mark.parametrize("addon", ADDONS)
def test_two_channels_of_two_processes(addon: str) -> None:
    """A process that the Security channel alone saw keeps its finding beside one that Sysmon saw."""
    log = recording(
        [
            process("wks", 100, NOON, guid(1)),
            audited_process("wks", 100, NOON),
            connection("wks", 100, NOON + 3, guid(1)),
            audited_process("wks", 200, NOON),
            audited_connection("wks", 200, NOON + 3),
        ]
    )
    assert {("wks", "100"), ("wks", "200")} == {row[:2] for row in find(log, addon)}


# Rows of Processes that are no start


@pytest.mark.parametrize("seconds", [0, 5, 60])
@pytest.mark.parametrize("addon", ADDONS)
def test_the_end_of_a_process(addon: str, seconds: int) -> None:
    """Its end, which add-ons report as a process without a parent, changes nothing of a finding."""
    start, far = process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON + 5, guid(1))
    with_end = recording([start, far, ended("wks", 100, NOON + seconds, guid(1))])
    assert list(search(recording([start, far]), SCHEDULED, addon).rows) == list(search(with_end, SCHEDULED, addon).rows)


@pytest.mark.parametrize("addon", ADDONS)
def test_an_image_that_is_loaded(addon: str) -> None:
    """An image that InstallUtil loads, which add-ons report as a process without a parent, changes nothing either."""
    start, far = process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON + 5, guid(1))
    loaded = process("wks", 100, NOON + 1, guid(1), event_id=7, ImageLoaded=r"C:\Windows\System32\clr.dll")
    expected = list(search(recording([start, far]), SCHEDULED, addon).rows)
    assert expected == list(search(recording([start, loaded, far]), SCHEDULED, addon).rows)


@pytest.mark.parametrize("addon", ("current", "legacy"))
def test_an_end_without_a_start(addon: str) -> None:
    """Where the start was not recorded, the end of a process with a GUID still tells of its connection."""
    log = recording([connection("wks", 100, NOON, guid(1)), ended("wks", 100, NOON + 5, guid(1))])
    host = "wks" if addon == "current" else "unknown"
    assert [(host, "100", "203.0.113.10", "443", "guid")] == find(log, addon)


def test_an_end_of_another_host() -> None:
    """Without GUIDs, the start of a process on one host does not hide one on another host that has its PID."""
    log = recording(
        [
            process("wks", 100, NOON, None),
            ended("srv", 100, NOON, None),
            connection("wks", 100, NOON + 1, None),
            connection("srv", 100, NOON + 1, None),
        ]
    )
    assert {"wks", "srv"} == {row[0] for row in find(log, "current")}


def test_pid_in_the_same_second() -> None:
    """By PID, a connection in the second of the start matches: summaries may cut times to seconds."""
    log = recording([process("wks", 100, NOON + 0.9, None), connection("wks", 100, NOON + 0.1, None)])
    assert [("wks", "100", "203.0.113.10", "443", "pid")] == find(log, "current")


def test_pid_takes_the_newest() -> None:
    """By PID, a connection belongs to the newest process that started before it."""
    events = [process("wks", 100, NOON + age, None, CommandLine=f"started {age}") for age in (0, 100, 300)]
    log = recording([*events, connection("wks", 100, NOON + 200, None)])
    assert ["started 100"] == [row["process"] for row in search(log, SCHEDULED, "current").rows]


def test_pid_without_a_path() -> None:
    """By PID, a connection that carries no path is not held against the image."""
    log = recording([process("wks", 100, NOON, None), connection("wks", 100, NOON, None, Image="")])
    assert [("wks", "100", "203.0.113.10", "443", "pid")] == find(log, "current")


def test_guid_on_one_side_only() -> None:
    """A process with a GUID and a connection without one are matched by host and PID."""
    log = recording([process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON, None)])
    assert [("wks", "100", "203.0.113.10", "443", "pid")] == find(log, "current")


def test_guids_that_differ() -> None:
    """Two real GUIDs that differ are two processes, whatever their host and PID."""
    log = recording([process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON, guid(2))])
    assert [] == find(log, "current")


def test_guid_in_another_case() -> None:
    """GUIDs are the same in upper and lower case."""
    log = recording([process("wks", 100, NOON, guid(10)), connection("wks", 100, NOON, guid(10).upper())])
    assert [("wks", "100", "203.0.113.10", "443", "guid")] == find(log, "current")


def test_pid_that_ports_knows_better() -> None:
    """A connection without a GUID that Ports has with another process's GUID is that process's."""
    log = recording([process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON + 5, guid(2))])
    assert (1, 0) == (len(find(log, "cim5")), len(find(log, "legacy")))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.9.1", "::1", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "::ffff:127.0.0.1"],
)
@pytest.mark.parametrize("addon", ADDONS)
def test_loopback(addon: str, address: str) -> None:
    """Loopback is not remote, however it is written."""
    log = recording([process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON, guid(1), DestinationIp=address)])
    assert [] == find(log, addon)


@pytest.mark.parametrize(
    "address", ["128.0.0.1", "12.7.0.0", "0:0:0:0:0:0:0:2", "1:0:0:0:0:0:0:1", "fe80:0:0:0:0:0:0:127", "10.127.0.1"]
)
def test_not_loopback(address: str) -> None:
    """An address that only resembles loopback is remote."""
    log = recording([process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON, guid(1), DestinationIp=address)])
    assert [("wks", "100", address, "443", "guid")] == find(log, "current")


def test_a_name_of_loopback_is_remote() -> None:
    """A far end whose name says localhost is remote where its address is: the name is the attacker's to choose."""
    far = connection("wks", 100, NOON, guid(1), DestinationHostname="localhost")
    log = recording([process("wks", 100, NOON, guid(1)), far])
    assert [("wks", "100", "localhost", "443", "guid")] == find(log, "current")


@pytest.mark.parametrize("addon", ADDONS)
def test_name_and_address(addon: str) -> None:
    """An address that was recorded with its name once and without it once is one far end, by its name."""
    connections = [
        connection("wks", 100, NOON + n, guid(1), DestinationHostname=name)
        for n, name in enumerate(("-", "c2.example.com"))
    ]
    found = find(recording([process("wks", 100, NOON, guid(1)), *connections]), addon)
    # The legacy add-on puts the name in the place of the address, so Ports alone cannot tell that they are one.
    assert {"c2.example.com"} == {far_end for _, _, far_end, _, _ in found} - {"203.0.113.10"}


@pytest.mark.parametrize(
    ("addon", "warned"),
    [
        ("current", []),
        (
            "legacy",
            ["append kept 500 of 550 rows of its subsearch; 50 were dropped without a trace, as Splunk's limit does"],
        ),
    ],
)
def test_many_connections(monkeypatch: pytest.MonkeyPatch, addon: str, warned: list[str]) -> None:
    """Of more connections of one process than a subsearch keeps, every far end is found; the limits here are a hundredth."""
    for name in ("JOIN_MAXOUT", "APPEND_MAXOUT", "SUBSEARCH_MAXOUT"):
        monkeypatch.setattr(limits, name, getattr(limits, name) // 100)
    found = search(far_ends(550), SCHEDULED, addon)
    assert (550, warned) == (len(found.rows), list(found.of_kind("limit")))
