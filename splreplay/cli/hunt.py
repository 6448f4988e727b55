"""`replay hunt`: all detections of a folder over all logs of a case."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from splreplay.app.layers import AppFolder
from splreplay.circumstances import circumstances, name_of
from splreplay.cli.inputs import app_of, default_app, means_of, note, record, status_of, warn
from splreplay.cli.progress import Progress
from splreplay.cli.writing import Target, refuse_replaced, report, targets, width, write
from splreplay.detections import source
from splreplay.errors import UsageError
from splreplay.hunt.case import Case, case
from splreplay.hunt.formats import FORMATS, as_text, head
from splreplay.hunt.hunt import hunt
from splreplay.hunt.select import planned
from splreplay.hunt.status import refuse_unknown, status
from splreplay.output import printable
from splreplay.planning import Plan, fields
from splreplay.recording import Recording
from splreplay.times import TimeRange


def run(options: argparse.Namespace) -> int:
    """Hunt, write the case, and return the exit status."""
    written = targets(options.format, options.outputs)
    read = _detections(options.detections)
    if not read.detections:
        return 3
    refuse_replaced(written, (detection.path for detection in read.detections))
    refuse_unknown(options.fail_on, read.detections)
    _app_around(options)
    app = app_of(options, read.filter_macros)
    app.expand("")  # an error of the app itself is raised here, once, and not for each detection
    time = TimeRange.of(options.earliest, options.latest)
    detections = planned(read.detections, app, options.addon, time)
    progress = Progress(sys.stderr)

    def load(plans: Sequence[Plan]) -> Recording:
        return record(options, fields(plans), written)

    try:
        recording, outcomes = hunt(
            detections,
            options.addon,
            load,
            means_of(options),
            options.jobs or os.cpu_count() or 1,
            options.timeout,
            progress.count,
        )
    finally:
        progress.clear()
    hunted = [(one.detection, outcome) for one, outcome in zip(detections, outcomes, strict=True)]
    found = case(
        recording.report,
        recording.facts.moments,
        hunted,
        [("app", name_of(app)), *circumstances(app, options.addon, time)],
    )
    write(written, lambda target: _text(found, target))
    if files := [str(target.path) for target in written if target.path]:
        note([f"wrote {', '.join(files)}: {head(found)}"])
    ended, said = status(hunted, options.fail_on, status_of(recording))
    warn(said)
    return 3 if read.errors else ended


def _detections(paths: Sequence[Path]) -> source.Found:
    """Return the detections in some files and folders, and print what is wrong with them.

    Raises:
        UsageError: If there is none, or a log stands among them.
    """
    for path in paths:
        if path.is_file() and path.suffix not in source.SUFFIXES:
            raise UsageError(
                f"{path} is no detection", "name .yml files or a savedsearches.conf; logs stand behind --log"
            )
    read = source.find(paths)
    for error in read.errors:
        print(printable(str(error)), file=sys.stderr)
    warn(read.warnings)
    warn(str(problem) for detection in read.detections for problem in detection.score_problems)
    return read


def _text(found: Case, target: Target) -> str:
    match target.format:
        case "html":
            return str(report("splreplay.report.hunt").html(found))
        case "table":
            return as_text(found, width(target.path))
    return FORMATS[target.format](found)


def _app_around(options: argparse.Namespace) -> None:
    """Take the app that the first detection lies in where none is named; its commands are then not run, as nobody asked for it."""
    if options.app:
        return
    first = options.detections[0].resolve()
    around = next((folder for folder in (first, *first.parents) if AppFolder(folder).is_app), None)
    if around is None or around == default_app().resolve():
        return
    options.app, options.no_commands = [around], True
    note([f"searches run in the app {around}, without its commands; to let those run, name it with --app"])
