"""Large logs for the measurements: the recording that ships, repeated with different values, in each format."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from splreplay import engine
from splreplay.logs.formats.evtx.records import HEADER_BYTES
from tests.logs.evtx_writer import write_evtx

SHAPES = engine.app_folder() / "tests" / "recordings" / "installutil_attack.xml"

# What differs between copies; GUIDs and PIDs change together, so that processes keep their connections.
VARIED = (
    (r"WKS-014|DEV-007", "WKS-%(host)04d"),
    (r"(?<=SystemTime='2025-06-17T)\d\d:\d\d:\d\d\.\d{4}", "%(clock)s"),
    (r"(?<=<EventRecordID>)\d+", "%(record)d"),
    (r"(?<=ThreadID=')\d+", "%(thread)d"),
    (r"(?<=-)0{8}2a00(?=})", "%(copy)012x"),
    (r"(?<=ProcessId'>)\d+(?=\d</)", "%(pid)d"),
    (r"(?<=SourcePort'>)\d+", "%(port)d"),
    (r"(?<=SHA256=)[0-9A-F]{8}", "%(copy)08X"),
    # So the attack itself is in the log only once.
    (r"InstallUtil", "MSBuild"),
)


def events(count: int) -> Iterator[str]:
    """Yield that many events as XML; the last ones are the recording itself."""
    recording = SHAPES.read_text(encoding="utf-8")
    whole = [f"{event}</Event>\n" for event in recording.split("</Event>\n")[:-1]]
    varied = recording.replace("%", "%%")
    for pattern, value in VARIED:
        varied = re.sub(pattern, value, varied)
    shapes = [f"{event}</Event>\n" for event in varied.split("</Event>\n")[:-1]]
    for number in range(count - len(whole)):
        copy, place = divmod(number, len(shapes))
        yield shapes[place] % {
            "host": copy % 2000,
            "clock": f"{number // 36000 % 24:02}:{number // 600 % 60:02}:{number // 10 % 60:02}.{number % 10000:04}",
            "record": 1_000_000 + number,
            "thread": 1000 + number % 5003,
            "copy": copy,
            "pid": copy % 6000 + 400,
            "port": 49152 + number % 16000,
        }
    yield from whole


def json_line(event: str) -> str:
    """Return an event as a JSON line, in the plain form."""
    root = etree.fromstring(event)
    system, event_data = root
    plain = {etree.QName(element).localname: element.text for element in system if element.text}
    plain["SystemTime"] = system.find("{*}TimeCreated").get("SystemTime")
    plain["Provider"] = system.find("{*}Provider").get("Name")
    return json.dumps(plain | {element.get("Name"): element.text for element in event_data}, ensure_ascii=False) + "\n"


def xml(count: int) -> Iterator[bytes]:
    """Yield that many events as XML."""
    return map(str.encode, events(count))


def json_lines(count: int) -> Iterator[bytes]:
    """Yield that many events as JSON lines."""
    return (json_line(event).encode() for event in events(count))


def json_array(count: int) -> Iterator[bytes]:
    """Yield that many events as one JSON array."""
    yield b"["
    for number, record in enumerate(json_lines(count)):
        yield b"," * bool(number) + record
    yield b"]"


def csv(count: int) -> Iterator[bytes]:
    """Yield that many events as Splunk's search writes them: rows of _raw."""
    yield b'"_raw"\n'
    for event in events(count):
        yield b'"%b"\n' % event.strip().replace('"', '""').encode()


def evtx(count: int) -> Iterator[bytes]:
    """Yield an .evtx file of about that many events in full chunks: the same fifty chunks, repeated."""
    first = list(itertools.islice(events(count), 800))
    files = [write_evtx(*first[start : start + 16]) for start in range(0, len(first), 16)]
    yield files[0][:HEADER_BYTES]
    yield from itertools.repeat(b"".join(file[HEADER_BYTES:] for file in files), max(1, count // len(first)))


def zipped(content: Callable[[int], Iterator[bytes]]) -> Callable[[int], Iterator[bytes]]:
    """Return *content* compressed, with a gzip member for every thousand events."""

    def members(count: int) -> Iterator[bytes]:
        pieces = content(count)
        while some := b"".join(itertools.islice(pieces, 1000)):
            yield gzip.compress(some, 1)

    return members


FORMATS = {
    "xml": xml,
    "xml.gz": zipped(xml),
    "jsonl": json_lines,
    "jsonl.gz": zipped(json_lines),
    "json": json_array,
    "csv": csv,
    "evtx": evtx,
}


def log(suffix: str, count: int) -> Path:
    """Return a log of that many events, in the format that *suffix* names; an earlier run may have left it."""
    folder = Path(tempfile.gettempdir()) / "replay_bench"
    folder.mkdir(exist_ok=True)
    path, unfinished = folder / f"events_{count}.{suffix}", folder / f"events_{count}.{suffix}.part"
    if not path.exists():
        with unfinished.open("wb") as file:
            file.writelines(FORMATS[suffix](count))
        unfinished.rename(path)
    return path
