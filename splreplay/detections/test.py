"""`replay test`: run the tests of detections over their recordings, and report them as pytest does."""

from __future__ import annotations

import argparse
import difflib
import itertools
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from splreplay import engine, interrupt
from splreplay.app import App
from splreplay.cli.inputs import app_of, means_of, warn
from splreplay.detections import cases, junit, source
from splreplay.detections.cases import Case, Row
from splreplay.detections.junit import Outcome
from splreplay.errors import DataError, SplError, UsageError
from splreplay.output import Results, as_json_row, printable
from splreplay.planning import plan
from splreplay.recording import Recording, record
from splreplay.sql.values import Value

ROWS_SHOWN = 20  # of unexpected results
SOURCE_SHOWN = 80  # characters of a command beside its number of rows
STATUS = {"passed": 0, "skipped": 0, "failed": 1, "blind": 1}
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)
_WINDOWS = re.compile(r"(xml)?wineventlog(:.*)?", re.I)


def run(options: argparse.Namespace) -> int:
    """Run the tests, print a line when each one ends, then the failures and the counts; return the exit status."""
    read = source.find(options.paths)
    warn(read.warnings)
    app = app_of(options, read.filter_macros)
    started = time.monotonic()
    outcomes = []
    tested = (outcome for detection in read.detections for outcome in _outcomes(detection, app, options))
    for outcome in itertools.chain(map(_unreadable, read.errors), tested):
        print(_line(outcome), flush=True)
        outcomes.append(outcome)
    if not outcomes:
        raise UsageError(
            "none of these detections has a test" + (" of that name or add-on" if options.k or options.addon else "")
        )
    print(_summary(outcomes, time.monotonic() - started), end="", flush=True)
    if options.junit:
        junit.write(options.junit, outcomes)
    if all(outcome.kind == "skipped" for outcome in outcomes):
        print("every test was skipped, so nothing was tested", file=sys.stderr)
        return 2
    return max(outcome.status for outcome in outcomes)


def _outcomes(detection: source.Detection, app: App, options: argparse.Namespace) -> Iterator[Outcome]:
    """Yield the outcome of each test of a detection on each of its add-ons, as far as the options ask for it."""
    try:
        tests = cases.read(detection)
    except DataError as error:
        yield _unreadable(error)
        return
    for case in tests:
        yield from run_case(case, app, options)


def run_case(case: Case, app: App, options: argparse.Namespace) -> Iterator[Outcome]:
    """Yield the outcome of one test on each of its add-ons, as far as the options ask for it."""
    file = str(case.detection.path)
    wanted = case.addons or (options.addon or "current",)
    names = {addon: f"{case.name}[{addon}]" for addon in wanted if options.addon in (None, addon)}
    part = options.k.lower()
    names = {addon: name for addon, name in names.items() if part in f"{file}::{case.detection.name}::{name}".lower()}
    if names and (reason := _skipped(case, options.attack_data)):
        yield from (Outcome(file, name, "skipped", reason) for name in names.values())
        return
    recording: Recording | None = None
    for addon, name in names.items():
        started = time.monotonic()
        try:
            recording = recording or record(_paths(case, options.attack_data))
            with interrupt.temporary_folder() as folder:  # for what the search may write
                means = means_of(options, Path(folder), Path(folder) / "lookups")
                replayed = engine.replay(plan(app, case.detection.search.value, addon), recording, means)
        except SplError as error:
            status = 3 if isinstance(error, DataError) else 2
            yield Outcome(file, name, "error", error.title, error.detail, time.monotonic() - started, status)
            continue
        message, lines = _compare(case, replayed.results)
        kind = "failed" if message else "passed"
        if not message and not replayed.results.hits and replayed.results.of_kind("blind"):
            kind, message = "blind", "found nothing, but this log could not show it: add a recording that can"
        if message:
            lines = [*lines, *_rows_left(replayed)]
        warnings = [*recording.report.warnings, *replayed.results.warnings]
        seconds = time.monotonic() - started
        yield Outcome(file, name, kind, message, "\n".join(lines), seconds, STATUS[kind], warnings)


def _rows_left(replayed: engine.Replayed) -> Iterator[str]:
    """Yield how many rows each command left."""
    yield "rows that each command left:"
    for step in replayed.steps:
        command = " ".join(step.source.split())
        shown = command if len(command) <= SOURCE_SHOWN else f"{command[: SOURCE_SHOWN - 1]}…"
        yield f"{step.rows:>11,}  {'  ' * step.depth}{shown}"


def _skipped(case: Case, mirror: Path | None) -> str | None:
    """Return why a test cannot be run here, or None."""
    for recording in case.attack_data:
        data, sourcetype = recording.data.value, recording.sourcetype
        if _ADDRESS.match(data) and mirror is None:
            return f"{data} is an address, and replay downloads nothing; name a file, or a local mirror with --attack-data DIR"
        if _ADDRESS.match(data) and mirror and cases.mirrored(data, mirror) is None:
            return f"{data} has no file below {mirror}"
        if sourcetype and not _WINDOWS.fullmatch(sourcetype.value):
            return f"{data} is of the sourcetype {sourcetype.value}; replay reads Windows event logs"
    return None


def _paths(case: Case, mirror: Path | None) -> list[str]:
    paths = []
    for recording in case.attack_data:
        data = recording.data.value
        if mirror and _ADDRESS.match(data) and (file := cases.mirrored(data, mirror)):
            paths.append(str(file))
            continue
        absolute = Path(data).is_absolute()
        path = None if absolute else cases.locate(data, case.detection.path)
        if path is None:
            last = cases.around(case.detection.path)[-1]
            wrong, remedy = (
                ("is an absolute path, which another machine does not have; write it relative to the detection", "")
                if absolute
                else (f"is neither beside the detection nor in a folder around it, up to {last}", _further(last))
            )
            raise DataError(f"{data} {wrong}", str(case.detection.path), f"line {recording.data.line}", remedy)
        paths.append(str(path))
    return paths


def _further(last: Path) -> str:
    """Return how data that lies further out is found; nothing leads out of a repository."""
    return "" if (last / ".git").exists() else "where it lies further out, run the tests from a folder around both"


def _compare(case: Case, results: Results) -> tuple[str, Sequence[str]]:
    """Return on one line what differs from what is expected (empty for nothing), and the results or a diff."""
    rows = [as_json_row(row) for row in results.rows[: ROWS_SHOWN + len(case.rows or ())]]
    count = len(results.rows) if case.rows is not None else results.hits
    message = ""
    if case.count is None and not count:
        message = "expected 1 result or more, found 0"
    elif case.count not in (None, count):
        message = f"expected {case.count:,} result{'' if case.count == 1 else 's'}, found {count:,}"
    if case.rows is None:
        return message, [_row(row, row) for row in rows] if message else ()
    fields = [*case.rows, *rows[len(case.rows) :]]
    expected = [_row(row, row) for row in case.rows]
    actual = [_row(row, named) for row, named in zip(rows, fields, strict=False)]
    if expected == actual and not message:
        return "", ()
    lines = [[line for row in rows for line in row.split("\n")] for rows in (expected, actual)]
    difference = difflib.unified_diff(lines[0], lines[1], "expected", "found", lineterm="")
    return message or "the results are not the expected rows", list(difference)


def _row(row: Mapping[str, Value] | Row, fields: Mapping[str, object]) -> str:
    """Return the named fields of a row, one on each line, so that a diff shows which field differs."""
    return json.dumps({name: row.get(name) for name in fields}, indent=2, ensure_ascii=False)


def _unreadable(error: DataError) -> Outcome:
    return Outcome(error.path or "", "tests", "error", error.title, error.detail, status=3)


def _line(outcome: Outcome) -> str:
    reason = f" ({outcome.message})" if outcome.kind == "skipped" else ""
    lines = [f"{outcome.file}::{outcome.name} {outcome.kind.upper()}{reason}"]
    if outcome.kind == "passed":  # that of the others stands in the summary
        lines += [f"  warning: {warning}" for warning in outcome.warnings]
    return "\n".join(map(printable, lines))


def _summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    lines = []
    for outcome in outcomes:
        if outcome.kind in ("failed", "blind", "error"):
            lines += [
                "",
                f"{f' {outcome.file}::{outcome.name} ':_^100}",
                outcome.message,
                *(outcome.detail.split("\n") if outcome.detail else ()),
                *(f"warning: {warning}" for warning in outcome.warnings),
            ]
    counts = Counter(outcome.kind for outcome in outcomes)
    counted = ", ".join(
        f"{counts[kind]} {kind}{'s' if kind == 'error' and counts[kind] > 1 else ''}"
        for kind in ("failed", "blind", "error", "passed", "skipped")
        if counts[kind]
    )
    return "\n".join([*map(printable, lines), *([""] if lines else []), f"{counted} in {seconds:.2f}s"]) + "\n"
