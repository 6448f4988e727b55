"""The time from a log to the alert, against DuckDB counting the lines of the same file, and against other readers."""

from __future__ import annotations

import json
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
from splreplay.logs.opening import MAX_EVENT_BYTES
from splreplay.planning import plan
from splreplay.recording import record

EVENTS = 700_000
EVTX_EVENTS = 50_000


def alert(log: Path, cache: Path | None = None) -> None:
    """Read a log and run the scheduled search over it, as the command line does; the log holds one finding."""
    app = App(engine.app_folder())
    planned = plan(app, app.saved_search(NAME).search)
    replayed = engine.replay(planned, record([str(log)], planned.fields, cache=cache))
    assert len(replayed.results.rows) == 1, replayed.results.rows


def count_lines(log: Path) -> None:
    """Let DuckDB count the lines of a file; a line may be as long as an event of replay's."""
    query = (
        "SELECT count(*) FROM read_csv(?, columns={'line': 'VARCHAR'}, delim='\x01', quote='', escape='', header=false, "
        f"auto_detect=false, max_line_size={MAX_EVENT_BYTES})"
    )
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(query, [str(log)]).fetchall()


def evtx_json(log: Path) -> None:
    """Read an .evtx file as JSON, from the package that decodes it."""
    for entry in PyEvtxParser(str(log)).records_json():
        json.loads(entry["data"])  # type: ignore[index]


def main() -> None:
    """Print a line for each measurement."""
    log, lines = (recording.log(suffix, EVENTS) for suffix in ("xml", "jsonl"))
    native = recording.log("evtx", EVTX_EVENTS)
    for_lines, for_xml, for_json_lines, for_json = seconds(
        lambda: count_lines(log), lambda: alert(log), lambda: count_lines(lines), lambda: alert(lines), runs=5
    )
    with patch.object(xml, "read", xml.read_exactly):
        [for_lxml] = seconds(lambda: alert(log), runs=1)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        alert(log, cache)
        [for_cached] = seconds(lambda: alert(log, cache))
    for_evtx, for_evtx_json = seconds(lambda: record([str(native)]), lambda: evtx_json(native), runs=5)
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
