"""`replay run`: one search over recorded logs."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from splreplay import engine
from splreplay.app import App
from splreplay.cli.explain import explain
from splreplay.cli.inputs import app_of, means_of, record, status_of, warn
from splreplay.errors import DataError, UsageError
from splreplay.output import FORMATS
from splreplay.planning import plan
from splreplay.times import TimeRange
from splreplay.writing import write_whole

if TYPE_CHECKING:
    from splreplay.detections.source import Detection


def run(options: argparse.Namespace) -> int:
    """Run the search and write its results."""
    if options.format == "html" and options.output is None and sys.stdout.isatty():
        raise UsageError("a report is read in a browser, not in a terminal; write it into a file with --output FILE")
    detection = _detection(options.detection) if options.detection else None
    app = app_of(options, {detection.filter_macro: "search *"} if detection else {})
    # Errors of the search, the times and the output are raised before a large log is read.
    name, search = (detection.name, detection.search.value) if detection else _search(options, app)
    planned = plan(app, search, options.addon, TimeRange.of(options.earliest, options.latest))
    if options.output is not None and (options.output.is_dir() or not options.output.parent.is_dir()):
        raise UsageError(f"--output {options.output} cannot be written: name a file in a folder that is there")
    recording = record(options, planned.fields)
    replayed = engine.replay(planned, recording, means_of(options, options.collect, options.outputlookup))
    if options.explain:
        print(explain(replayed), file=sys.stderr)
    warn(replayed.results.warnings)
    if options.format == "html":
        report = _report()
        text = report.html(report.about(recording, planned, name), replayed.results)
    else:
        text = FORMATS[options.format](replayed.results)
    if options.output is None:
        print(text, end="", flush=True)
        return status_of(recording)
    try:
        write_whole(options.output, text.encode())
    except OSError as error:
        raise DataError(f"the results cannot be written: {error.strerror}", str(options.output)) from error
    return status_of(recording)


def _report() -> ModuleType:
    """Return the module of reports, which needs an extra of the engine (Jinja2 and the chart) and is slow to import."""
    try:
        return importlib.import_module("splreplay.report")
    except ModuleNotFoundError as error:
        raise UsageError(f"a report needs {error.name}", "install it: pip install 'splreplay[report]'") from error


def _detection(path: Path) -> Detection:
    """Return the one detection of a file; DataError if it cannot be read or holds none or several."""
    from splreplay.detections import source  # importing PyYAML takes a while, and few runs need it

    found = list(source.read(path))
    if len(found) != 1:
        raise DataError(
            f"holds {len(found) or 'no'} searches; name a file with one, or a saved search with --search", str(path)
        )
    return found[0]


def _search(options: argparse.Namespace, app: App) -> tuple[str, str]:
    """Return the name of the saved search, empty for another search, and its text."""
    if options.spl is None:
        saved = app.saved_search(options.search) if options.search is not None else app.scheduled
        return saved.name, saved.search
    if not options.spl.startswith("@"):
        return "", str(options.spl)
    try:
        return "", Path(options.spl[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise DataError(f"the search cannot be read: {reason}", options.spl[1:]) from error
