"""What rbaenrich costs: start-up against a bare import of splunklib, and throughput against an echo of the same CSV."""

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence

from replay import chunked, engine
from replay.sql.values import Value

ROWS = 50_000
FIELDS = (
    *("_time", "dest", "user", "parent_process_name", "process_name", "process_path", "process"),
    *("process_guid", "process_id", "connection_to_CNC", "dest_port", "match_basis"),
)
SCRIPT = engine.app_folder() / "bin" / "rbaenrich.py"
IMPORT = f"import sys; sys.path.insert(0, {str(engine.app_folder() / 'lib')!r}); import splunklib.searchcommands"


def rows() -> list[dict[str, Value]]:
    """Return results as the search makes them, each with a message of its own."""
    common: dict[str, Value] = {"process_name": "InstallUtil.exe", "connection_to_CNC": "203.0.113.10"}
    return [{**{field: f"{field} {number}" for field in FIELDS}, **common} for number in range(ROWS)]


def echo(body: bytes) -> None:
    """Read CSV and write it."""
    csv.writer(io.StringIO(), lineterminator="\n").writerows(csv.reader(io.StringIO(body.decode())))


def children_cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds of the processes that *work* starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def own_cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds that *work* takes in this process."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def enrich(records: Sequence[dict[str, Value]]) -> None:
    """Run the command over *records*."""
    chunked.call([sys.executable, str(SCRIPT)], "rbaenrich", [], FIELDS, records, {})


def main() -> None:
    """Print a line for each measurement."""
    records = rows()
    start_up = min(children_cpu(lambda: enrich([])) for _ in range(5))
    bare = min(children_cpu(lambda: subprocess.run([sys.executable, "-c", IMPORT], check=True)) for _ in range(5))
    whole = min(children_cpu(lambda: enrich(records)) for _ in range(3))
    body = chunked.encode(FIELDS, records)
    echoed = min(own_cpu(lambda: echo(body)) for _ in range(3))
    print(f"rbaenrich, in CPU time; {ROWS:,} rows of {len(FIELDS)} fields, all messages distinct")
    print(f"  start-up: {start_up / bare:5.2f} times a Python that imports splunklib.searchcommands")
    print(f"  rows:     {(whole - start_up) / echoed:5.2f} times a csv.reader to csv.writer echo of the same rows")
