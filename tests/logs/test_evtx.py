"""Native .evtx files, decoded by the real `evtx` package."""

from __future__ import annotations

import gzip

import pytest

from replay.errors import DataError
from tests.logs.conftest import event
from tests.logs.evtx_writer import write_evtx

GUID = "94F748D5-4A45-5A42-0000-0010D265F20F"
FIELDS = ("ProcessGuid", "CommandLine", "User")
EVENTS = [
    event({"ProcessGuid": GUID, "CommandLine": 'a <b> & "c"\n\td é', "User": ""}),
    event({"ProcessGuid": f"{{{GUID}}}", "CommandLine": f"{GUID} x"}, event_id="3"),
]


@pytest.mark.parametrize("wrap", [bytes, gzip.compress])
def test_records_are_events(loaded, wrap):
    """Values come back as they were, an empty one empty; bare GUIDs get their braces."""
    log = loaded(wrap(write_evtx(*EVENTS)), *FIELDS)
    assert [
        ("Microsoft-Windows-Sysmon", 1, 1750147200.1234567, f"{{{GUID}}}", 'a <b> & "c"\n\td é', ""),
        ("Microsoft-Windows-Sysmon", 3, 1750147200.1234567, f"{{{GUID}}}", f"{GUID} x", None),
    ] == log.connection.sql(f"SELECT provider, event_id, time, {', '.join(FIELDS)} FROM event").fetchall()
    assert ("evtx", []) == (log.report.files[0].kind, log.bad())


def test_a_bad_record_is_located_and_the_others_are_kept(loaded):
    """One record that cannot be decoded, one whose time is missing."""
    content = bytearray(write_evtx(EVENTS[0], EVENTS[0], event(time="-"), EVENTS[1]))
    second = content.index(b"**\0\0", content.index(b"**\0\0") + 4)
    content[second + 24 : second + 40] = b"\xff" * 16
    log = loaded(bytes(content), *FIELDS)
    assert [1, 3] == log.values("event_id")
    assert ["chunk at offset 4096", "record 2", "record 3"] == [place for place, _ in log.bad()]


def test_a_cut_file_keeps_its_whole_records(loaded):
    """What is left of the chunk is read."""
    content = write_evtx(*EVENTS)
    log = loaded(content[: content.rindex(b"**\0\0") + 60], *FIELDS)
    assert ([1], ["chunk at offset 4096", "record 2", "end"]) == (
        log.values("event_id"),
        [place for place, _ in log.bad()],
    )


def test_a_file_without_records_is_an_error(loaded):
    """An empty channel is no answer."""
    with pytest.raises(DataError, match=r"log: no Windows event was found in this file; expected is an \.evtx file"):
        loaded(write_evtx())
