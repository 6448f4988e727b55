"""`replay run`: one search over recorded logs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from splreplay import engine
from splreplay.app import App
from splreplay.cli.explain import explain
from splreplay.cli.inputs import app_of, means_of, note, record, status_of, warn
from splreplay.cli.writing import Target, refuse_replaced, report, targets, width, write
from splreplay.engine import Replayed
from splreplay.errors import DataError
from splreplay.output import FORMATS, as_table
from splreplay.planning import plan
from splreplay.recording import Recording
from splreplay.times import TimeRange

if TYPE_CHECKING:
    from splreplay.detections.source import Detection


def run(options: argparse.Namespace) -> int:
    """Run the search and write its results."""
    written = targets(options.format, options.outputs)
    detection = _detection(options.detection) if options.detection else None
    refuse_replaced(written, [options.detection] if detection else [])
    app = app_of(options, {detection.filter_macro: "search *"} if detection else {})
    # Errors of the search, the times and the output are raised before a large log is read.
    name, search = (detection.name, detection.search.value) if detection else _search(options, app)
    planned = plan(app, search, options.addon, TimeRange.of(options.earliest, options.latest))
    recording = record(options, planned.fields, written)
    replayed = engine.replay(planned, recording, means_of(options, options.collect, options.outputlookup))
    if options.explain:
        print(explain(replayed), file=sys.stderr)
    note(replayed.results.notes)
    warn(replayed.results.warnings)
    write(written, lambda target: _text(target, replayed, recording, name))
    return status_of(recording)


def _text(target: Target, replayed: Replayed, recording: Recording, name: str) -> str:
    match target.format:
        case "html":
            page = report("splreplay.report")
            return str(page.html(page.about(recording, replayed.plan, name), replayed.results))
        case "table":
            return as_table(replayed.results, width(target.path))
    return FORMATS[target.format](replayed.results)


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
