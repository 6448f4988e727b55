"""What rbaenrich costs, on each Python that Splunk ships: start-up, and time for each result.

All times are processor times of whole processes that read the same conversation with splunkd from a file.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.command.pythons import INTERPRETERS
from tests.command.splunkd import ROWS as LOOKUP_ROWS
from tests.command.splunkd import build_app, execute, getinfo, splunk_csv

ROWS = 500_000
CHUNK = 50_000
FIELDS = (
    *("_time", "dest", "user", "parent_process_name", "process_name", "process_path", "process"),
    *("process_guid", "process_id", "connection_to_CNC", "dest_port", "match_basis"),
)
# A finding is a process with all its far ends.
DETECTIONS = [row.replace("|connection_to_CNC|dest_port", "") for row in LOOKUP_ROWS["detections"]]
PARENTS = ("cmd.exe", "powershell.exe", "explorer.exe", "rundll32.exe")
FOLDER = "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319"
PEERS = Path(__file__).parent / "peers"
SHORTEST_OF = 3

# Takes the number and the cells of a result, and returns its cells with those of the `__mv_` columns.
Several = Callable[[int, list[str]], list[str]]


def row(number: int, messages: int) -> list[str]:
    """Return a result: a distinct finding, with one of *messages* different messages."""
    who = number % messages
    return [
        f"{1_700_000_000 + number}.000",
        f"wks-{who % 5000:05}.corp.example",
        f"user{who:06}",
        PARENTS[who % len(PARENTS)],
        "InstallUtil.exe",
        f"{FOLDER}\\InstallUtil.exe",
        f'"{FOLDER}\\InstallUtil.exe" /logfile= /U C:\\Users\\Public\\sample{who % 1000}.dll',
        f"{{7c1e4a52-{number % 65536:04x}-6650-{number >> 16:04x}-{number:012x}}}",
        str(1000 + number % 30000),
        f"203.0.113.{who % 250}",
        ("80", "443", "8080")[who % 3],
        "guid",
    ]


def two_users(number: int, cells: list[str]) -> list[str]:
    """Give every tenth result two users."""
    return with_values(cells, {"user": [cells[2], "SYSTEM"]} if number % 10 == 0 else {})


def three_far_ends(number: int, cells: list[str]) -> list[str]:
    """Give each result three of 5,000 far ends, and their ports, so that hardly any two results are alike."""
    ends = [number * 7 % 5000, number * 11 % 4999, number * 13 % 4993]
    names = [f"198.51.{end >> 8}.{end & 255}" if end % 3 else f"c2-{end}.example.net" for end in ends]
    return with_values(cells, {"connection_to_CNC": names, "dest_port": ["80", "443", str(1024 + number % 5000)]})


def with_values(cells: list[str], values: dict[str, list[str]]) -> list[str]:
    """Return the cells of a result with these values, followed by those of its `__mv_` columns."""
    single = ["\n".join(values[field]) if field in values else cell for field, cell in zip(FIELDS, cells, strict=True)]
    return single + [";".join(f"${value}$" for value in values.get(field, ())) for field in FIELDS]


def conversation(
    folder: Path,
    name: str,
    rows: int,
    messages: int,
    several: Several | None = None,
    *,
    chunk: int = CHUNK,
    options: Sequence[str] = (),
) -> Path:
    """Write what splunkd sends for that many results, in chunks; *several* gives their fields several values."""
    path = folder / name
    header = [*FIELDS, *(f"__mv_{field}" for field in FIELDS)] if several else FIELDS
    with path.open("wb") as out:
        out.write(getinfo(*options))
        for start in range(0, rows, chunk):
            table = [row(number, messages) for number in range(start, min(rows, start + chunk))]
            if several:
                table = [several(start + number, cells) for number, cells in enumerate(table)]
            out.write(execute(splunk_csv(header, table), finished=start + chunk >= rows))
    return path


def cost(command: Sequence[str], conversation: Path | None = None) -> float:
    """Return what one run of *command* costs, in processor seconds."""
    with open(conversation or os.devnull, "rb") as requests:
        process = subprocess.Popen(command, stdin=requests, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime


def least(runs: int, *commands: tuple[Sequence[str], Path | None]) -> Iterator[float]:
    """Yield the least processor time of each command; they take turns, so that a busy moment affects all of them."""
    turns = [[cost(*command) for command in commands] for _ in range(runs)]
    return map(min, zip(*turns, strict=True))


def measure(python: str, folder: Path) -> None:
    """Print a line for each measurement with one Python."""
    app = build_app(folder / f"app-{Path(python).name}", shipped={"detections": DETECTIONS})
    ours = [python, str(app / "bin" / "rbaenrich.py")]
    usual = [python, str(PEERS / "usual.py"), str(app)]
    echo = [python, str(PEERS / "echo.py")]
    bare = [python, "-c", f"import sys; sys.path.insert(0, {str(app / 'lib')!r}); import splunklib.searchcommands"]

    hello = conversation(folder, "hello", 0, 1)
    start_up, imports = least(15, (ours, hello), (bare, None))
    print(f"  start-up: {start_up / imports:.2f} times a Python that imports splunklib.searchcommands")
    for title, messages, several in (
        ("all messages distinct", ROWS, None),
        ("500 messages that repeat", 500, None),
        ("all distinct, 10 % two users", ROWS, two_users),
        ("all distinct, three far ends", ROWS, three_far_ends),
    ):
        requests = conversation(folder, "requests", ROWS, messages, several)
        quick, copied = least(SHORTEST_OF, (ours, requests), (echo, requests))
        slow = cost(usual, requests)
        print(
            f"  {title + ':':32}{slow / quick:5.1f} times as fast as a dict a result, {quick / copied:5.2f} times the time of an echo"
        )


def main() -> None:
    """Measure with each Python."""
    print(f"rbaenrich, in processor time; {ROWS:,} results of {len(FIELDS)} fields")
    for version, python in INTERPRETERS.items():
        if python is None:
            print(f"Python {version}: not found on PATH or in pyenv")
            continue
        print(f"Python {version}")
        with tempfile.TemporaryDirectory() as folder:
            measure(python, Path(folder))


if __name__ == "__main__":
    main()
