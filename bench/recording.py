"""A large log for the measurements: the recording that ships, repeated with different values."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from splreplay import engine

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
    # The attack itself is in the log only once.
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


def made(name: str, pieces: Iterator[str] | Iterator[bytes]) -> Path:
    """Return the file of that name in the temporary folder, written unless an earlier run left it."""
    folder = Path(tempfile.gettempdir()) / "replay_bench"
    folder.mkdir(exist_ok=True)
    path, unfinished = folder / name, folder / f"{name}.part"
    if not path.exists():
        with unfinished.open("wb") as file:
            file.writelines(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
        unfinished.rename(path)
    return path
