"""`ask --write`: the recording that is sent, and what is found in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from splreplay.app import App
from splreplay.ask import writing
from splreplay.ask.answer import Answer
from splreplay.ask.client import Secret, Splunk, trust
from splreplay.cli import argument_parser
from splreplay.errors import DataError, UsageError
from tests.ask.server import CERTIFICATE, TOKEN, Fake, serving
from tests.conftest import REPO

TEXT = (REPO / writing.RECORDING).read_text(encoding="utf-8")
MORNING, NOON = 1_795_917_600.0, 1_795_953_600.0  # 2026-11-29 at 02:00 and 12:00 UTC
HUNT, PUBLISHED = (f"Windows InstallUtil Remote Network Connection - {which}" for which in ("Hunt", "As Published"))
APPS = dict.fromkeys(writing.NEEDED, "1.0")


def write(fake: Fake, folder: Path, apps: dict[str, str] = APPS) -> tuple[list[str], dict[str, Any]]:
    """Send the recording, and return what was not done, and the records."""
    splunk = Splunk(fake.address, Secret(TOKEN), trust(CERTIFICATE, False), 30)
    answer = Answer(folder / "answer.json", splunk.version, ())
    said = writing.compare(splunk, App(REPO), "lab", answer, apps, lambda: NOON)
    return said, answer.found.get("written", {})


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
    """All events are sent, as the add-on expects them, and what the searches find in them is compared."""
    with serving(fake):
        said, found = write(fake, tmp_path)
    assert ([], ["agrees", "agrees"]) == (said, [found[name]["verdict"] for name in (HUNT, PUBLISHED)])
    where = {
        "index": "lab",
        "host": "WKS-014.corp.example.com",
        "source": writing.SOURCE,
        "sourcetype": "XmlWinEventLog",
    }
    event = writing.moved(TEXT, NOON).events[0]
    assert (94, where | {"event": event}) == (len(fake.events), fake.events[0])


def test_differs(fake: Fake, tmp_path: Path) -> None:
    """A finding that only one has is shown, and events that are there are not sent again."""
    fake.events = [{"event": event} for event in writing.moved(TEXT, NOON).events]
    fake.rows[writing.narrowed(App(REPO).saved_search(HUNT).search)] = []
    with serving(fake):
        _, found = write(fake, tmp_path)
    assert ("differs", [], ["203.0.113.10"], 94) == (
        found[HUNT]["verdict"],
        found[HUNT]["splunk"],
        [row["connection_to_CNC"] for row in found[HUNT]["replay"]],
        len(fake.events),
    )


def test_a_part(fake: Fake, tmp_path: Path) -> None:
    """An index that has some of it, and not all, is refused, and left as it is."""
    fake.events = [{"event": "<Event/>"}] * 3
    with serving(fake), pytest.raises(UsageError, match="the index lab holds 3 of the recording's 94 events"):
        write(fake, tmp_path)
    assert 3 == len(fake.events)


def test_no_index(fake: Fake, tmp_path: Path) -> None:
    """So is an index that is not there: nothing is sent."""
    fake.objects = {"/data/indexes": ["main"]}
    with serving(fake), pytest.raises(UsageError, match="there is no index lab"):
        write(fake, tmp_path)
    assert [] == fake.events


def test_lacking(fake: Fake, tmp_path: Path) -> None:
    """Where an app is not there that it needs, nothing is sent, and that is said."""
    with serving(fake):
        said, found = write(fake, tmp_path, {writing.OURS: "1.0"})
    assert (["nothing was sent; what is not installed there: Splunk_SA_CIM, Splunk_TA_microsoft_sysmon"], {}, []) == (
        said,
        found,
        fake.events,
    )


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


@pytest.mark.parametrize("name", ["a b", "x | delete", "", "A", "*"])
def test_name(name: str) -> None:
    """What is no name of an index is refused."""
    with pytest.raises(SystemExit):
        argument_parser().parse_args(["ask", "--splunk", "https://h", "--write", name])
