"""`replay check`: which detections replay can run, which not and why, and what is likely wrong with each; no data needed."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from splreplay import cim, engine
from splreplay.app import App
from splreplay.app.macros import Expansion
from splreplay.cli.options import add_app, app_of
from splreplay.commands import Pipeline
from splreplay.detections import source
from splreplay.detections.lint import Finding, lint
from splreplay.detections.source import Detection
from splreplay.errors import SplError
from splreplay.located import Place
from splreplay.output import printable
from splreplay.run.fields import Opaque, outline, stages


@dataclass(frozen=True)
class Reason:
    """One thing that replay does not run, what to do instead (empty where nobody knows), and where it stands."""

    message: str
    remedy: str
    place: Place

    @property
    def text(self) -> str:
        """The message, and the remedy behind it."""
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


@dataclass(frozen=True)
class Verdict:
    """What is known of a detection: with no reasons it is supported."""

    detection: Detection
    reasons: Sequence[Reason]
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
    return 0 if not any(verdict.reasons for verdict in verdicts) else 2


def check(detection: Detection, app: App, nothing: engine.Recording, addon: str) -> Verdict:
    """Return the verdict on one detection: its search is expanded, parsed, and run over the recording of no events.

    A run stops at what it does not know; which other commands cannot be read either, the outline tells.
    """
    search = detection.search
    expansion: Expansion | None = None
    pipeline: Pipeline = ()
    warnings: Sequence[str] = ()
    errors: list[SplError] = []
    try:
        expansion = app.expansion(search.value)
        pipeline = outline(expansion.text, frozenset(app.commands))
        with tempfile.TemporaryDirectory(prefix="replay-") as folder:  # for what a search may collect
            replayed = engine.replay(nothing, app, search.value, addon, python=None, collect=Path(folder))
        # Over no events every search is blind.
        warnings = [one for one in replayed.results.warnings if one not in replayed.results.blind]
    except SplError as error:
        errors.append(error)
    errors += [stage.command.error for stage in stages(pipeline, {}) if isinstance(stage.command, Opaque)]
    reasons: dict[tuple[str, Place], Reason] = {}
    for one in errors:  # what the outline says again, it says without a list of all that replay knows
        place = search.place(_offset(one, search.value, expansion))
        reasons[one.message, place] = Reason(one.message, one.remedy, place)
    findings = lint(detection, expansion, pipeline) if expansion and pipeline else ()
    return Verdict(detection, tuple(reasons.values()), findings, warnings)


def _offset(error: SplError, search: str, expansion: Expansion | None) -> int:
    """Return where in the search an error is; one that is nowhere in particular is at its start."""
    if error.at is None:
        return 0
    if expansion and error.at.text == expansion.text:
        return expansion.origin(error.at.start)
    return error.at.start if error.at.text == search else 0


def as_json(verdicts: Sequence[Verdict]) -> str:
    """Return one JSON array with an object for each detection."""
    return json.dumps([_as_object(verdict) for verdict in verdicts], indent=2) + "\n"


def _as_object(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON has it: its first reason, or none, at its place, and all of them."""
    first, *_ = *verdict.reasons, Reason("", "", verdict.detection.search.place())
    return {
        "file": str(verdict.detection.path),
        "name": verdict.detection.name,
        "supported": not verdict.reasons,
        "reason": first.message or None,
        "line": first.place.line,
        "column": first.place.column,
        "reasons": [
            {"message": one.message, "remedy": one.remedy or None, **asdict(one.place)} for one in verdict.reasons
        ],
        "findings": [{"rule": one.rule, "message": one.message, **asdict(one.place)} for one in verdict.findings],
        "warnings": list(verdict.warnings),
    }


def as_text(verdicts: Sequence[Verdict]) -> str:
    """Return a line for each detection and for each thing that is wrong with it, as compilers print theirs, then a count."""
    lines = []
    for one in verdicts:
        start = one.detection.search.place()
        said = [(each.place, f"{one.detection.name}: not supported: {each.text}") for each in one.reasons]
        said = said or [(start, f"{one.detection.name}: supported")]
        said += [(each.place, f"{each.message} [{each.rule}]") for each in one.findings]
        said += [(start, f"warning: {warning}") for warning in one.warnings]
        path = printable(str(one.detection.path))
        lines += [f"{path}:{place.line}:{place.column}: {printable(text)}" for place, text in said]
    supported = sum(not one.reasons for one in verdicts)
    findings = sum(len(one.findings) for one in verdicts)
    counted = f"{_number(len(verdicts), 'detection')}: {supported:,} supported, {len(verdicts) - supported:,} not"
    return "\n".join([*lines, f"{counted}; {_number(findings, 'finding')}"]) + "\n"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
