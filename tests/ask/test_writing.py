"""`ask --write`: the recording that is sent, and what is found in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from splreplay.app import App
from splreplay.ask import writing
from splreplay.ask.answer import Answer, take_up
from splreplay.ask.client import Secret, Splunk, trust
from splreplay.ask.site import MODELS, Site
from splreplay.cli import argument_parser
from splreplay.errors import DataError, UsageError
from tests.ask.server import APP_HERE, CERTIFICATE, TOKEN, Fake, serving
from tests.conftest import REPO

TEXT = (REPO / writing.RECORDING).read_text(encoding="utf-8")
MORNING, NOON = 1_795_917_600.0, 1_795_953_600.0  # 2026-11-29 at 02:00 and 12:00 UTC
HUNT, PUBLISHED = (f"Windows InstallUtil Remote Network Connection - {which}" for which in ("Hunt", "As Published"))
SCHEDULED = "Windows InstallUtil Remote Network Connection"
MODIFIERS = f"{SCHEDULED} - Risk Modifiers"
SITE = Site(dict.fromkeys(writing.NEEDED, "6.4.0"), dict.fromkeys(MODELS, True), utc=True)


def write(fake: Fake, folder: Path, site: Site = SITE, app: App = APP_HERE) -> Answer:
    """Send the recording, and return the answer."""
    splunk = Splunk(fake.address, Secret(TOKEN), trust(CERTIFICATE, False), 30)
    answer = take_up(folder / "answer.json", splunk.version, ())
    writing.compare(splunk, app, "lab", answer, site, lambda: NOON)
    return answer


@pytest.fixture
def fake() -> Fake:
    """A Splunk with an index for this."""
    return Fake(objects={"/data/indexes": ["lab", "main"]})


@pytest.mark.parametrize(("now", "day"), [(NOON, "2026-11-29"), (MORNING, "2026-11-28")])
def test_moved(now: float, day: str) -> None:
    """The recording is moved to the last day on which all of it is over, and is otherwise as it was."""
    recording = writing.moved(TEXT, now)
    assert (94, 0) == (len(recording.events), recording.start % 86_400)
    assert "".join(TEXT.split()) == "".join("".join(recording.events).replace(day, writing.DAY).split())


def test_agrees(fake: Fake, tmp_path: Path) -> None:
    """All events are sent, as the add-on expects them, and what each saved search finds in them is compared."""
    with serving(fake):
        found = write(fake, tmp_path).found["written"]
    assert dict.fromkeys(App(REPO).saved_searches, "agrees") == {name: one["verdict"] for name, one in found.items()}
    where = {
        "index": "lab",
        "host": "WKS-014.corp.example.com",
        "source": writing.SOURCE,
        "sourcetype": "XmlWinEventLog",
    }
    event = writing.moved(TEXT, NOON).events[0]
    assert (94, where | {"event": event}) == (len(fake.events), fake.events[0])


PROCESS = (
    r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\InstallUtil.exe  "
    r"/logfile= /LogToConsole=false /U C:\Users\m.lopez\Downloads\quote_8841\viewer.dll"
)
FINDING = {
    "connection_to_CNC": "203.0.113.10",
    "dest": "WKS-014.corp.example.com",
    "parent_process_name": "cmd.exe",
    "process_guid": "{7c1e4a52-2f82-6851-0395-000000002a00}",
    "process_id": "7316",
    "process_name": "InstallUtil.exe",
    "user": "m.lopez",
}
MODIFIED = [
    FINDING | {"risk_object": "m.lopez", "risk_object_type": "user"},
    FINDING | {"risk_object": "WKS-014.corp.example.com", "risk_object_type": "system"},
]


DIFFERING = {
    SCHEDULED: [FINDING | {"dest_port": "443", "match_basis": "guid", "process": PROCESS}],
    MODIFIERS: MODIFIED,
    PUBLISHED: [],
}


def test_differs(fake: Fake, tmp_path: Path) -> None:
    """A finding that only one has is shown: of the scheduled search, of the one for risk modifiers, of any."""
    odd = [{"dest": "WKS-014.corp.example.com", "user": "nobody"}]
    for name in DIFFERING:
        fake.rows[writing.narrowed(App(REPO).saved_search(name).search)] = odd
    with serving(fake):
        found = write(fake, tmp_path).found["written"]
    assert {name: ("differs", odd, expected) for name, expected in DIFFERING.items()} == {
        name: (found[name]["verdict"], found[name]["splunk"], found[name]["replay"]) for name in DIFFERING
    }
    assert [HUNT] == [name for name, one in found.items() if one["verdict"] == "agrees"]


def test_older_cim(fake: Fake, tmp_path: Path) -> None:
    """Beside a CIM without the GUID of a connection, replay matches by PID, as Splunk would."""
    older = Site(SITE.apps | {"Splunk_SA_CIM": "5.3.2"}, SITE.models, utc=True)
    with serving(fake):
        found = write(fake, tmp_path, older).found["written"]
    assert (["guid"], ["pid"]) == tuple(
        [row["match_basis"] for row in found[HUNT][who]] for who in ("splunk", "replay")
    )


def test_again(fake: Fake, tmp_path: Path) -> None:
    """What was compared is not asked again, and nothing is sent for it; what was slow is, over the events that are there."""
    with serving(fake):
        answer = write(fake, tmp_path)
        answer.found["written"][HUNT]["verdict"] = "slow"
        answer.write()
        fake.searches.clear()
        write(fake, tmp_path)
    hunts = [search["search"] for search in fake.searches if "| search dest IN" in search["search"]]
    assert (94, [writing.narrowed(App(REPO).saved_search(HUNT).search)]) == (len(fake.events), hunts)


@pytest.mark.parametrize(("corrected", "verdict"), [(False, "differs"), (True, "agrees")])
def test_differed(fake: Fake, tmp_path: Path, corrected: bool, verdict: str) -> None:
    """What differed is asked again where replay finds something else today than then, and else not."""
    search = writing.narrowed(App(REPO).saved_search(PUBLISHED).search)
    fake.rows[search] = [{"dest": "WKS-014.corp.example.com"}]
    with serving(fake):
        answer = write(fake, tmp_path)
        if corrected:
            answer.found["written"][PUBLISHED]["replay"] = [{"dest": "DEV-007.corp.example.com"}]
            answer.write()
        del fake.rows[search]
        again = write(fake, tmp_path)
    assert verdict == again.found["written"][PUBLISHED]["verdict"]


def test_nothing_else_is_written(fake: Fake, tmp_path: Path) -> None:
    """No search that is run writes: the one for risk modifiers runs without its collect, which the answer says."""
    with serving(fake):
        answer = write(fake, tmp_path)
    assert [] == [search for search in fake.searches if "collect" in search["search"]]
    assert [
        f"{SCHEDULED} was run by its text: its schedule, its throttling and its actions were not asked",
        f"{MODIFIERS} was run by its text: its schedule, its throttling and its actions were not asked",
        f"{MODIFIERS} was run without its collect: nothing but the recording was written",
    ] == answer.left_out


def test_what_may_write(fake: Fake, tmp_path: Path) -> None:
    """A saved search that may write in its middle is not run, which the answer says; nor is one that replay does not read."""
    app = tmp_path / "app"
    shutil.copytree(REPO / "tests" / "recordings", app / "tests" / "recordings")
    (app / "default").mkdir()
    stanzas = "[a]\nsearch = | makeresults | collect index=x | table dest\n[b]\nsearch = | sendemail to=x\n"
    (app / "default" / "savedsearches.conf").write_text(stanzas, encoding="utf-8")
    with serving(fake):
        answer = write(fake, tmp_path, app=App(app))
    expected = [f"{name} was not run: it may write, or replay does not read it" for name in "ab"]
    assert (expected, []) == (
        answer.left_out,
        [search for search in fake.searches if "collect" in search["search"] or "sendemail" in search["search"]],
    )


def test_unseen(fake: Fake, tmp_path: Path) -> None:
    """Where a data model sees none of the events, nothing is compared, and the macro is named; that is no fault."""
    for search in writing.SEEN.values():
        fake.rows[search.format(", ".join(writing.HOSTS))] = [{"count": "0"}]
    with serving(fake):
        answer = write(fake, tmp_path)
    macros = "cim_Endpoint_indexes and cim_Network_Traffic_indexes"
    expected = [f"the data models see no event of the index of --write: add it to {macros}"]
    assert (expected, {}, 94) == (answer.lacks, answer.found, len(fake.events))


def test_late(fake: Fake, tmp_path: Path) -> None:
    """Where Splunk gives the events the time of their arrival, that is said, nothing is compared, and nothing sent a second time."""
    fake.late = True
    with serving(fake):
        answers = [write(fake, tmp_path) for _ in range(2)]
    assert [([writing.LATE], (), {})] * 2 == [(answer.lacks, answer.left_out, answer.found) for answer in answers]
    assert 94 == len(fake.events)


def test_another_day(fake: Fake, tmp_path: Path) -> None:
    """Events of an earlier day are others: the recording is sent again for a new day."""
    fake.events = [{"event": event} for event in writing.moved(TEXT, MORNING).events]
    with serving(fake):
        write(fake, tmp_path)
    assert 2 * 94 == len(fake.events)


@pytest.mark.parametrize("rows", [[{"count": "many"}], [{"count": None}], [{"count": {"a": 1}}], [{}], []])
def test_no_count(fake: Fake, tmp_path: Path, rows: Any) -> None:
    """A count that is no number is an error."""
    for search in writing.SEEN.values():
        fake.rows[search.format(", ".join(writing.HOSTS))] = rows
    with serving(fake), pytest.raises(DataError, match="what Splunk counts in the data model Endpoint is no number"):
        write(fake, tmp_path)


def test_a_part(fake: Fake, tmp_path: Path) -> None:
    """Of what was sent before a break, nothing is sent again: the rest is."""
    events = writing.moved(TEXT, NOON).events
    fake.events = [{"event": event} for event in events[10:40]]
    with serving(fake):
        write(fake, tmp_path)
    assert sorted(events) == sorted(event["event"] for event in fake.events)


def test_no_index(fake: Fake, tmp_path: Path) -> None:
    """An index that is not there is refused, and nothing is sent."""
    fake.objects = {"/data/indexes": ["main"]}
    with serving(fake), pytest.raises(UsageError, match="there is no index lab"):
        write(fake, tmp_path)
    assert [] == fake.events


@pytest.mark.parametrize(
    ("site", "lacking"),
    [
        (Site({writing.OURS: "1.0"}, SITE.models, utc=True), "Splunk_SA_CIM, Splunk_TA_microsoft_sysmon"),
        (Site(SITE.apps, {"Endpoint": False}, utc=True), "Network_Traffic"),
    ],
)
def test_lacking(fake: Fake, tmp_path: Path, site: Site, lacking: str) -> None:
    """Where an app or a data model is not there that it needs, nothing is sent, and that is said."""
    with serving(fake):
        answer = write(fake, tmp_path, site)
    expected = [f"the recording was not sent, for {lacking} is not there"]
    assert (expected, {}, []) == (answer.left_out, answer.found, fake.events)


def test_not_taken(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that do not arrive are an error."""
    monkeypatch.setattr(writing, "WAIT_S", 0.0)
    monkeypatch.setattr(writing, "WAITS", 2)
    monkeypatch.setattr(Splunk, "send", lambda *_: None)
    with serving(fake), pytest.raises(DataError, match="not all 94 events are found in the index lab"):
        write(fake, tmp_path)


def test_option() -> None:
    """--write names an index; without it, nothing is written."""
    words = ["ask", "--splunk", "https://h"]
    read = argument_parser().parse_args
    assert ("lab_1", None) == (read([*words, "--write", "lab_1"]).write, read(words).write)


def test_no_macros() -> None:
    """A macro is the site's own: none is given on the command line."""
    with pytest.raises(SystemExit):
        argument_parser().parse_args(["ask", "--splunk", "https://h", "--macro", "a=b"])


@pytest.mark.parametrize("name", ["a b", "x | delete", "", "A", "*"])
def test_name(name: str) -> None:
    """What is no name of an index is refused."""
    with pytest.raises(SystemExit):
        argument_parser().parse_args(["ask", "--splunk", "https://h", "--write", name])
