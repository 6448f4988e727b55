"""Command line: python -m dashboard LOG… draws the dashboard into dist/dashboard."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboard.feed import feed, range_of
from splreplay import cim
from splreplay.app import App
from splreplay.cli import exit_status
from splreplay.cli.inputs import record, status_of
from splreplay.cli.options import add_log_names
from splreplay.errors import UsageError
from splreplay.recording import DATA_MODELS
from splreplay.times import TimeRange

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUT = ROOT / "dist" / "dashboard"
NEEDED = {
    "node": "Node.js 20 or later is needed; on Debian: apt install nodejs npm",
    "chromium": "Chromium is needed; on Debian: apt install chromium",
}


def main(arguments: Sequence[str]) -> int:
    """Draw the dashboard and return the exit status: 0 drawn, 1 not drawn as it should be, else that of `replay run`."""
    parser = argparse.ArgumentParser(prog="python -m dashboard", description=__doc__)
    add_log_names(parser)
    parser.set_defaults(cache=None)
    parser.add_argument("--addon", choices=cim.ADDONS, default="current", help="how Sysmon is mapped to the CIM")
    parser.add_argument("--earliest", metavar="T", help="start of the time range (default: that of the log)")
    parser.add_argument("--latest", metavar="T", help="its end, and the time of the run (default: that of the log)")
    options = parser.parse_args(arguments)
    return exit_status(lambda: draw(options))


def draw(options: argparse.Namespace) -> int:
    """Feed the renderer, start it, print what it drew, and return the exit status."""
    tools = {name: tool(name) for name in NEEDED}
    recording = record(options, DATA_MODELS)
    whole = range_of(recording)
    asked = TimeRange.of(options.earliest, options.latest, whole.now)
    end = asked.latest or whole.now
    fed = feed(recording, App(ROOT), options.addon, TimeRange(end, asked.earliest or whole.earliest, end))
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    (OUT / "feed.json").write_text(json.dumps(fed, ensure_ascii=False), encoding="utf-8")
    command = [tools["node"], str(HERE / "render.mjs"), str(OUT), tools["chromium"]]
    if subprocess.run(command, check=False).returncode:
        return 1
    print("\n".join(str(path.relative_to(ROOT)) for path in sorted(OUT.iterdir())))
    return status_of(recording)


def tool(name: str) -> str:
    """Return the path of a program; UsageError if it is not there."""
    path = shutil.which(name)
    if path is None:
        raise UsageError(NEEDED[name])
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
