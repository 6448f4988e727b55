"""A report on a hunt, to hand over: one page of what fired, for whom and when, and of what could not have been seen."""

from __future__ import annotations

from splreplay.hunt.case import Case
from splreplay.report import TEMPLATES, WARNINGS, text
from splreplay.report.hunt.attack import Matrix
from splreplay.report.hunt.coverage import Coverage
from splreplay.report.hunt.entities import Entities
from splreplay.report.hunt.findings import Findings
from splreplay.report.hunt.logs import Logs
from splreplay.report.hunt.timeline import Timeline


def html(case: Case) -> str:
    """Return the report on a case; the same case gives the same bytes."""
    warnings = case.report.of_read
    return TEMPLATES.get_template("hunt.html").render(
        coverage=Coverage.of(case),
        matrix=Matrix.of(case.findings),
        entities=Entities.of(case),
        timeline=Timeline.of(case.findings),
        findings=Findings.of(case.findings),
        logs=Logs.of(case),
        how=[(name, [text.brief(value)]) for name, value in case.how],
        warnings=warnings[:WARNINGS],
        warnings_left=len(warnings[WARNINGS:]),
    )
