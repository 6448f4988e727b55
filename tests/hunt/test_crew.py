"""The processes that run searches: the same outcomes as one alone, and what is left if one dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.hunt.conftest import ATTACK, DETECTIONS, write

# Each job doubles its number; the process that gets number 3 dies. A fork needs a process without threads, so this is one.
DYING = """
import json, os
from splreplay.hunt.crew import crew
def begin(start):
    return lambda job: os._exit(1) if job == 3 else job * start
with crew(2, begin) as workers:
    print(json.dumps(sorted(workers.outcomes(2, range(6)))))
"""
ALL_DYING = DYING.replace("job == 3", "job in (3, 4)")


def python(*arguments: str) -> str:
    """Return what a process of its own prints."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=REPO, capture_output=True, text=True, check=False, timeout=120
    )
    assert "" == done.stderr
    return done.stdout


def test_a_process_that_dies() -> None:
    """The job of a process that dies has no outcome; the other process does the rest."""
    assert [[job, None if job == 3 else job * 2] for job in range(6)] == json.loads(python("-c", DYING))


def test_all_processes_die() -> None:
    """If all die, the jobs that are left have no outcome, and nothing waits for them."""
    outcomes = dict(json.loads(python("-c", ALL_DYING)))
    assert (set(range(6)), None, None) == (set(outcomes), outcomes[3], outcomes[4])


def test_two_find_what_one_finds(tmp_path: Path) -> None:
    """Two processes say of a case what one alone says, but for how long it took."""
    folder = write(tmp_path / "detections", DETECTIONS | {f"again{n}": DETECTIONS["fires"] for n in range(5)})
    hunt = ("-m", "splreplay", "hunt", str(folder), "--log", str(ATTACK), "--format", "json", "--jobs")
    one, two = (json.loads(python(*hunt, jobs)) for jobs in ("1", "2"))
    for finding in (*one["findings"], *two["findings"]):
        finding.pop("seconds")
    assert (one, 6) == (two, len(one["findings"]))


# An app's command that answers nothing, and takes no hint; its process id is in the file that its environment names.
DEAF = """
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(os.environ["DEAF"], str(os.getpid())).touch()
while True:
    time.sleep(60)
"""


def there(process: int) -> bool:
    """Return whether a process is there, and no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return False


def wait_for(what: str, happens: object) -> None:
    """Wait until a call returns something true."""
    assert callable(happens)
    end = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes as Linux lists them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_hunt_that_is_ended_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    """However a hunt ends, the processes that ran its searches end, and the commands that they started; its folder goes, if it can."""
    app, started, folder = tmp_path / "app", tmp_path / "started", tmp_path / "tmp"
    for one in (app / "default", app / "bin", started, folder):
        one.mkdir(parents=True)
    (app / "default/commands.conf").write_text("[deaf]\nfilename = deaf.py\nchunked = true\n", encoding="utf-8")
    (app / "bin/deaf.py").write_text(DEAF, encoding="utf-8")
    detections = write(app / "detections", {f"deaf{n}": f"search: EventCode=1 | deaf | eval n={n}\n" for n in range(2)})
    hunt = ("-m", "splreplay", "hunt", str(detections), "--app", str(app), "--log", str(ATTACK), "--jobs", "2")
    environment = os.environ | {"DEAF": str(started), "TMPDIR": str(folder)}
    with subprocess.Popen([sys.executable, *hunt], cwd=REPO, env=environment, stderr=subprocess.DEVNULL) as process:
        wait_for("both searches run", lambda: len(list(started.iterdir())) == 2)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        process.send_signal(number)
    ours = [int(name) for name in (*children, *(path.name for path in started.iterdir()))]
    wait_for("all processes end", lambda: not any(map(there, ours)))
    assert (4, number == signal.SIGKILL) == (len(ours), bool(list(folder.iterdir())))


def test_a_command_that_hangs(tmp_path: Path) -> None:
    """A command of an app that answers nothing is ended with its search, and its process does the other searches."""
    app = tmp_path / "app"
    for one in (app / "default", app / "bin", tmp_path / "started"):
        one.mkdir(parents=True)
    (app / "default/commands.conf").write_text("[deaf]\nfilename = deaf.py\nchunked = true\n", encoding="utf-8")
    (app / "bin/deaf.py").write_text(DEAF, encoding="utf-8")
    deaf = {f"deaf{n}": f"search: EventCode=1 | deaf | eval n={n}\n" for n in range(2)}
    detections = write(app / "detections", deaf | {"fires": DETECTIONS["fires"]})
    hunt = ("hunt", str(detections), "--app", str(app), "--log", str(ATTACK), "--jobs", "2", "--timeout", "4")
    done = subprocess.run(
        [sys.executable, "-m", "splreplay", *hunt, "--format", "json"],
        cwd=REPO,
        env=os.environ | {"DEAF": str(tmp_path / "started")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    case = json.loads(done.stdout)
    [unseen] = case["unseen"]
    assert ("", ["fires"], "it took longer than 4 s, and was broken off; --timeout gives it more", sorted(deaf)) == (
        done.stderr,
        [finding["detection"] for finding in case["findings"]],
        unseen["reason"],
        sorted(unseen["detections"]),
    )
