"""`replay check`: say without data which detections replay can run, why it cannot run others, and what is likely wrong."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from splreplay import engine
from splreplay.app import App
from splreplay.cli.inputs import app_of, warn
from splreplay.detections import source
from splreplay.detections.lint import lint
from splreplay.detections.source import Detection
from splreplay.detections.unfilled import Missing, unfilled
from splreplay.errors import SplError
from splreplay.output import printable
from splreplay.planning import Plan, outline
from splreplay.problem import Problem
from splreplay.recording import Recording, nothing


@dataclass(frozen=True)
class Verdict:
    """What is known of a detection.

    Attributes:
        detection: The detection.
        kind: Whether it runs, can find nothing in any log that replay reads, cannot run, or is more than replay can tell.
        reasons: Why it cannot run.
        unfilled: What it needs and no log fills.
        findings: What is likely wrong with it.
        warnings: What a run would say of it, whatever the log.
    """

    detection: Detection
    kind: Literal["runs", "unfilled", "cannot run", "mistake"]
    reasons: Sequence[Problem] = ()
    unfilled: Sequence[Missing] = ()
    findings: Sequence[Problem] = ()
    warnings: Sequence[str] = ()


def run(options: argparse.Namespace) -> int:
    """Print a verdict on each detection and return the exit status."""
    read = source.find(options.paths)
    app = app_of(options, read.filter_macros)
    app.expand("")  # an error of the app itself is raised here, once, and not for each detection
    without = nothing()
    verdicts = [check(detection, app, without, options.addon) for detection in read.detections]
    for error in read.errors:
        print(printable(str(error)), file=sys.stderr)
    warn(read.warnings)
    print(as_json(verdicts) if options.format == "json" else as_text(verdicts), end="", flush=True)
    if read.errors:
        return 3
    failed = any(verdict.reasons or (options.strict and verdict.findings) for verdict in verdicts)
    return 2 if failed else 0


def check(detection: Detection, app: App, without: Recording, addon: str) -> Verdict:
    """Return the verdict on one detection: its search is planned, and compiled without events.

    A bug of replay gives a verdict too, so that the other detections still get theirs.
    """
    try:
        return _check(detection, app, without, addon)
    except Exception as error:
        message = f"replay made a mistake of its own: {type(error).__name__}: {error}"
        reason = detection.problem(message, detection.search, remedy="report it, with this search")
        return Verdict(detection, "mistake", [reason])


def _check(detection: Detection, app: App, without: Recording, addon: str) -> Verdict:
    plan = outline(app, detection.search.value, addon)
    errors, notices = engine.trial(plan, without)
    warnings = [] if errors else [notice.text for notice in notices if notice.is_warning and notice.kind != "blind"]
    reasons = [
        detection.problem(error.message, detection.search, _offset(error, plan), remedy=error.remedy)
        for error in errors
    ]
    missing = [] if reasons else unfilled(plan.pipeline, addon)
    kind: Literal["runs", "unfilled", "cannot run"] = "cannot run" if reasons else "unfilled" if missing else "runs"
    reasons = sorted(dict.fromkeys(reasons), key=lambda reason: (reason.line, reason.column))
    return Verdict(detection, kind, reasons, missing, lint(detection, plan), warnings)


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
        "verdict": verdict.kind,
        "unfilled": list(map(str, verdict.unfilled)),
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
        if verdict.kind == "cannot run":
            lines += [
                str(replace(reason, message=f"{name}: cannot run: {reason.message}")) for reason in verdict.reasons
            ]
        elif verdict.kind == "mistake":
            lines += [str(replace(reason, message=f"{name}: {reason.message}")) for reason in verdict.reasons]
        elif verdict.unfilled:
            lines.append(
                f"{start}: {name}: runs, but no log that replay reads fills {', '.join(map(str, verdict.unfilled))}"
            )
        else:
            lines.append(f"{start}: {name}: runs")
        lines += map(str, verdict.findings)
        lines += [f"{start}: warning: {warning}" for warning in verdict.warnings]
    counts = Counter(verdict.kind for verdict in verdicts)
    counted = (
        f"{_number(len(verdicts), 'detection')}: {counts['runs']:,} run, {counts['unfilled']:,} run but find nothing "
    )
    counted += f"in any log that replay reads, {counts['cannot run']:,} cannot run"
    counted += f", over {counts['mistake']:,} of them replay made a mistake" if counts["mistake"] else ""
    findings = sum(len(verdict.findings) for verdict in verdicts)
    return "\n".join([*map(printable, lines), f"{counted}; {_number(findings, 'finding')}"]) + "\n"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
