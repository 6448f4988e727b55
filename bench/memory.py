"""How much more memory and time ten times the input takes: in the reader of each format, and in rbaenrich."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import command, recording
from tests.command.pythons import INTERPRETERS
from tests.command.splunkd import build_app

EVENTS = 700_000
RESULTS = 300_000
READ = "import sys; from splreplay.recording import record; record(sys.argv[1:])"
# Linux counts as a process's memory what it had before its exec, so this one, which is small, starts the command that is measured.
MEASURE = """
import os, sys
out = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
process, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=out), 0)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Used(NamedTuple):
    """What a process took: its peak memory in MB, and its processor time in seconds."""

    memory: float
    seconds: float


# A title, and what was used for a tenth of the input and for all of it.
Measured = tuple[str, Used, Used]


def used(arguments: Sequence[str], requests: Path = Path(os.devnull)) -> Used:
    """Return what a command uses that reads *requests*; subprocess.CalledProcessError if it fails."""
    measure = [sys.executable, "-S", "-c", MEASURE, *arguments]
    with requests.open("rb") as stdin:
        ran = subprocess.run(measure, stdin=stdin, stdout=subprocess.PIPE, check=True)
    kilobytes, seconds = map(float, ran.stdout.split())
    return Used(kilobytes / 1024, seconds)


def readers() -> Iterator[Measured]:
    """Yield what reading a log of each format takes."""
    for suffix in recording.FORMATS:
        logs = (recording.log(suffix, count) for count in (EVENTS // 10, EVENTS))
        tenth, all_ = (used([sys.executable, "-c", READ, str(log)]) for log in logs)
        yield suffix, tenth, all_


def answers(python: str) -> Iterator[Measured]:
    """Yield what rbaenrich takes for what it can be asked for."""
    with tempfile.TemporaryDirectory() as folder:
        app = build_app(Path(folder) / "app", shipped={"detections": command.DETECTIONS})
        ours = [python, str(app / "bin" / "rbaenrich.py")]
        for output in ("annotate", "modifiers"):
            for title, chunk in ((f"in chunks of {RESULTS // 10:,}", RESULTS // 10), ("in one chunk", RESULTS)):
                options = [f"output={output}"]
                asked = (
                    command.conversation(Path(folder), str(size), size, size, chunk=chunk, options=options)
                    for size in (RESULTS // 10, RESULTS)
                )
                tenth, all_ = (used(ours, requests) for requests in asked)
                yield f"rbaenrich output={output}, {title}", tenth, all_


def main() -> None:
    """Print a line for each format and each kind of answer."""
    print(f"for a tenth and for all of {EVENTS:,} events, or {RESULTS:,} results: peak memory in MB; and time")
    python = next(path for path in reversed(INTERPRETERS.values()) if path)
    for title, tenth, all_ in itertools.chain(readers(), answers(python)):
        memory, time = all_.memory / tenth.memory, all_.seconds / tenth.seconds
        print(
            f"  {title:48}{tenth.memory:5.0f}{all_.memory:5.0f}  {memory:4.2f} times the memory, {time:4.1f} times the time"
        )


if __name__ == "__main__":
    main()
