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

from builder import APP
from builder.content import Content, Macro, Story
from builder.detection import Detection, Published, one_line
from splreplay.problem import Problem

# A scheduled run reads an hour that ended ten minutes ago, because events may be late.
# There is no skew: each edit of the search would move the hours by another amount, and leave a gap or an overlap.
SCHEDULE = {
    "cron_schedule": "0 * * * *",
    "dispatch.earliest_time": "-70m@m",
    "dispatch.latest_time": "-10m@m",
    "schedule_window": "auto",
    "allow_skew": "0",
    # 0 is continuous scheduling: a window that could not run in time is run later, none is skipped.
    "realtime_schedule": "0",
}
# A search that reports only the last hour of its range reads a day more, because processes may have started up to a day before.
A_DAY_MORE = {"dispatch.earliest_time": "-1510m@m"}
# ES 8 scores the entities of _entities and those of _risk; with this placeholder it scores only those of _risk.
NO_ENTITIES = [{"risk_object_field": "N/A", "risk_object_type": "N/A", "risk_score": 0}]
MESSAGE = "$risk_message$"


def render(content: Content) -> dict[str, str]:
    """Return the text of every rendered file by its path in the repository."""
    return {
        "default/savedsearches.conf": _savedsearches(content.detections),
        "default/macros.conf": _macros(content),
        "default/analyticstories.conf": _analyticstories(content),
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


def _savedsearches(detections: Iterable[Detection]) -> str:
    stanzas = []
    for detection in detections:
        if detection.published:
            stanzas.append(_stanza(f"{detection.name} - As Published", _published(detection.published)))
        stanzas.append(_stanza(detection.name, _scheduled(detection)))
        stanzas.append(_stanza(f"{detection.name} - Risk Modifiers", _risk_modifiers(detection)))
        stanzas.append(_stanza(f"{detection.name} - Hunt", _hunt(detection)))
    return _conf("package/detections/*.yml", stanzas)


def _published(published: Published) -> dict[str, str]:
    return {
        "description": f"The search as it was published ({_origin(published)}): the reference that ours is measured against.",
        **_by_hand(published.search),
    }


def _origin(published: Published) -> str:
    return f"detection {published.id}, version {published.version} of {published.date}"


def _hunt(detection: Detection) -> dict[str, str]:
    return {
        "description": f"{detection.name}, to be run by hand: the scheduled search is disabled until an "
        "admin enables it, and a disabled search cannot be run.",
        **_by_hand(detection.hunt_search),
    }


def _by_hand(search: str) -> dict[str, str]:
    """Return the settings of a search that anyone can run, and that has no schedule."""
    return {
        "search": one_line(search),
        "disabled": "0",
        "enableSched": "0",
        "is_visible": "1",
        "dispatch.earliest_time": "-24h@h",
        "dispatch.latest_time": "now",
        "request.ui_dispatch_app": APP,
    }


def _scheduled(detection: Detection) -> dict[str, str]:
    """Return the settings of an Enterprise Security correlation search, disabled as shipped."""
    tags = detection.tags
    # Only the description names the origin: to Enterprise Security, content with the same id and version is the same.
    origin = f" Made from {_origin(detection.published)}." if detection.published else ""
    return {
        "description": one_line(detection.description) + origin,
        "search": one_line(detection.search),
        "disabled": "1",
        "enableSched": "1",
        "is_visible": "0",
        **_schedule(detection),
        "request.ui_dispatch_app": APP,
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "alert.digest_mode": "1",
        "alert.suppress": "1",
        "alert.suppress.fields": "risk_finding_id",
        "alert.suppress.period": tags.throttling.period,
        "action.correlationsearch.enabled": "1",
        "action.correlationsearch.label": detection.name,
        "action.correlationsearch.detection_type": "ebd",
        "action.correlationsearch.annotations": _json(_annotations(detection)),
        "action.correlationsearch.metadata": _json(_metadata(detection)),
        "action.risk": "1",
        "action.risk.param._risk": _json(_risk(detection)),
        "action.risk.param._risk_message": MESSAGE,
        "action.risk.param._risk_score": "0",
        "action.risk.param.verbose": "0",
        "action.notable": "1",
        "action.notable.param._entities": _json(NO_ENTITIES),
        "action.notable.param.nes_fields": ",".join(entry.field for entry in detection.rba.risk_objects),
        "action.notable.param.rule_title": detection.name,
        "action.notable.param.rule_description": MESSAGE,
        "action.notable.param.security_domain": tags.security_domain,
        "action.notable.param.severity": "high",
        "action.notable.param.drilldown_searches": _json(_drilldowns(detection)),
    }


def _schedule(detection: Detection) -> dict[str, str]:
    return SCHEDULE | A_DAY_MORE if detection.scheduled_only else SCHEDULE


def _risk_modifiers(detection: Detection) -> dict[str, str]:
    """Return the settings of the search that writes risk events without Enterprise Security, disabled as shipped.

    It is the detection's own search, with its filter, and then one event for each risk object. It writes HEC, in which values
    are JSON: in collect's other format a quote or a backslash may end a value, and the rest would be read as a field. collect
    adds the range of the run, because it may use a result's own info_min_time as the time of the event.
    """
    ending = [
        f"{detection.rbaenrich} output=modifiers",
        "addinfo",
        "rename info_sid as orig_sid",
        "fields - info_*",
        "collect index=`installutil_risk_index` output_format=hec addinfo=true",
    ]
    return {
        "description": f"Writes the findings of {detection.name} as risk events into the index that the macro "
        "installutil_risk_index names. For a Splunk without Enterprise Security: where that scores them, "
        "leave this disabled.",
        "search": " | ".join([one_line(detection.search), *ending]),
        "disabled": "1",
        "enableSched": "1",
        "is_visible": "0",
        **_schedule(detection),
        "request.ui_dispatch_app": APP,
    }


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
            "risk_message": MESSAGE,
        }
        for type_, score in risk_scores.items()
    ] + [
        {"threat_object_field": entry, "threat_object_type": threat_types[entry]}
        for entry in dict.fromkeys(entry.field for entry in detection.rba.threat_objects)
    ]


def _drilldowns(detection: Detection) -> list[dict[str, str]]:
    return [asdict(drilldown) | {"search": one_line(drilldown.search)} for drilldown in detection.drilldown_searches]


def _macros(content: Content) -> str:
    filters = [
        Macro(
            detection.filter_macro,
            "search *",
            f'Ends every search of "{detection.name}", so that findings can be filtered on any field, '
            "the score included. Override in local/.",
        )
        for detection in content.detections
    ]
    stanzas = []
    for macro in (*content.macros, *filters):
        settings = {"args": ", ".join(macro.arguments)} if macro.arguments else {}
        settings["definition"] = one_line(macro.definition)
        settings["description"] = one_line(macro.description)
        stanzas.append(_stanza(macro.stanza, settings))
    return _conf("package/macros.yml and package/detections/*.yml", stanzas)


def _analyticstories(content: Content) -> str:
    stanzas = [_story_search(detection) for detection in content.detections]
    stanzas += [_story(story, content.detections) for story in content.stories]
    return _conf("package/stories/*.yml and package/detections/*.yml", stanzas)


def _story_search(detection: Detection) -> str:
    annotations = {
        key: value
        for key, value in _annotations(detection).items()
        if key in ("cis20", "kill_chain_phases", "mitre_attack", "nist")
    }
    settings = {
        "type": "detection",
        "asset_type": detection.tags.asset_type,
        "confidence": "medium",
        "explanation": one_line(detection.description),
        "how_to_implement": one_line(detection.how_to_implement),
        "annotations": _json(annotations),
        "known_false_positives": one_line(detection.known_false_positives),
        "providing_technologies": _json(detection.data_source),
    }
    return _stanza(f"savedsearch://{detection.name}", settings)


def _story(story: Story, detections: Iterable[Detection]) -> str:
    searches = [entry.name for entry in detections if story.name in entry.tags.analytic_story]
    settings = {
        "category": story.tags.category[0],
        "last_updated": story.date.isoformat(),
        "version": str(story.version),
        "references": _json(story.references),
        "maintainers": _json([{"company": "-", "email": "-", "name": story.author}]),
        "spec_version": "3",
        "searches": _json(searches),
        "description": one_line(story.description),
        "narrative": one_line(story.narrative),
    }
    return _stanza(f"analytic_story://{story.name}", settings)


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


def _conf(source: str, stanzas: Iterable[str]) -> str:
    return "\n".join([f"# Rendered from {source} by python build.py render: edit there, not here.\n", *stanzas])


def _stanza(name: str, settings: Mapping[str, str]) -> str:
    """Return one stanza; every value is one line, which the schema in builder.detection ensures."""
    return "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in settings.items())]) + "\n"


def _csv(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def _json(value: object) -> str:
    return json.dumps(value)
