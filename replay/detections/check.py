"""`replay check`: which detections replay can run, which not and why, and what is likely wrong with each; no data needed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay import cim, engine
from replay.app import App
from replay.detections import source
from replay.detections.lint import Finding, lint
from replay.detections.source import Detection
from replay.errors import SplError
from replay.located import Place
from replay.macros import Expansion
from replay.options import add_app, app_of
from replay.output import printable


@dataclass(frozen=True)
class Verdict:
    """What is known of a detection: *reason* is None where it is supported, and *place* is where that is so."""

    detection: Detection
    reason: str | None
    place: Place
    findings: Sequence[Finding]
    warnings: Sequence[str]


def add_parser(commands: Any) -> None:
    """Add the subcommand to *commands*."""
    parser = commands.add_parser(
        "check",
        help="say which detections can be run, and what is likely wrong with them, without data",
        description="Parse and plan detections without data. Exit status: 0 all are supported, 2 not all, 3 a file is unreadable.",
    )
    parser.add_argument(
        "paths",
        metavar="FILE|DIR",
        nargs="+",
        type=Path,
        help="security_content YAML or a savedsearches.conf, or folders",
    )
    add_app(parser)
    parser.add_argument(
        "--addon", choices=cim.ADDONS, default="current", help="how Sysmon is mapped to the CIM (default: %(default)s)"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how the verdicts are written (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a verdict on each detection and return the exit status."""
    found = source.find(options.paths)
    app = app_of(options, found.filter_macros)
    app.expand("")  # what is wrong with the app itself is said once, not of each detection
    nothing = engine.nothing()
    verdicts = [check(detection, app, nothing, options.addon) for detection in found.detections]
    for error in found.errors:
        print(printable(str(error)), file=sys.stderr)
    print(as_json(verdicts) if options.format == "json" else as_text(verdicts), end="", flush=True)
    if found.errors:
        return 3
    return 0 if all(verdict.reason is None for verdict in verdicts) else 2


def check(detection: Detection, app: App, nothing: engine.Recording, addon: str) -> Verdict:
    """Return the verdict on one detection: its search is expanded, parsed, and run over the recording of no events."""
    search = detection.search
    expansion: Expansion | None = None
    findings: Sequence[Finding] = ()
    try:
        expansion = app.expansion(search.value)
        findings = lint(detection, expansion, app.commands)
        planned = engine.replay(nothing, app, search.value, addon, python=None)
    except SplError as error:
        return Verdict(detection, error.reason, search.place(_offset(error, search.value, expansion)), findings, ())
    return Verdict(detection, None, search.place(), findings, planned.results.warnings)


def _offset(error: SplError, search: str, expansion: Expansion | None) -> int:
    """Return where in the search an error is; one that is nowhere in particular is at its start."""
    if expansion and error.source == expansion.text:
        return expansion.origin(error.offset)
    return error.offset if error.source == search else 0


def as_json(verdicts: Sequence[Verdict]) -> str:
    """Return one JSON array with an object for each detection."""
    objects = [
        {
            "file": str(one.detection.path),
            "name": one.detection.name,
            "supported": one.reason is None,
            "reason": one.reason,
            "line": one.place.line,
            "column": one.place.column,
            "findings": [
                {"rule": f.rule, "message": f.message, "line": f.place.line, "column": f.place.column}
                for f in one.findings
            ],
            "warnings": list(one.warnings),
        }
        for one in verdicts
    ]
    return json.dumps(objects, indent=2) + "\n"


def as_text(verdicts: Sequence[Verdict]) -> str:
    """Return a line for each detection and for each thing that is wrong with it, as compilers print theirs, then a count."""
    lines = []
    for one in verdicts:
        said = (
            f"{one.detection.name}: supported"
            if one.reason is None
            else f"{one.detection.name}: not supported: {one.reason}"
        )
        remarks = [(one.place, said), *((f.place, f"{f.message} [{f.rule}]") for f in one.findings)]
        remarks += [(one.place, f"warning: {warning}") for warning in one.warnings]
        lines += [
            f"{printable(str(one.detection.path))}:{place.line}:{place.column}: {printable(text)}"
            for place, text in remarks
        ]
    supported = sum(one.reason is None for one in verdicts)
    findings = sum(len(one.findings) for one in verdicts)
    counted = f"{_number(len(verdicts), 'detection')}: {supported:,} supported, {len(verdicts) - supported:,} not"
    return "\n".join([*lines, f"{counted}; {_number(findings, 'finding')}"]) + "\n"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
