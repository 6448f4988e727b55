"""The risk rules: one result in, its risk fields or its risk events out. Pure functions over dicts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import mul
from string import ascii_lowercase, ascii_uppercase

from installutil_rba_lookups import (
    ANY,
    BY_VALUE,
    ENTITIES,
    FRAMEWORKS,
    RISK_TYPES,
    TOKEN,
    Configuration,
    Detection,
    Entity,
    ScoreModifier,
)
from installutil_rba_values import Record, Value, address, known, values

SCORED = "scored"

_LOWEST, _HIGHEST, _GRAIN = Decimal(0), Decimal(100), Decimal("0.01")  # points
_LOWER_CASE = str.maketrans(ascii_uppercase, ascii_lowercase)
_FULLWIDTH_DOLLAR = "\uff04"


def fields_read(configuration: Configuration) -> list[str]:
    """Return the fields that the rules look at for this detection; no other can change what they say."""
    return sorted(
        {
            "_time",
            *configuration.detection.finding_fields,
            *TOKEN.findall(configuration.detection.risk_message),
            *(entity.field for entity in configuration.risk_entities + configuration.threat_entities),
            *(modifier.field for modifier in configuration.modifiers),
        }
    )


def annotate(configuration: Configuration, record: Record, missing: str) -> dict[str, Value]:
    """
    Return the fields of ANNOTATION for one result, empty where there is nothing to say.

    Args:
        configuration: The lookups for one detection.
        record: The result; only `fields_read` are looked at.
        missing: What the message shows for a field without a value.
    """
    detection = configuration.detection
    points, reasons = score(configuration, record)
    objects, absent = risk_objects(configuration, record)
    return {
        "risk_score": _plain(points),
        "risk_impact": _plain(detection.impact),
        "risk_confidence": _plain(detection.confidence),
        "risk_message": message(detection.risk_message, record, missing),
        "risk_detection": detection.name,
        **{f"risk_{object_type}": objects[object_type] for object_type in RISK_TYPES},
        "threat_objects": [f"{kind}={value}" for kind, value in threat_objects(configuration, record)],
        "annotations.mitre_attack": detection.annotations["mitre_attack"],
        "risk_score_reason": reasons,
        "risk_status": SCORED if any(objects.values()) else f"no risk object: {', '.join(absent)}",
        "risk_finding_id": finding_id(detection, record),
    }


def modifiers(configuration: Configuration, record: Record, finding: Record) -> Iterator[dict[str, Value]]:
    """Yield a risk event (the fields of MODIFIER) for each risk object that `annotate` found."""
    threats = threat_objects(configuration, record)
    time = values(record, "_time")[:1]
    shared: dict[str, Value] = {
        "_time": time,
        "orig_time": time,
        "search_name": configuration.detection.name,
        "source": configuration.detection.name,
        "threat_object": [value for _, value in threats],
        "threat_object_type": [kind for kind, _ in threats],
        **{f"annotations.{name}": configuration.detection.annotations[name] for name in FRAMEWORKS},
        **{name: finding[name] for name in ("risk_score", "risk_message", "risk_finding_id")},
    }
    for object_type in RISK_TYPES:
        for value in values(finding, f"risk_{object_type}"):
            yield {
                **shared,
                "risk_object": value,
                "risk_object_type": object_type,
                "risk_modifier_id": digest(json.dumps([finding["risk_finding_id"], object_type, _same(value)])),
            }


def score(configuration: Configuration, record: Record) -> tuple[Decimal, list[str]]:
    """
    Return one result's points, and how to work them out by hand.

    The base first, then every `add`, then every `multiply`, and only the end is brought into 0..100 and
    rounded (half up, two decimals): neither the order of the lookup's rows nor a step in between changes the
    score. A modifier applies once if any value of its field matches, and never to a field without a value.
    """
    detection = configuration.detection
    applied = [
        modifier
        for modifier in configuration.modifiers
        if any(modifier.pattern.matches(value) for value in known(record, modifier.field))
    ]
    added = [modifier for modifier in applied if modifier.operation == "add"]
    multiplied = [modifier for modifier in applied if modifier.operation == "multiply"]
    exact = sum((modifier.value for modifier in added), detection.risk_score)
    exact = reduce(mul, (modifier.value for modifier in multiplied), exact)
    points = max(_LOWEST, min(_HIGHEST, exact)).quantize(_GRAIN, ROUND_HALF_UP)
    reasons = [_base(detection), *map(_step, added + multiplied)]
    if points != exact:
        reasons.append(f"= {_plain(points)}, from {_plain(exact)}")
    elif applied:
        reasons.append(f"= {_plain(points)}")
    return points, reasons


def message(template: str, record: Record, missing: str) -> str:
    """
    Return the sentence that *template* makes of one result.

    `$field$` becomes the field's value, several values joined with `, ` without repeats, or *missing* where
    it has none or only placeholders. Values are put in once and never scanned; a `$` without a partner stays.

    ES expands risk_message a second time. There, `$user$` in a command line would be expanded, and two
    machine accounts (`WS1$ and WS2$`) look like a token. One `$` alone is safe and stays as it is; in a
    message with more, those that come from values are written as the full-width sign U+FF04, which reads the
    same and is no token's end. Only the message is so written: the fields keep their values.
    """

    def value(match: re.Match[str]) -> str:
        return ", ".join(dict.fromkeys(known(record, match[1]))) or missing

    text = TOKEN.sub(value, template)
    if text.count("$") < 2:
        return text
    return TOKEN.sub(lambda match: value(match).replace("$", _FULLWIDTH_DOLLAR), template)


def risk_objects(configuration: Configuration, record: Record) -> tuple[dict[str, list[str]], list[str]]:
    """
    Return the values to score by type, and for each field that gives none the reason.

    A value counts once for its type, in whatever case and from whichever field; its first spelling is kept.
    """
    found: dict[str, dict[str, str]] = {object_type: {} for object_type in RISK_TYPES}
    absent = []
    for entity in configuration.risk_entities:
        named = values(record, entity.field)
        scorable = [value for value in named if not _is_ignored(configuration, entity, value)]
        for value in scorable:
            found[entity.object_type].setdefault(_same(value), value)
        if not named:
            absent.append(f"{entity.field} is missing")
        elif not scorable:
            absent.append(f"{entity.field} is ignored ({', '.join(dict.fromkeys(named))})")
    if not configuration.risk_entities:
        absent.append(f"{ENTITIES.name}.csv names none for this detection")
    return {object_type: list(spellings.values()) for object_type, spellings in found.items()}, absent


def threat_objects(configuration: Configuration, record: Record) -> list[tuple[str, str]]:
    """Return (type, value) of each threat object once; the value decides `ip_address|domain`."""
    found = []
    for entity in configuration.threat_entities:
        for value in known(record, entity.field):
            kind = entity.object_type
            if kind == BY_VALUE:
                kind = "ip_address" if address(value) else "domain"
            found.append((kind, value))
    return list(dict.fromkeys(found))


def finding_id(detection: Detection, record: Record) -> str:
    """Return 32 hexadecimal digits that name the finding."""
    return digest(identity(detection, record))


def identity(detection: Detection, record: Record) -> str:
    """
    Return what tells the finding from another, as JSON, so that no part can run into the next.

    It is the same for the same detection and the same values of its finding fields, in every run, on every
    Python, and in whatever order the fields and the values of one come. Case does not count, for GUIDs and
    host names come in either, and a placeholder is no value, whatever `fillnull_value` the site has.
    """
    parts: list[object] = [_same(detection.name)]
    for field in sorted(detection.finding_fields):
        parts.append([field, *sorted({_same(value) for value in known(record, field)})])
    return json.dumps(parts)


def digest(text: str) -> str:
    """Return 128 bits of the SHA-256 of ASCII *text*, in hexadecimal."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _same(value: str) -> str:
    """Return what equal values have in common. Only ASCII is folded: the tables beyond it vary by Python."""
    return value.translate(_LOWER_CASE)


def _is_ignored(configuration: Configuration, entity: Entity, value: str) -> bool:
    return any(
        ignored.object_type in (ANY, entity.object_type) and ignored.pattern.matches(value)
        for ignored in configuration.ignored
    )


def _base(detection: Detection) -> str:
    base = f"base {_plain(detection.risk_score)}"
    if detection.risk_score != detection.impact * detection.confidence / 100:
        return base  # a local lookup may set a score of its own
    return f"{base} = impact {_plain(detection.impact)} x confidence {_plain(detection.confidence)} / 100"


def _step(modifier: ScoreModifier) -> str:
    sign = "x " if modifier.operation == "multiply" else "" if modifier.value < 0 else "+"
    return f"{modifier.name}: {sign}{_plain(modifier.value)} ({modifier.reason})"


def _plain(number: Decimal) -> str:
    """Return the number without an exponent, and without a fraction where it is whole."""
    return format(number.normalize(), "f")
