"""Logs with very many bad events: all are counted, the first are located, and none is kept in memory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from splreplay.logs.formats import FORMATS
from splreplay.logs.formats.json import exact as jsonl
from splreplay.logs.formats.json.forms import text as json_text
from splreplay.logs.formats.xml import exact as xml
from splreplay.logs.report import LISTED, BadEvent, BadEvents
from tests.conftest import REPO
from tests.logs.conftest import event
from tests.logs.fuzz import READERS, outcome

XML = event({"Image": "a"}).encode()
JSON = b'{"EventID": 1, "SystemTime": "2025-06-17T08:00:00Z", "Computer": "h", "Image": "a"}\n'
SHORT = {
    "xml": [b"</Event>", b"</Event>\n", b"<a></Event>", b"<Event></Event>", b"<Event>", b"<Event><![CDATA[]]></Event>"],
    "json": [b"{}\n", b"1\n", b"{\n", b"\n{}\n \n", b'{"a": 1}\n'],
}
CASES = [(kind, short) for kind, shorts in SHORT.items() for short in shorts]


@pytest.mark.parametrize("kind, short", CASES)
def test_short_bad_events_are_counted_and_the_first_located(tmp_path, kind, short):
    """Either reader does so, and reads the events around them."""
    path = tmp_path / "log"
    path.write_bytes({"xml": XML, "json": JSON}[kind].join([b"", short * 500, short * 500, b""]))
    rows, bad, error = outcome(READERS[kind].read, path)
    assert (3, 1000, LISTED, "") == (len(rows), bad.count, len(bad.listed), error)
    assert (rows, bad, error) == outcome(READERS[kind].read_exactly, path)


@pytest.mark.parametrize("read", ["read", "read_exactly"])
@pytest.mark.parametrize("kind, short", CASES)
def test_what_is_too_short_for_an_event_needs_no_parser(tmp_path, monkeypatch, kind, short, read):
    """Only the first need one, to be listed with what is wrong; twice if they may hold a CDATA section or not."""
    parsed = []
    loads, row = json.loads, xml.Parser.event
    monkeypatch.setattr(json_text.json, "loads", lambda *text, **how: parsed.append(text) or loads(*text, **how))
    monkeypatch.setattr(xml.Parser, "event", lambda *event: parsed.append(event) or row(*event))
    path = tmp_path / "log"
    path.write_bytes(short * 1000)
    outcome(getattr(READERS[kind], read), path)
    assert len(parsed) <= 2 * LISTED + 3


@pytest.mark.parametrize(
    "kind, shortest",
    [
        ("xml", b"<Event><System><EventID>1</EventID><TimeCreated SystemTime='2020-01-01T00:00:00'/></System></Event>"),
        ("json", b'{"EventID":1,"UtcTime":"2020-01-01T00:00:00"}\n'),
    ],
)
def test_the_shortest_event_is_not_too_short(tmp_path, kind, shortest):
    """It is read even after many bad ones."""
    path = tmp_path / "log"
    path.write_bytes(SHORT[kind][0] * 100 + shortest)
    for read in (READERS[kind].read, READERS[kind].read_exactly):
        rows, bad, _ = outcome(read, path)
        assert (1, 100) == (len(rows), bad.count)


def test_lines_are_read_some_at_a_time(tmp_path, monkeypatch):
    """So it is however many a block has, because each has a value in each column; they keep their numbers."""
    monkeypatch.setattr(jsonl, "MAX_LINES", 7)
    path = tmp_path / "log"
    path.write_bytes((JSON * 9 + b'{"a": "too long to be counted alone"}\n') * 3)
    rows, bad, error = outcome(READERS["json"].read, path)
    assert (27, ["line 10", "line 20", "line 30"], "") == (len(rows), [one.place for one in bad.listed], error)
    assert (rows, bad, error) == outcome(READERS["json"].read_exactly, path)


def test_bad_events_that_follow_others_are_counted_with_them():
    """The list ends when it is full."""
    first, more = BadEvents(), BadEvents()
    for number in range(15):
        first.add(BadEvent(f"line {number}", ""))
        more.add(BadEvent(f"line {15 + number}", ""))
    first.extend(more)
    assert BadEvents(30, [BadEvent(f"line {number}", "") for number in range(LISTED)]) == first


PEAK = """
import sys
from splreplay.recording import record
print(record(sys.argv[1:]).report.bad_events)
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone tells the peak of a process")
@pytest.mark.parametrize("first, short", [(XML, b"</Event>"), (JSON, b"{}\n")], ids=["xml", "json"])
def test_two_million_bad_events_take_little_memory(tmp_path, first, short):
    """When each was kept, they took 700 MB and more."""
    path = tmp_path / "log"
    path.write_bytes(first + short * 2_000_000)
    ran = subprocess.run([sys.executable, "-c", PEAK, str(path)], cwd=REPO, capture_output=True, text=True, check=True)
    count, peak_kb = map(int, ran.stdout.split())
    assert (2_000_000, True) == (count, peak_kb < 450_000), ran.stdout


def test_each_format_has_its_cases():
    """One whose records are in chunks of a file has no room for so many, and rows of CSV have no length."""
    assert {format_.NAME for format_ in FORMATS} - {"evtx", "csv"} == set(SHORT)
