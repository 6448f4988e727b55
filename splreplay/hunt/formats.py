"""A case as people and programs read it: text for a terminal, JSON, CSV, and a layer for the ATT&CK Navigator."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from splreplay import output, times
from splreplay.columns import cut
from splreplay.hunt import attack
from splreplay.hunt.case import AtRisk, Case, Finding, Unseen
from splreplay.hunt.outcome import Entity, Place
from splreplay.output import Results, printable

# So many are shown on a terminal; the other formats have all.
FINDINGS, ENTITIES, REASONS, NAMES = 40, 15, 8, 4
_INDENT = " " * 4


def as_text(case: Case, width: int | None = None) -> str:
    """Return text for a terminal: what fired, who is at risk, and what could not be seen.

    Control characters are escaped, because text that attackers wrote must not reach the terminal as commands. Lines that are wider
    than the terminal, of *width* columns, are cut; None is no terminal, and none is cut.
    """
    lines = [head(case)]
    for place, finding in enumerate(case.findings[:FINDINGS], start=1):
        lines += ["", *_finding(place, finding)]
    if more := len(case.findings[FINDINGS:]):
        lines += ["", f"and {more:,} more that fired; --format json, csv and html have all"]
    if case.at_risk:
        lines += ["", "RISK BY ENTITY: the sum of the scores of all results", *_entities(case.at_risk)]
    if case.unseen:
        count = sum(len(unseen.detections) for unseen in case.unseen)
        lines += [
            "",
            f"NOT SEEN: {count:,} of {case.count:,} detections could find nothing in these logs",
            *_unseen(case.unseen),
        ]
    if case.doubts:
        count = len({name for doubt in case.doubts for name in doubt.detections})
        lines += ["", f"IN DOUBT: {count:,} of the {len(case.quiet):,} that found nothing may have missed something"]
        lines += [f"{len(doubt.detections):>9,}  {printable(doubt.reason)}" for doubt in case.doubts[:REASONS]]
        if more := len(case.doubts[REASONS:]):
            lines.append(f"{'':>9}  and {_others(more)}")
    for name, seconds in case.slow:
        lines.append(f"SLOW: {printable(name)} took {seconds:,.0f} s")
    return "\n".join(cut(line, width) for line in lines) + "\n"


def head(case: Case) -> str:
    """Return what fired, over what, and what could have, in a sentence."""
    logs, events = len(case.report.files), case.report.events
    span = f", {_time(case.moments[0])} to {_time(case.moments[1])} UTC" if case.moments else ""
    return (
        f"{len(case.findings):,} of {case.count:,} detections fired over {logs:,} log{'s' if logs != 1 else ''} ({events:,} events{span}); "
        f"{len(case.quiet):,} found nothing, and could have"
    )


def _finding(place: int, finding: Finding) -> list[str]:
    detection, outcome = finding.detection, finding.outcome
    results = f"{outcome.count:,} result{'s' if outcome.count != 1 else ''}"
    facts = [
        detection.kind or "no type",
        f"score {detection.score:g}" if detection.score else "no score",
        results,
        *detection.techniques,
        *finding.tactics,
    ]
    lines = [f"{place:>2}. {printable(detection.name)}", f"{_INDENT}{printable(', '.join(facts))}"]
    if outcome.moments:
        first, last = map(_time, outcome.moments)
        lines.append(f"{_INDENT}{first if first == last else f'{first} to {last}'} UTC")
    if outcome.entities:
        lines.append(f"{_INDENT}{_named([_entity(entity) for entity, _ in outcome.entities])}")
    if outcome.messages:
        more = f" (and {len(outcome.messages) - 1:,} more)" if len(outcome.messages) > 1 else ""
        lines.append(f"{_INDENT}{printable(outcome.messages[0])}{more}")
    if outcome.place.files:
        lines.append(f"{_INDENT}{_where(outcome.place)}")
    return lines


def _entities(at_risk: Sequence[AtRisk]) -> list[str]:
    lines = []
    for risk in at_risk[:ENTITIES]:
        count = len(risk.detections)
        of = f"{count:,} detection{'s' if count != 1 else ''}"
        lines.append(
            f"{risk.score:>9,.0f}  {_entity(risk.entity)}: {of}, {', '.join(risk.tactics) or 'no tactic known'}"
        )
    if more := len(at_risk[ENTITIES:]):
        lines.append(f"{'':>9}  and {more:,} more")
    return lines


def _unseen(unseen: Sequence[Unseen]) -> list[str]:
    lines = []
    for category, of in groupby(unseen, key=lambda one: one.category):
        reasons = list(of)
        lines.append(f"  {category}: {sum(len(one.detections) for one in reasons):,}")
        lines += [f"{len(one.detections):>9,}  {printable(one.reason)}" for one in reasons[:REASONS]]
        if more := reasons[REASONS:]:
            lines.append(f"{sum(len(one.detections) for one in more):>9,}  for {_others(len(more))}")
    return lines


def _others(reasons: int) -> str:
    return f"{reasons:,} other reason{'s' if reasons != 1 else ''}"


def _entity(entity: Entity) -> str:
    return f"{printable(entity.name)} ({printable(entity.kind)})"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES:,} more" if len(names) > NAMES else ""
    return ", ".join(map(printable, names[:NAMES])) + more


def _where(place: Place) -> str:
    return f"in {'' if place.known else f'any of {len(place.files):,} logs: '}{_named(place.files)}"


def _time(epoch: float) -> str:
    return times.format_time(epoch, "%Y-%m-%d %H:%M:%S") or str(epoch)


def as_json(case: Case) -> str:
    """Return one JSON object with everything that is known of the case."""
    return json.dumps(as_object(case), indent=2, ensure_ascii=False) + "\n"


def as_object(case: Case) -> dict[str, Any]:
    """Return a case as a JSON object."""
    return {
        "logs": [
            {
                "path": file.path,
                "kind": file.kind,
                "events": file.events,
                "bad_events": file.bad_events,
                "warning": file.warning or None,
            }
            for file in case.report.files
        ],
        "passed_over": [{"path": passed.path, "reason": passed.reason} for passed in case.report.passed],
        "first": _iso(case.moments, 0),
        "last": _iso(case.moments, 1),
        "how": [{"name": name, "value": value} for name, value in case.how],
        "detections": case.count,
        "quiet": list(case.quiet),
        "findings": [_finding_object(finding) for finding in case.findings],
        "entities": [
            {
                "entity": risk.entity.name,
                "type": risk.entity.kind,
                "score": risk.score,
                "tactics": list(risk.tactics),
                "detections": list(risk.detections),
            }
            for risk in case.at_risk
        ],
        "unseen": [
            {"category": unseen.category, "reason": unseen.reason, "detections": list(unseen.detections)}
            for unseen in case.unseen
        ],
        "doubts": [{"reason": doubt.reason, "detections": list(doubt.detections)} for doubt in case.doubts],
        "slow": [{"detection": name, "seconds": round(seconds, 1)} for name, seconds in case.slow],
    }


def _finding_object(finding: Finding) -> dict[str, Any]:
    detection, outcome = finding.detection, finding.outcome
    return {
        "detection": detection.name,
        "file": str(detection.path),
        "type": detection.kind or None,
        "score": detection.score,
        "rank": round(finding.rank, 1),
        "techniques": list(detection.techniques),
        "tactics": finding.tactics,
        "count": outcome.count,
        "first": _iso(outcome.moments, 0),
        "last": _iso(outcome.moments, 1),
        "logs": list(outcome.place.files) if outcome.place.known else [],
        "any_of_logs": [] if outcome.place.known else list(outcome.place.files),
        "entities": [
            {"entity": entity.name, "type": entity.kind, "score": score} for entity, score in outcome.entities
        ],
        "messages": list(outcome.messages),
        "results": [output.as_json_row(row) for row in outcome.results.rows],
        "warnings": outcome.results.warnings,
        "seconds": round(outcome.seconds, 3),
    }


def _iso(moments: tuple[float, float] | None, which: int) -> str | None:
    return times.iso(moments[which]) if moments else None


_COLUMNS = (
    "detection",
    "type",
    "score",
    "rank",
    "count",
    "first",
    "last",
    "techniques",
    "tactics",
    "entities",
    "messages",
    "logs",
    "any_of_logs",
    "file",
)


def table(case: Case) -> Results:
    """Return a row for each detection that fired."""
    rows = []
    for finding in case.findings:
        object_ = _finding_object(finding)
        object_["entities"] = [f"{entity.name} ({entity.kind})" for entity, _ in finding.outcome.entities]
        rows.append(
            {
                name: [str(value) for value in values] if isinstance(values := object_[name], list) else str(values)
                for name in _COLUMNS
                if object_[name] not in (None, [])
            }
        )
    return Results(_COLUMNS, rows)


def as_csv(case: Case) -> str:
    """Return CSV with a row for each detection that fired; several values share one cell, one on each line."""
    return output.as_csv(table(case))


def as_safe_csv(case: Case) -> str:
    """Return such CSV for a spreadsheet."""
    return output.as_safe_csv(table(case))


def as_navigator(case: Case) -> str:
    """Return a layer for the ATT&CK Navigator: a technique has the highest rank of what fired for it.

    Source: mitre-attack/attack-navigator, layers/spec/v4.5/layerformat.md.
    """
    highest: dict[str, float] = {}
    names: dict[str, list[str]] = {}
    for finding in case.findings:
        for id_ in finding.detection.techniques:
            highest[id_] = max(highest.get(id_, 0.0), finding.rank)
            names.setdefault(id_, []).append(finding.detection.name)
    layer = {
        "name": "hunt",
        "description": head(case),
        "domain": "enterprise-attack",
        "versions": {"attack": attack.VERSION, "navigator": "5.1.0", "layer": "4.5"},
        "sorting": 3,
        "gradient": {"colors": ["#fff7e6", "#d9480f"], "minValue": 0, "maxValue": 100},
        "techniques": [
            {"techniqueID": id_, "score": round(score, 1), "comment": "; ".join(names[id_]), "enabled": True}
            for id_, score in sorted(highest.items())
        ],
    }
    return json.dumps(layer, indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Case], str]] = {
    "table": as_text,
    "json": as_json,
    "csv": as_csv,
    "safe-csv": as_safe_csv,
    "navigator": as_navigator,
}
