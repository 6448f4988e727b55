"""Render the conf files and lookups from the content of package/, as {path: text}."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from builder import APP
from builder.content import Content
from builder.detection import Detection, one_line
from splreplay.problem import Problem

# What the conf files say is in templates/; here is what has to be worked out for them. They are text: nothing is escaped.
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
TEMPLATES.filters |= {"one_line": one_line, "json": json.dumps}


def render(content: Content) -> dict[str, str]:
    """Return the text of every rendered file by its path in the repository."""
    context = vars(content) | {
        "app": APP,
        "annotations": _annotations,
        "classes": _classes,
        "drilldowns": _drilldowns,
        "metadata": _metadata,
        "risk": _risk,
        "searches": lambda story: [each.name for each in content.detections if story.name in each.tags.analytic_story],
    }
    names = ("savedsearches.conf", "macros.conf", "analyticstories.conf")
    return {f"default/{name}": TEMPLATES.get_template(f"{name}.j2").render(context) for name in names} | {
        "lookups/installutil_rba_detections.csv": _detections_csv(content.detections),
        "lookups/installutil_rba_entities.csv": _entities_csv(content.detections),
    }


def stale(root: Path, rendered: Mapping[str, str]) -> list[Problem]:
    """Return a problem for each rendered file of the repository at *root* that says something else."""
    remedy = "run python build.py render"
    return [
        Problem(path, 0, "is not what package/ says", remedy)
        for path, text in rendered.items()
        if not (root / path).is_file() or (root / path).read_bytes() != text.encode()
    ]


def write(root: Path, rendered: Mapping[str, str]) -> None:
    """Write the rendered files into the repository at *root*."""
    for path, text in rendered.items():
        (root / path).write_bytes(text.encode())


def _annotations(detection: Detection) -> dict[str, Any]:
    tags = detection.tags
    return {
        "analytic_story": tags.analytic_story,
        "cis20": tags.cis20,
        "confidence": tags.confidence,
        "data_source": detection.data_source,
        "impact": tags.impact,
        "kill_chain_phases": tags.kill_chain_phases,
        "mitre_attack": tags.mitre_attack_id,
        "nist": tags.nist,
        "type": detection.type,
        "type_list": [detection.type],
    }


def _classes(detection: Detection) -> dict[str, Any]:
    """Return those annotations that an analytic story shows."""
    shown = ("cis20", "kill_chain_phases", "mitre_attack", "nist")
    return {key: value for key, value in _annotations(detection).items() if key in shown}


def _metadata(detection: Detection) -> dict[str, Any]:
    published = datetime.combine(detection.date, datetime.min.time(), UTC)
    return {
        "deprecated": "1" if detection.status == "deprecated" else "0",
        "detection_id": detection.id,
        "detection_version": str(detection.version),
        "publish_time": int(published.timestamp()),
    }


def _risk(detection: Detection) -> list[dict[str, Any]]:
    """Return the risk objects and the threat objects.

    The risk objects are the fields that rbaenrich fills, one for each type, so that an ignored value is never one. Each has
    the message, because ES 8 does not read `_risk_message`. `_risk` has one type for a field, so a threat object whose value
    decides the type gets its first type.
    """
    risk_scores = {entry.type: entry.score for entry in detection.rba.risk_objects}
    threat_types = {entry.field: entry.type for entry in reversed(detection.rba.threat_objects)}
    return [
        {
            "risk_object_field": f"risk_{type_}",
            "risk_object_type": type_,
            "risk_score": score,
            "risk_message": "$risk_message$",
        }
        for type_, score in risk_scores.items()
    ] + [
        {"threat_object_field": entry, "threat_object_type": threat_types[entry]}
        for entry in dict.fromkeys(entry.field for entry in detection.rba.threat_objects)
    ]


def _drilldowns(detection: Detection) -> list[dict[str, str]]:
    return [asdict(drilldown) | {"search": one_line(drilldown.search)} for drilldown in detection.drilldown_searches]


def _detections_csv(detections: Iterable[Detection]) -> str:
    header = (
        *("detection", "risk_score", "impact", "confidence", "risk_message", "finding_fields", "analytic_story"),
        *("kill_chain_phases", "mitre_attack", "nist", "cis20", "disabled"),
    )
    rows = [
        (
            detection.name,
            detection.score,
            tags.impact,
            tags.confidence,
            one_line(detection.rba.message),
            *map("|".join, (tags.throttling.fields, tags.analytic_story, tags.kill_chain_phases)),
            *map("|".join, (tags.mitre_attack_id, tags.nist, tags.cis20)),
            0,
        )
        for detection in detections
        for tags in (detection.tags,)
    ]
    return _csv(header, rows)


def _entities_csv(detections: Iterable[Detection]) -> str:
    """Return a row for each field; a score is written only if it differs from the detection's, which it would override."""
    rows: list[tuple[object, ...]] = []
    for detection in detections:
        for entry in detection.rba.risk_objects:
            score = "" if entry.score == detection.score else entry.score
            rows.append((detection.name, "risk", entry.field, entry.type, score, "", 0))
        types: dict[str, list[str]] = {}
        for threat in detection.rba.threat_objects:
            types.setdefault(threat.field, []).append(threat.type)
        rows += [(detection.name, "threat", field, "|".join(kinds), "", "", 0) for field, kinds in types.items()]
    header = ("detection", "role", "field", "object_type", "risk_score", "risk_message", "disabled")
    return _csv(header, rows)


def _csv(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()
