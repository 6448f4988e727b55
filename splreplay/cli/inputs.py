"""Read the app and the logs that the options name, and print warnings about them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from splreplay import engine, recording
from splreplay.app import App
from splreplay.app.layers import AppFolder
from splreplay.cli.progress import Progress
from splreplay.cli.writing import Target, refuse_replaced
from splreplay.errors import DataError, UsageError
from splreplay.logs.names import Wanted
from splreplay.logs.paths import find
from splreplay.output import printable
from splreplay.recording import Recording
from splreplay.run import Means

# The exit status where logs were passed over, and the others answered.
PASSED_OVER = 4


def app_of(options: argparse.Namespace, defaults: Mapping[str, str] | None = None) -> App:
    """Return the app that the options name; *defaults* are macros that it need not define.

    Raises:
        UsageError: If a folder is not an app.
    """
    for folder in options.app:
        if not AppFolder(folder).is_app:
            raise UsageError(
                f"--app {folder} is no app: it has neither default/ nor local/, lookups/ or macros/",
                "name another; without --app, searches have the standard macros",
            )
    own, *others = options.app or [default_app()]
    return App(own, options.macro, others, defaults or {})


def default_app() -> Path:
    """Return the app of the checkout that replay runs from, unless the current folder is one, or there is no checkout.

    Without either, the current folder is an app that has nothing, and searches have the standard macros alone.
    """
    checkout = engine.app_folder()
    return checkout if not AppFolder(Path()).is_app and (checkout / "default" / "app.conf").is_file() else Path()


def record(options: argparse.Namespace, fields: Wanted, written: Sequence[Target] = ()) -> Recording:
    """Read the logs that the options name, show the progress, and print what is wrong with them.

    Raises:
        DataError: If none can be read; with --strict, if one cannot.
        UsageError: If what is to be *written* would replace one.
    """
    logs, passed = find(options.logs)
    refuse_replaced(written, logs)
    progress = Progress(sys.stderr)
    try:
        read = recording.record(logs, fields, cache=options.cache, progress=progress.show, passed=passed)
    finally:
        progress.clear()
    warn(read.report.warnings)
    if options.strict and passed:
        raise DataError(f"--strict: {len(passed):,} of {len(logs):,} logs cannot be read, and none may be passed over")
    return read


def means_of(options: argparse.Namespace, collect: Path | None = None, lookups: Path | None = None) -> Means:
    """Return what the options let a run use; *collect* and *lookups* are the folders that it may write into."""
    return Means(options.python, collect, not options.no_commands, lookups, options.geoip)


def status_of(recording: Recording) -> int:
    """Return the exit status of what ran over a recording."""
    return PASSED_OVER if recording.report.passed else 0


def warn(warnings: Iterable[str]) -> None:
    """Print warnings, one on each line."""
    for warning in warnings:
        print(f"warning: {printable(warning)}", file=sys.stderr)


def note(notes: Iterable[str]) -> None:
    """Print what is good to know and no warning, one on each line."""
    for text in notes:
        print(f"note: {printable(text)}", file=sys.stderr)
