"""A hunt beside another tool, where whoever measures has both: detections over 200,000 events of Sysmon as XML.

BENCH_DETECTIONS names a folder of detections, such as a checkout of splunk/security_content. BENCH_ZIRCOLITE names the command of
Zircolite with its rules, without --events, such as "python3 zircolite.py --ruleset rules/rules_windows_sysmon.json", and
BENCH_RULES how many rules these are. See docs/contributor.md.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import recording
from splreplay import engine

EVENTS = 200_000
SMALL = engine.app_folder() / "tests" / "recordings" / "installutil_attack.xml"


def main() -> None:
    """Print how long a hunt takes, per detection, and the ratio to the other tool's time per rule."""
    folder = os.environ.get("BENCH_DETECTIONS")
    if not folder:
        print("hunt: not measured; name a folder of detections in BENCH_DETECTIONS")
        return
    log = recording.log("xml", EVENTS)
    small, _ = hunted(folder, SMALL)
    large, count = hunted(folder, log)
    print(
        f"hunt with {count:,} detections; over {EVENTS:,} events {large / small:.1f} times the time over {SMALL.name}"
    )
    if command := os.environ.get("BENCH_ZIRCOLITE"):
        rules = int(os.environ["BENCH_RULES"])
        other = seconds([*shlex.split(command), "--events", str(log)])
        print(f"  {large / count / (other / rules):.2f} times Zircolite's time a rule, {rules:,} rules")


def hunted(folder: str, log: Path) -> tuple[float, int]:
    """Return the seconds of a hunt over a log, and how many detections there were."""
    with tempfile.TemporaryDirectory() as made:
        case = Path(made, "case.json")
        hunt = [sys.executable, "-m", "splreplay", "hunt", folder, "--log", str(log), "--output", str(case)]
        return seconds(hunt), int(json.loads(case.read_text(encoding="utf-8"))["detections"])


def seconds(command: list[str]) -> float:
    """Return how long a command runs; CalledProcessError if it fails, but for the exit status of a hunt that finds nothing."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode > 1:
        raise subprocess.CalledProcessError(done.returncode, command, stderr=done.stderr)
    return time.perf_counter() - start
