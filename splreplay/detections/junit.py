"""The outcomes of tests, and their JUnit XML, which CI servers read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from splreplay.errors import UsageError
from splreplay.output import printable
from splreplay.writing import write_whole

_ELEMENTS = {"failed": "failure", "blind": "failure", "error": "error", "skipped": "skipped"}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one test on one add-on.

    Attributes:
        file: The detection's file.
        name: The test's name, and its add-on in brackets.
        kind: passed, failed, skipped, blind where it found nothing because the log cannot show it, or error where it could not be
            run.
        message: Why, on one line; empty where it passed.
        detail: More about it, on several lines.
        seconds: How long it took.
        status: The exit status that it would give alone.
        warnings: What the run said of it.
    """

    file: str
    name: str
    kind: str
    message: str = ""
    detail: str = ""
    seconds: float = 0.0
    status: int = 0
    warnings: Sequence[str] = ()


def write(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the outcomes into the file *path*; UsageError if it cannot be written."""
    try:
        write_whole(path, xml(outcomes))
    except OSError as error:
        raise UsageError(f"--junit {path} cannot be written: {error.strerror}") from error


def xml(outcomes: Sequence[Outcome]) -> bytes:
    """Return the outcomes as XML; characters that XML or a terminal cannot show are escaped, as everywhere."""
    counts = Counter(_ELEMENTS.get(outcome.kind) for outcome in outcomes)
    suite = ElementTree.Element(
        "testsuite",
        name="replay",
        tests=str(len(outcomes)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
        time=f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=printable(outcome.file),
            name=printable(outcome.name),
            time=f"{outcome.seconds:.3f}",
        )
        if outcome.kind in _ELEMENTS:
            element = ElementTree.SubElement(case, _ELEMENTS[outcome.kind], message=printable(outcome.message))
            element.text = "\n".join(map(printable, outcome.detail.split("\n")))
        if outcome.warnings:
            said = "\n".join(f"warning: {printable(warning)}" for warning in outcome.warnings)
            ElementTree.SubElement(case, "system-out").text = said
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True))
