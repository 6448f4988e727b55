"""Native .evtx files, decoded by the real `evtx` package."""

from __future__ import annotations

import gzip
import struct
import zlib

import pytest

from splreplay.errors import DataError
from splreplay.logs.formats.evtx import records
from tests.logs.conftest import event
from tests.logs.evtx_writer import write_evtx

GUID = "94F748D5-4A45-5A42-0000-0010D265F20F"
FIELDS = ("ProcessGuid", "CommandLine", "User")
EVENTS = [
    event({"ProcessGuid": GUID, "CommandLine": 'a <b> & "c"\n\td é', "User": ""}),
    event({"ProcessGuid": f"{{{GUID}}}", "CommandLine": f"{GUID} x"}, event_id="3"),
]


@pytest.fixture(autouse=True, params=[0, 1 << 40], ids=["process", "here"])
def decoded_where(request, monkeypatch):
    """Decode every file in a separate process, as large ones are, or none."""
    monkeypatch.setattr(records, "PROCESS_BYTES", request.param)


@pytest.fixture
def decoder_is(monkeypatch, tmp_path):
    """Return what replaces the decoder by a script, which is then a process."""

    def put(script: str) -> None:
        monkeypatch.setattr(records, "PROCESS_BYTES", 0)
        monkeypatch.setattr(records.decoder, "__file__", str(tmp_path / "decoder.py"))
        (tmp_path / "decoder.py").write_text(script)

    return put


@pytest.mark.parametrize("wrap", [bytes, gzip.compress])
def test_records_are_events(loaded, wrap):
    """Values come back as they were, even empty ones; bare GUIDs get braces."""
    log = loaded(wrap(write_evtx(*EVENTS)), *FIELDS)
    assert [
        ("Microsoft-Windows-Sysmon", 1, 1750147200.1234567, f"{{{GUID}}}", 'a <b> & "c"\n\td é', ""),
        ("Microsoft-Windows-Sysmon", 3, 1750147200.1234567, f"{{{GUID}}}", f"{GUID} x", None),
    ] == log.select("provider", "event_id", "time", *FIELDS)
    assert ("evtx", []) == (log.report.files[0].kind, log.bad())


def test_a_bad_record_is_located_and_the_others_are_kept(loaded):
    """One record cannot be decoded, and the time of another is missing."""
    content = bytearray(write_evtx(EVENTS[0], EVENTS[0], event(time="-"), EVENTS[1]))
    second = content.index(b"**\0\0", content.index(b"**\0\0") + 4)
    content[second + 24 : second + 40] = b"\xff" * 16
    log = loaded(bytes(content), *FIELDS)
    assert [1, 3] == log.values("event_id")
    assert ["chunk at offset 4096", "record 2", "record 3"] == [place for place, _ in log.bad()]


def test_a_cut_file_keeps_its_whole_records(loaded):
    """The rest of the chunk is read."""
    content = write_evtx(*EVENTS)
    log = loaded(content[: content.rindex(b"**\0\0") + 60], *FIELDS)
    assert ([1], ["chunk at offset 4096", "record 2", "end"]) == (
        log.values("event_id"),
        [place for place, _ in log.bad()],
    )


def test_a_file_without_records_is_an_error(loaded):
    """An empty channel is no answer; Windows numbers the last record of its chunk -1."""
    for last in (0, -1):
        with pytest.raises(DataError, match=r"log: this log holds no events$"):
            loaded(rechecked(write_evtx(), last))


def rechecked(content: bytes, last: int, flags: int = 0, chunk_sum: int = 0) -> bytes:
    """Return a file of one chunk whose last record has another number, with flags, and checksums that are wrong by *chunk_sum*."""
    head, chunk = bytearray(content[:4096]), bytearray(content[4096:])
    struct.pack_into("<I", head, 120, flags)
    struct.pack_into("<q", chunk, 16, last)
    struct.pack_into("<I", chunk, 124, zlib.crc32(chunk[:120] + chunk[128:512]) ^ chunk_sum)
    return bytes(head + chunk)


@pytest.mark.parametrize(("flags", "told"), [(0, 1), (1, 1), (4, 0), (5, 0)])
def test_a_file_that_says_so_has_no_checksums(loaded, flags, told):
    """Flag 4 of its header; without it, a wrong one is said."""
    log = loaded(rechecked(write_evtx(*EVENTS), len(EVENTS), flags, 1), *FIELDS)
    assert (len(EVENTS), told) == (log.report.events, len(log.bad()))


def chunks(damage=lambda chunk: None) -> bytes:
    """Write three chunks of two events; the second chunk is damaged."""
    content = write_evtx(*EVENTS)
    second = bytearray(content[4096:])
    damage(second)
    return content + bytes(second) + content[4096:]


def put(at: int, text: bytes):
    """Return what overwrites a few bytes of a chunk."""

    def damage(chunk: bytearray) -> None:
        chunk[at : at + len(text)] = text

    return damage


HEADER = "the checksum of its header is wrong: events may be lost or changed"


@pytest.mark.parametrize(
    "damage, events, reason",
    [
        (put(0, b"X"), 4, "this is not the header of a chunk: its events are lost"),
        (put(0, bytes(65536)), 4, "it is empty though a later one is not"),
        (put(124, b"\1\2\3\4"), 6, HEADER),
        (put(48, (600).to_bytes(4, "little")), 5, HEADER),
        (put(700, b"\xff"), 6, "the checksum of its records is wrong: events may be lost or changed"),
    ],
)
def test_a_damaged_chunk_is_reported(loaded, damage, events, reason):
    """The decoder itself ignores most of this damage silently; the events of other chunks are kept."""
    log = loaded(chunks(damage), *FIELDS)
    assert (("chunk at offset 69632", reason), events) == (log.bad()[0], log.report.events)


def test_sound_chunks_are_not_reported(loaded):
    """They give all six events."""
    log = loaded(chunks(), *FIELDS)
    assert (6, []) == (log.report.events, log.bad())


def test_records_may_come_in_pieces(loaded, monkeypatch):
    """A record whose time is missing is named by its number in the file, not in its piece of it."""
    monkeypatch.setattr(records, "PROCESS_BYTES", 1 << 40)
    monkeypatch.setattr(records.decoder, "PIECE_BYTES", 0)
    log = loaded(write_evtx(EVENTS[0], EVENTS[1], event(time="-")), *FIELDS)
    assert ([1, 3], ["record 3"]) == (log.values("event_id"), [place for place, _ in log.bad()])


def test_what_is_no_evtx_file_is_an_error(loaded):
    """It would be one but for a line break in front."""
    with pytest.raises(DataError, match=r"log: this \.evtx file cannot be read: .*Invalid EVTX file header magic"):
        loaded(b"\n" + write_evtx(*EVENTS))


TEXT = event({"CommandLine": "told"}).encode()
ENDS = [len(TEXT), 2 * len(TEXT)]
TELL = f"import json, os, sys; text = {TEXT!r} * 2; out = sys.stdout.buffer; "
TELL += f"tell = lambda error: out.write(json.dumps([{ENDS}, error]).encode() + b'\\n' + text); "


@pytest.mark.parametrize(
    "script, expected",
    [
        (TELL + "tell(None); out.flush(); os.abort()", ["told", "told", "c", "d"]),
        (TELL + "tell('why'); out.flush(); os.abort()", ["told", "told", "d"]),
        (TELL + "tell(None); out.write(b'[[')", ["told", "told", "c", "d"]),
        (TELL + "tell(None); out.write(b'5\\n')", ["told", "told", "c", "d"]),
        (TELL + "text = text[:-1]; tell(None)", ["a", "b", "c", "d"]),
        ("print('hello')", ["a", "b", "c", "d"]),
        ("", ["a", "b", "c", "d"]),
    ],
)
def test_what_the_process_does_not_tell_is_decoded_here(loaded, decoder_is, script, expected):
    """It may die, write something else, or write half a piece: no record is lost, and none comes twice."""
    decoder_is(script)
    log = loaded(write_evtx(*(event({"CommandLine": value}) for value in "abcd")), *FIELDS)
    lost = ("end", "1 of the 4 records that the chunks announce cannot be read")
    bad = [("record 3", "why"), lost] if "why" in script else []
    assert (expected, bad) == (log.values("CommandLine"), log.bad())


@pytest.mark.parametrize("executable", ["", "/nowhere/python", None])
def test_no_process_is_needed(loaded, monkeypatch, executable):
    """If none can be started, everything is decoded here."""
    monkeypatch.setattr(records, "PROCESS_BYTES", 0)
    monkeypatch.setattr(records.sys, "executable", executable)
    log = loaded(write_evtx(*EVENTS), *FIELDS)
    assert ([1, 3], []) == (log.values("event_id"), log.bad())


def test_the_process_tells_all(loaded, monkeypatch):
    """Then nothing is decoded here."""
    monkeypatch.setattr(records, "PROCESS_BYTES", 0)
    monkeypatch.setattr(records.decoder, "pieces", None)
    log = loaded(write_evtx(*EVENTS), *FIELDS)
    assert ([1, 3], []) == (log.values("event_id"), log.bad())
