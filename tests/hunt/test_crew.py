"""The processes that run searches: the same outcomes as one alone, and what is left if one dies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
