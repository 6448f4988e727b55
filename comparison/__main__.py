"""Command line: python -m comparison LOG… prints what the published search finds, what ours finds, and the alerts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from comparison import compare
from splreplay.cli import exit_status, guarded
from splreplay.cli.inputs import app_of, means_of, record, status_of
from splreplay.cli.options import add_logs
from splreplay.planning import fields


def main(arguments: Sequence[str]) -> int:
    """Print the comparison and return the exit status, which is that of a run."""
    parser = argparse.ArgumentParser(prog="python -m comparison", description=__doc__)
    add_logs(parser)
    options = parser.parse_args(arguments)
    return exit_status(lambda: _compare(options))


def _compare(options: argparse.Namespace) -> int:
    plans = compare.plans(app_of(options))
    recording = record(options, fields(planned for by_addon in plans.values() for planned in by_addon.values()))
    print(compare.text(recording, plans, means_of(options)), end="", flush=True)
    return status_of(recording)


if __name__ == "__main__":
    sys.exit(guarded(lambda: main(sys.argv[1:])))
