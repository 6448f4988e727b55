"""From a log to the alert, against DuckDB counting the lines of the same file, and against readers of other kinds."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

import duckdb
from evtx import PyEvtxParser

from bench import recording
from bench.search import NAME, seconds
from splreplay import engine
from splreplay.app import App
from splreplay.logs.formats import xml
from splreplay.logs.formats.evtx.records import HEADER_BYTES
from splreplay.logs.opening import MAX_EVENT_BYTES
from splreplay.planning import plan
from tests.logs.evtx_writer import write_evtx

EVENTS = 700_000
EVTX_EVENTS = 50_000
# Measures peak memory, which a process has only once.
RECORD = (
    "import sys; from splreplay import engine; engine.record(sys.argv[1:]); print(open('/proc/self/status').read())"
)


def alert(log: Path, cache: Path | None = None) -> None:
    """Read a log and run the scheduled search over it, as the command line does; the log holds one finding."""
    app = App(engine.app_folder())
    planned = plan(app, app.saved_search(NAME).search)
    replayed = engine.replay(planned, engine.record([str(log)], planned.fields, cache=cache))
    assert len(replayed.results.rows) == 1, replayed.results.rows


def count_lines(log: Path) -> None:
    """Let DuckDB count the lines of a file, which may be as long as replay's events."""
    query = (
        "SELECT count(*) FROM read_csv(?, columns={'line': 'VARCHAR'}, delim='\x01', quote='', escape='', header=false, "
        f"auto_detect=false, max_line_size={MAX_EVENT_BYTES})"
    )
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(query, [str(log)]).fetchall()


def evtx_json(log: Path) -> None:
    """Read an .evtx file as the JSON of the package that decodes it."""
    for record in PyEvtxParser(str(log)).records_json():
        json.loads(record["data"])  # type: ignore[index]


def evtx_file() -> bytes:
    """Return an .evtx file of EVTX_EVENTS events in full chunks: the same fifty chunks, repeated."""
    events = list(itertools.islice(recording.events(EVENTS), 800))
    files = [write_evtx(*events[start : start + 16]) for start in range(0, len(events), 16)]
    chunks = b"".join(file[HEADER_BYTES:] for file in files)
    return files[0][:HEADER_BYTES] + chunks * (EVTX_EVENTS // len(events))


def peak_mb(log: Path) -> int:
    """Return the peak memory of a process that reads a log."""
    ran = subprocess.run([sys.executable, "-c", RECORD, str(log)], capture_output=True, text=True, check=True)
    peak = re.search(r"VmHWM:\s*(\d+) kB", ran.stdout)
    assert peak, ran.stdout
    return int(peak[1]) >> 10


def main() -> None:
    """Print a line for each measurement."""
    log = recording.made(f"events_{EVENTS}.xml", recording.events(EVENTS))
    tenth = recording.made(f"events_{EVENTS // 10}.xml", recording.events(EVENTS // 10))
    lines = recording.made(f"events_{EVENTS}.jsonl", map(recording.json_line, recording.events(EVENTS)))
    native = recording.made(f"events_{EVTX_EVENTS}_dense.evtx", iter([evtx_file()]))
    for_lines, for_xml, for_json_lines, for_json = seconds(
        lambda: count_lines(log), lambda: alert(log), lambda: count_lines(lines), lambda: alert(lines), runs=5
    )
    with patch.object(xml, "read", xml.read_exactly):
        [for_lxml] = seconds(lambda: alert(log), runs=1)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        alert(log, cache)
        [for_cached] = seconds(lambda: alert(log, cache))
    for_evtx, for_evtx_json = seconds(lambda: engine.record([str(native)]), lambda: evtx_json(native), runs=5)
    size = log.stat().st_size
    print(
        f"from the log to the alert; {EVENTS:,} events, {size / 1e9:.1f} GB of XML, {lines.stat().st_size / 1e9:.1f} GB of JSON"
    )
    print(
        f"  XML:        {for_xml / for_lines:6.1f} times DuckDB's count of its lines, {for_lxml / for_xml:.1f} times as fast as lxml alone"
    )
    print(f"  JSON lines: {for_json / for_json_lines:6.1f} times DuckDB's count of its lines")
    print(f"  again, with --cache: {for_xml / for_cached:.1f} times as fast as XML the first time")
    print(f"  .evtx:      {for_evtx_json / for_evtx:6.1f} times as fast as json.loads of the package's own JSON")
    print(f"  peak memory: {peak_mb(tenth)} MB for {EVENTS // 10:,} events, {peak_mb(log)} MB for ten times as many")
