"""How much more memory ten times the input takes: in the reader of each format, and in rbaenrich."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import command, recording
from tests.command.pythons import INTERPRETERS
from tests.command.splunkd import build_app

EVENTS = 700_000
RESULTS = 300_000
# Prints the peak memory in kB; a process has only one peak, so each log is read by its own.
RECORD = (
    "import sys; from splreplay.recording import record; record(sys.argv[1:]); print(open('/proc/self/status').read())"
)


def peak_mb(path: Path) -> int:
    """Return the peak memory of a process that reads a log."""
    ran = subprocess.run([sys.executable, "-c", RECORD, str(path)], capture_output=True, text=True, check=True)
    peak = re.search(r"VmHWM:\s*(\d+) kB", ran.stdout)
    assert peak, ran.stdout
    return int(peak[1]) >> 10


def answers(python: str) -> Iterator[tuple[str, float, float]]:
    """Yield what rbaenrich is asked for, and its peak memory in MB for a tenth of the results and for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        app = build_app(Path(folder) / "app", shipped={"detections": command.DETECTIONS})
        ours = [python, str(app / "bin" / "rbaenrich.py")]
        for output in ("annotate", "modifiers"):
            for title, chunk in ((f"in chunks of {RESULTS // 10:,}", RESULTS // 10), ("in one chunk", RESULTS)):
                sizes = (RESULTS // 10, RESULTS)
                options = [f"output={output}"]
                tenth, all_ = (
                    command.cost(
                        ours, command.conversation(Path(folder), "some", size, size, chunk=chunk, options=options)
                    ).memory
                    for size in sizes
                )
                yield f"rbaenrich output={output}, {title}", tenth, all_


def main() -> None:
    """Print a line for each format and each kind of answer."""
    print(f"peak memory in MB, for a tenth and for all of {EVENTS:,} events, or {RESULTS:,} results")
    python = next(path for path in reversed(INTERPRETERS.values()) if path)
    read = (
        (suffix, peak_mb(recording.log(suffix, EVENTS // 10)), peak_mb(recording.log(suffix, EVENTS)))
        for suffix in recording.FORMATS
    )
    for title, tenth, all_ in itertools.chain(read, answers(python)):
        print(f"  {title:48}{tenth:6.0f}{all_:6.0f}  {all_ / tenth:5.2f} times")


if __name__ == "__main__":
    main()
