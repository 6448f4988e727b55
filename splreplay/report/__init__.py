"""A report on a run: one HTML page that loads nothing, runs nothing, and prints well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2

from splreplay import output
from splreplay.report import chart, text
from splreplay.report.about import About, about
from splreplay.report.findings import Findings
from splreplay.report.records import Records
from splreplay.report.risk import Risk

__all__ = ["About", "about", "html"]

WARNINGS = 100  # shown, and as many notes; standard error has all

# Each {{ … }} passes through text.shown, so nothing of a log can get into the page in another way.
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    finalize=text.shown,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(run: About, results: output.Results) -> str:
    """Return the report on a run and its results; the same run gives the same bytes."""
    findings = [row for row in results.rows if "risk_score" in row or "risk_message" in row]
    others = [row for row in results.rows if "risk_score" not in row and "risk_message" not in row]
    risk = Risk.of(findings)
    warnings: Sequence[str] = [*run.warnings, *results.warnings]
    return TEMPLATES.get_template("page.html").render(
        run=run,
        warnings=warnings[:WARNINGS],
        warnings_left=len(warnings[WARNINGS:]),
        notes=results.notes[:WARNINGS],
        risk=risk,
        chart=chart.image(risk.steps, run.first, run.last) if risk.steps else None,
        findings=Findings.of(findings, results.fields),
        others=Records.of(others, results.fields),
    )
