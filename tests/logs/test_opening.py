"""Opening a log: its content tells what it is, and a helpful error what it is not."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import threading
import zipfile
import zlib
from pathlib import Path
from unittest.mock import patch

import pytest

from splreplay.errors import DataError
from splreplay.logs import opening
from tests.conftest import REPO
from tests.logs.conftest import Loaded, event

LINE = "CommandLine"
DECOMPRESS = zlib.decompressobj
XML = event({LINE: "é"}) + "\n"
JSON = json.dumps({"EventID": 1, "SystemTime": "2025-06-17T08:00:00Z", LINE: "é"}, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("kind, text", [("xml", XML), ("json", JSON)])
@pytest.mark.parametrize(
    "encode",
    [
        str.encode,
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text.encode("utf-16")),
        lambda text: gzip.compress(text[:9].encode()) + gzip.compress(text[9:].encode()),
        lambda text: b"\n  " + text.encode(),
    ],
)
def test_kind_and_encoding_are_told_by_content(loaded, kind, text, encode):
    """UTF-8, UTF-16 with or without a mark, gzip in one or more members: the name does not matter."""
    log = loaded(encode(text), LINE)
    assert (kind, ["é"]) == (log.report.files[0].kind, log.values(LINE))


@pytest.mark.parametrize("text", [XML, JSON])
def test_a_log_whose_beginning_is_lost_is_still_known(loaded, text):
    """The first, cut event is reported, the rest is read."""
    log = loaded(text[40:] + text, LINE)
    assert (["é"], 1) == (log.values(LINE), log.report.bad_events)


@pytest.mark.parametrize("text", [XML, JSON + "\n" + JSON])
def test_a_nul_in_front_is_no_utf_16(loaded, text):
    """It takes two characters to tell: a NUL before a log must not hide all of it."""
    assert "é" in loaded("\0" + text, LINE).values(LINE)


def test_standard_input_is_a_log(monkeypatch):
    """The path "-" reads it."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(XML.encode()))))
    assert ["é"] == Loaded("-", fields=(LINE,)).values(LINE)


def test_a_cut_gzip_file_keeps_what_it_has(loaded):
    """The report says that the rest is lost."""
    log = loaded(gzip.compress(XML.encode() * 50)[:-12], LINE)
    assert ("end", "the gzip data ends early: copy the file again, what follows is lost") == log.bad()[-1]
    assert "é" == log.values(LINE)[0]


@pytest.mark.parametrize("block_bytes", [7, 8 << 20])
def test_zeros_behind_gzip_data_are_padding(loaded, monkeypatch, block_bytes):
    """They lose nothing, so nothing is reported, and another member may follow."""
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", block_bytes)
    member = gzip.compress(XML.encode()) + b"\0" * 512
    log = loaded(member * 2, LINE)
    assert (["é", "é"], []) == (log.values(LINE), log.bad())


def test_a_damaged_gzip_file_keeps_what_it_has(loaded):
    """The report says that the rest is lost."""
    log = loaded(gzip.compress(XML.encode()) + b"\x1f\x8b and noise", LINE)
    assert (["é"], "end") == (log.values(LINE), log.bad()[-1][0])


LINES = "".join(f"{number:x}{'x' * (number % 90)}\n" for number in range(60_000)).encode()


def gunzipped(path) -> tuple[bytes, str | None]:
    """Return what can be uncompressed of a file, and its flaw."""
    log = opening.Log(str(path))
    return b"".join(log.blocks), log.flaw


def lost_behind(place: int, error: str) -> str:
    """Return the flaw of damaged data."""
    told = f"Error -3 while decompressing data: {error}"
    return f"the gzip data is damaged, what follows byte {place:,} of the file is lost ({told})"


@pytest.mark.parametrize("block_bytes", [700, 8 << 20])
@pytest.mark.parametrize("at, error", [(-5, "incorrect data check"), (-1, "incorrect length check")])
def test_a_wrong_checksum_costs_no_byte(tmp_path, monkeypatch, at, error, block_bytes):
    """The checksum and the length follow the text, which is there; the flaw says where in the file it ends."""
    monkeypatch.setattr(opening, "BLOCK_BYTES", block_bytes)
    content = bytearray(gzip.compress(LINES))
    content[at] ^= 1
    path = tmp_path / "log"
    path.write_bytes(content)
    assert (LINES, lost_behind(len(content) + at, error)) == gunzipped(path)


@pytest.mark.parametrize("block_bytes", [700, 8 << 20])
@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize("lines", [LINES, LINES[:100], b""])
def test_all_is_kept_that_stands_before_the_damage(tmp_path, monkeypatch, lines, level, block_bytes):
    """It is so to the byte, whatever follows the damage."""
    monkeypatch.setattr(opening, "BLOCK_BYTES", block_bytes)
    member = zlib.compressobj(level, wbits=31)
    content = gzip.compress(b"first") + member.compress(lines) + member.flush(zlib.Z_SYNC_FLUSH)
    path = tmp_path / "log"
    path.write_bytes(content + b"\xff" * 100 + gzip.compress(b"lost"))
    assert (b"first" + lines, lost_behind(len(content), "invalid block type")) == gunzipped(path)


def test_text_that_zlib_had_no_room_for_is_kept(tmp_path):
    """One flipped bit makes an invalid distance; zlib has all bits of the character before it, but has not written it yet."""
    before = (
        rb"'ParentImage'>C:\Windows\explorer.exe</Data><Data Name='ParentCommandLine'>C:\Windows\Explorer.EXE</Data>"
        rb"<Data Name='ParentUser'>CORP\j.chen</Data></Ev"
    )
    content = bytes.fromhex(
        "1f8b0800000000000403530f482c4acd2bf1cc4d4c4f55b773b68a09cfcc4bc92f2f8e49ad28c8c92f4a2dd24bad48b5d177492c49b4"
        "b301910a7e89b9a9b6ea106dcef9b9b98979293e9979a89a5d619a5d235c716a0e2d4e2d025ae91f141093a5979c919a0753a9ef5a06"
        "7c12c44a08db8e970b004290"
    )
    path = tmp_path / "log"
    path.write_bytes(content)
    assert (before, lost_behind(108, "invalid distance code")) == gunzipped(path)


def test_a_recording_with_one_damaged_byte_is_not_empty(tmp_path):
    """Near its end, the damage costs only the last events."""
    recording = (REPO / "tests" / "recordings" / "installutil_attack.xml").read_bytes()
    content = bytearray(gzip.compress(recording))
    content[-30] ^= 0xFF
    path = tmp_path / "log"
    path.write_bytes(content)
    assert Loaded(path).report.events > 80


@pytest.mark.parametrize("content", [b"\x1f\x8b and noise", gzip.compress(b"", mtime=0)[:-4]])
def test_gzip_data_of_which_nothing_can_be_read_is_not_called_empty(loaded, content):
    """The error says what is wrong with it."""
    with pytest.raises(DataError, match="log: nothing of this file can be read: the gzip data "):
        loaded(content)


def test_many_gzip_members_are_one_text(tmp_path, monkeypatch):
    """Each leaves the rest of a small slice to the next, and blocks are as large as those of a single member."""
    left = []

    class Member:
        def __init__(self, wbits):
            self._member = DECOMPRESS(wbits=wbits)

        def copy(self):
            return self._member.copy()

        def decompress(self, data):
            left.append(len(data))
            return self._member.decompress(data)

        def __getattr__(self, name):
            return getattr(self._member, name)

    monkeypatch.setattr(opening.zlib, "decompressobj", Member)
    path = tmp_path / "log"
    path.write_bytes(b"".join(gzip.compress(b"<a>%d</a>" % number) for number in range(3000)))
    blocks = list(opening.Log(str(path)).blocks)
    assert [b"".join(b"<a>%d</a>" % number for number in range(3000))] == blocks
    assert max(left) <= opening.SLICE_BYTES < path.stat().st_size


def test_gzip_that_grows_a_thousandfold_is_read_in_blocks(loaded):
    """A small file may hold a large log."""
    assert 1 == loaded(gzip.compress(XML.encode() + b"\n" * 20_000_000), LINE).report.events


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "this file is empty"),
        (b" \n\n", "this file is empty"),
        (gzip.compress(b"", mtime=0), "this file is empty"),
        (bytes(range(256)) * 9, "this is no log that replay knows"),
        (b"Well, this is it, friends, and no table\n", "this is no log that replay knows"),
        (b"time,host,user\n1,2,3\n", "this is CSV with the columns time, host, user; expected is a header with _raw"),
        (b"Well, this is it, friends\n", "this is no log that replay knows"),
        (
            b'[{"EventID": 1}]',
            r"no Windows event was found in this file \(at record 1: no form that replay knows: "
            "JSON whose records have the keys EventID",
        ),
        (b'{"a": 1}\n', "no Windows event was found in this file"),
        (
            b"ElfFile\0 and noise",
            r"no Windows event was found in this file \(at end: the file ends within a chunk",
        ),
        (b"ElfFile\0" + b"\xff" * 4088, "this .evtx file cannot be read: "),
    ],
)
def test_what_is_no_log_is_refused_by_name(loaded, content, message):
    """The error names the file, and what is wrong with it."""
    with pytest.raises(DataError, match=f"log: {message}"):
        loaded(content)


def packed(kind, path):
    """Write an archive of a file that is no XML, as .evtx is none, and return its bytes."""
    (path / "Security.evtx").write_bytes(b"ElfFile\0" + bytes(range(256)) * 40)
    return Path(shutil.make_archive(str(path / "logs"), kind, path, "Security.evtx")).read_bytes()


@pytest.mark.parametrize(
    ("kind", "name"), [("zip", "zip"), ("tar", "tar"), ("gztar", "tar"), ("bztar", "bzip2"), ("xztar", "xz")]
)
def test_an_archive_is_told_from_a_log(tmp_path, loaded, kind, name):
    """What holds logs is named, and what to do with it."""
    with pytest.raises(DataError) as refused:
        loaded(packed(kind, tmp_path))
    assert f"this is a {name} archive; unpack it, and name the folder with its files" in str(refused.value)


@pytest.mark.parametrize(("kind", "name"), [("zip", "zip"), ("tar", "tar"), ("gztar", "tar")])
def test_an_archive_that_begins_with_a_log(tmp_path, loaded, kind, name):
    """An archive is none of its files, although one that is not compressed can be seen in it: the others would be lost."""
    (tmp_path / "a.xml").write_text(XML, encoding="utf-8")
    (tmp_path / "b.evtx").write_bytes(b"ElfFile\0" + bytes(range(256)) * 40)
    file = Path(shutil.make_archive(str(tmp_path / "logs"), kind, tmp_path))
    if kind == "zip":  # which is compressed so far
        with zipfile.ZipFile(file, "w") as stored:
            stored.write(tmp_path / "a.xml", "a.xml")
    made = file.read_bytes()
    with pytest.raises(DataError) as refused:
        loaded(made)
    assert f"this is a {name} archive; unpack it" in str(refused.value)


def test_a_log_that_has_the_mark_of_an_archive(loaded):
    """A log stays one although a tar archive has its mark at the same place, as an attacker may write it there."""
    assert ["é"] == loaded("<!--".ljust(257) + "ustar -->" + XML, LINE).values(LINE)


def test_a_directory_is_refused(tmp_path):
    """The error says what to give instead."""
    with pytest.raises(DataError) as error:
        Loaded(tmp_path)
    assert f"{tmp_path}: this is a directory: name the log files in it" == str(error.value)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/urandom"])
def test_a_device_without_end_is_refused(tmp_path, path):
    """It is refused under its own name, through a link, and as standard input."""
    link = tmp_path / "link"
    link.symlink_to(path)
    message = ": this is a device, which may have no end: name a file or a pipe"
    for named in (path, str(link)):
        with pytest.raises(DataError) as error:
            Loaded(named)
        assert named + message == str(error.value)
    with open(path) as stdin, patch("sys.stdin", stdin), pytest.raises(DataError) as error:
        Loaded("-")
    assert "-" + message == str(error.value)


def test_a_terminal_is_a_log(tmp_path):
    """What is typed or pasted there is read."""
    ours, theirs = os.openpty()
    writer = threading.Thread(target=os.write, args=(ours, (XML + "\n").encode() + b"\4\4"))
    writer.start()
    log = Loaded(os.ttyname(theirs), fields=(LINE,))
    writer.join()
    assert ["é"] == log.values(LINE)


def test_a_missing_file_is_refused(tmp_path):
    """The error is the system's, with the name."""
    with pytest.raises(DataError) as error:
        Loaded(tmp_path / "none.xml")
    assert f"{tmp_path / 'none.xml'}: cannot be read: No such file or directory" == str(error.value)


def test_several_files_fill_one_table(tmp_path):
    """`source` tells them apart; the report has each of them, and all together."""
    paths = [tmp_path / "a.xml", tmp_path / "b.jsonl"]
    paths[0].write_text(XML * 2, encoding="utf-8")
    paths[1].write_text(JSON.replace("{", '{"Provider": "Example", '), encoding="utf-8")
    log = Loaded(*paths)
    assert [str(paths[0])] * 2 + [str(paths[1])] == log.values("source")
    assert [("xml", 2), ("json", 1)] == [(file.kind, file.events) for file in log.report.files]
    assert {("Microsoft-Windows-Sysmon", 1): 2, ("Example", 1): 1} == log.report.counts


def test_only_the_first_bad_events_are_listed(loaded):
    """All are counted."""
    report = loaded(XML + event(time="") * 50).report
    assert (1, 50, 20) == (report.events, report.bad_events, len(report.files[0].bad))


@pytest.mark.parametrize(
    "encoding, declared",
    [
        ("windows-1252", "windows-1252"),
        ("iso-8859-15", "ISO-8859-15"),
        ("koi8-r", "koi8-r"),
        ("shift_jis", "Shift_JIS"),
        ("gb18030", "GB18030"),
        ("euc-kr", "EUC-KR"),
        ("cp850", "IBM850"),
        ("mac-roman", "macintosh"),
        ("utf-8", "utf-16"),
        ("utf-8", "UTF8"),
    ],
)
def test_a_declared_encoding_is_kept_to(loaded, encoding, declared):
    """It is if the bytes are 8-bit; a declaration that an earlier conversion left behind is not believed."""
    text = {"koi8-r": "ж", "shift_jis": "表", "euc-kr": "한"}.get(encoding, "é")
    log = loaded(f"<?xml version='1.0' encoding='{declared}'?>\n{event({LINE: text})}".encode(encoding), LINE)
    assert ([text], []) == (log.values(LINE), log.bad())


ODD_ENCODINGS = [
    "klingon",
    "utf-7",
    "idna",
    "base64",
    "cp037",
    "hz",
    "iso2022_jp",
    "charmap",
    "undefined",
    "rot13",
    "zip",
]
ODD_ENCODINGS += [
    "unicode_escape",
    "raw_unicode_escape",
    "unicode-escape",
    "punycode",
    "mbcs",
    "ptcp154.x",
    "...",
    "x" * 40,
]


@pytest.mark.parametrize("declared", ODD_ENCODINGS)
def test_a_declared_encoding_that_is_not_known_is_refused(loaded, declared):
    """The error names it: the bytes would be read as other text. So is one in which `<` is not `<`, and a codec of Python's."""
    with pytest.raises(DataError, match=f"log: it declares the encoding '{declared}', which replay does not read"):
        loaded(f"<?xml version='1.0' encoding='{declared}'?>\n" + XML, LINE)


def test_a_pipe_is_read_once(tmp_path):
    """So it is with a cache, which keeps only ordinary files."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(XML * 3,))
    writer.start()
    log = Loaded(pipe, fields=(LINE,), cache=tmp_path / "cache")
    writer.join()
    assert (["é"] * 3, []) == (log.values(LINE), list(tmp_path.glob("cache/*")))


def test_mixed_channels_are_told_apart(loaded):
    """Each event has its own provider, id and channel."""
    security = event({LINE: "b"}, event_id="4688", provider="Example").replace("-Sysmon/Operational", "-Other")
    log = loaded("\n".join([XML, security] * 3), LINE)
    assert {("Microsoft-Windows-Sysmon", 1): 3, ("Example", 4688): 3} == log.report.counts
    assert ["Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Other"] * 3 == log.values("channel")


@pytest.mark.parametrize(
    "noise", [bytes(range(256)) * 40, b"\0" * 5000, b"\xff\xfe" * 3000, b"<" * 5000, b"&" * 5000, b"<a>" * 2000]
)
def test_noise_among_events_costs_no_other_event(loaded, noise):
    """Between events it is ignored; an event that contains it is lost or repaired, and the rest is there."""
    text = "\n".join(event({LINE: str(number)}) for number in range(9)).encode()
    between, within = text.replace(b"</Event>\n", b"</Event>\n" + noise), text.replace(b">4<", b">" + noise + b"<")
    assert list("012345678") == loaded(between, LINE).values(LINE)
    assert [*"0123", *"5678"] == [value for value in loaded(within, LINE).values(LINE) if len(value) == 1]


@pytest.mark.parametrize("block_bytes", [700, 1000, 4096])
@pytest.mark.parametrize("tail_bytes", [1, 40, 700])
def test_a_log_is_cut_where_events_end(tmp_path, monkeypatch, block_bytes, tail_bytes):
    """Its pieces are the whole log in order, each of whole events, whether an end is in the tail of a block or not."""
    monkeypatch.setattr(opening, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(opening, "TAIL_BYTES", tail_bytes)
    lines = [JSON.encode() * (number % 7 + 1) + b"x" * (number * 37 % 900) + b"\n" for number in range(40)]
    path = tmp_path / "log"
    path.write_bytes(b"".join(lines))
    offset = 0
    for place, piece in opening.whole(opening.Log(str(path)), b"\n", re.compile(b"\n")):
        assert (offset, b"\n") == (place, piece[-1:])
        assert path.read_bytes()[place:].startswith(piece)
        offset += len(piece)
    assert offset == path.stat().st_size


def test_blocks_of_a_file_end_with_an_event(tmp_path, monkeypatch):
    """All do after the first, which tells the format of the log, so that pieces need not be put together."""
    monkeypatch.setattr(opening, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(opening, "TAIL_BYTES", 200)
    path = tmp_path / "log"
    path.write_bytes(JSON.encode() * 100)
    log = opening.Log(str(path))
    log.end = b"\n"
    _, *blocks = log.blocks
    assert {b"\n"} == {block[-1:] for block in blocks}
    assert len(blocks) > 5
