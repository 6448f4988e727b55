"""`replay hunt`: all detections of a folder over all logs of a case."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from splreplay.app.layers import AppFolder
from splreplay.circumstances import circumstances, name_of
from splreplay.cli.inputs import app_of, default_app, means_of, note, record, status_of
from splreplay.cli.progress import Progress
from splreplay.cli.writing import format_of, report, width, write
from splreplay.detections import source
from splreplay.hunt.case import Case, case
from splreplay.hunt.formats import FORMATS, as_text, head
from splreplay.hunt.hunt import hunt
from splreplay.hunt.select import planned
from splreplay.output import printable
from splreplay.planning import Plan, fields
from splreplay.recording import Recording
from splreplay.times import TimeRange

FIRED, QUIET = 0, 1


def run(options: argparse.Namespace) -> int:
    """Hunt, write the case, and return the exit status."""
    format_ = format_of(options.format, options.output)
    read = source.find(options.detections)
    _app_around(options)
    app = app_of(options, read.filter_macros)
    app.expand("")  # an error of the app itself is raised here, once, and not for each detection
    for error in read.errors:
        print(printable(str(error)), file=sys.stderr)
    time = TimeRange.of(options.earliest, options.latest)
    detections = planned(read.detections, app, options.addon, time)
    progress = Progress(sys.stderr)

    def load(plans: Sequence[Plan]) -> Recording:
        return record(options, fields(plans))

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
    found = case(
        recording.report,
        recording.facts.moments,
        [(one.detection, outcome) for one, outcome in zip(detections, outcomes, strict=True)],
        [("app", name_of(app)), *circumstances(app, options.addon, time)],
    )
    if format_ == "html":
        text = report("splreplay.report.hunt").html(found)
    elif format_ == "table":
        text = as_text(found, width(options.output))
    else:
        text = FORMATS[format_](found)
    write(text, options.output)
    if options.output:
        note([f"wrote {options.output}: {head(found)}"])
    if read.errors:
        return 3
    return _status(found, options.fail_on, recording)


def _status(found: Case, fail_on: Sequence[str], recording: Recording) -> int:
    """Return grep's exit status, or, for --fail-on, 1 if something fired that it names; passed logs are told where that does not decide."""
    if fail_on:
        failing = [finding.detection for finding in found.findings if _fails(finding.detection, fail_on)]
        for detection in failing:
            print(printable(f"--fail-on: {detection.name} fired"), file=sys.stderr)
        if failing:
            return 1
        return status_of(recording)
    return status_of(recording) or (FIRED if found.findings else QUIET)


def _fails(detection: source.Detection, fail_on: Sequence[str]) -> bool:
    """Return whether a detection is of a type that is named, or has the score or a higher one."""
    return any(
        detection.score >= float(name) if name.replace(".", "", 1).isdigit() else detection.kind.lower() == name.lower()
        for name in fail_on
    )


def _app_around(options: argparse.Namespace) -> None:
    """Take the app that the first detection lies in where none is named; its commands are then not run, as nobody asked for it."""
    if options.app:
        return
    first = options.detections[0].resolve()
    around = next((folder for folder in (first, *first.parents) if AppFolder(folder).is_app), None)
    usual = default_app()
    if around is None or (usual and around == usual.resolve()):
        return
    options.app, options.no_commands = [around], True
    note([f"searches run in {around}, and its commands do not; to let them, name it with --app"])
