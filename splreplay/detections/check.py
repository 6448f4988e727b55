"""`replay check`: say without data which detections replay can run, why it cannot run others, and what is likely wrong."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from splreplay import engine
from splreplay.app import App
from splreplay.cli.inputs import app_of
from splreplay.detections import source
from splreplay.detections.lint import lint
from splreplay.detections.source import Detection
from splreplay.errors import SplError
from splreplay.output import printable
from splreplay.planning import Plan, outline
from splreplay.problem import Problem


@dataclass(frozen=True)
class Verdict:
    """What is known of a detection, which is supported if there are no reasons against it."""

    detection: Detection
    reasons: Sequence[Problem]
    findings: Sequence[Problem] = ()
    warnings: Sequence[str] = ()


def run(options: argparse.Namespace) -> int:
    """Print a verdict on each detection and return the exit status."""
    read = source.find(options.paths)
    app = app_of(options, read.filter_macros)
    app.expand("")  # an error of the app itself is raised here, once, and not for each detection
    nothing = engine.nothing()
    verdicts = [check(detection, app, nothing, options.addon) for detection in read.detections]
    for error in read.errors:
        print(printable(str(error)), file=sys.stderr)
    print(as_json(verdicts) if options.format == "json" else as_text(verdicts), end="", flush=True)
    if read.errors:
        return 3
    return 0 if not any(verdict.reasons for verdict in verdicts) else 2


def check(detection: Detection, app: App, nothing: engine.Recording, addon: str) -> Verdict:
    """Return the verdict on one detection: its search is planned, and run over a recording without events.

    A bug of replay gives a verdict too, so that the other detections still get theirs.
    """
    try:
        return _check(detection, app, nothing, addon)
    except Exception as error:
        message = f"replay made a mistake of its own: {type(error).__name__}: {error}"
        return Verdict(detection, [detection.problem(message, detection.search, remedy="report it, with this search")])


def _check(detection: Detection, app: App, nothing: engine.Recording, addon: str) -> Verdict:
    plan = outline(app, detection.search.value, addon)
    errors, warnings = list(plan.errors), list[str]()
    try:
        warnings = [notice.text for notice in engine.trial(plan, nothing) if notice.kind != "blind"]
    except SplError as error:
        errors = errors or [error]
    reasons = [
        detection.problem(error.message, detection.search, _offset(error, plan), remedy=error.remedy)
        for error in errors
    ]
    return Verdict(detection, list(dict.fromkeys(reasons)), lint(detection, plan), warnings)


def _offset(error: SplError, plan: Plan) -> int:
    """Return where in the search an error is; its start if the error has no place."""
    if error.at and error.at.text == plan.expansion.text:
        return plan.expansion.origin(error.at.start)
    return error.at.start if error.at and error.at.text == plan.search else 0


def as_json(verdicts: Sequence[Verdict]) -> str:
    """Return one JSON array with an object for each detection."""
    return json.dumps([_as_object(verdict) for verdict in verdicts], indent=2) + "\n"


def _as_object(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as a JSON object, with the first reason and its place, and all reasons."""
    detection = verdict.detection
    first, *_ = *verdict.reasons, detection.problem("", detection.search)
    return {
        "file": str(detection.path),
        "name": detection.name,
        "supported": not verdict.reasons,
        "reason": first.message or None,
        **_place(first),
        "reasons": [
            {"message": reason.message, "remedy": reason.remedy or None, **_place(reason)} for reason in verdict.reasons
        ],
        "findings": [
            {"rule": finding.rule, "message": finding.message, **_place(finding)} for finding in verdict.findings
        ],
        "warnings": list(verdict.warnings),
    }


def _place(problem: Problem) -> dict[str, int]:
    return {"line": problem.line, "column": problem.column}


def as_text(verdicts: Sequence[Verdict]) -> str:
    """Return a line for each detection and each problem, in the form of a compiler, and then the counts."""
    lines: list[str] = []
    for verdict in verdicts:
        detection = verdict.detection
        line, column = detection.search.place()
        start = f"{detection.path}:{line}:{column}"
        name = detection.name
        why_not = [replace(reason, message=f"{name}: not supported: {reason.message}") for reason in verdict.reasons]
        lines += map(str, why_not) if why_not else [f"{start}: {name}: supported"]
        lines += map(str, verdict.findings)
        lines += [f"{start}: warning: {warning}" for warning in verdict.warnings]
    supported = sum(not verdict.reasons for verdict in verdicts)
    findings = sum(len(verdict.findings) for verdict in verdicts)
    counted = f"{_number(len(verdicts), 'detection')}: {supported:,} supported, {len(verdicts) - supported:,} not"
    return "\n".join([*map(printable, lines), f"{counted}; {_number(findings, 'finding')}"]) + "\n"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
