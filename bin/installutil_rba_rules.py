"""The risk rules: a result goes in, its risk fields or its risk events come out. Pure functions over dicts."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import mul
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple, TypeVar

from installutil_rba_fields import ANNOTATION, MULTIVALUE
from installutil_rba_lookups import (
    BY_VALUE,
    ENTITIES,
    FRAMEWORKS,
    RISK_OBJECT,
    RISK_TYPES,
    TOKEN,
    Configuration,
    Detection,
    Entity,
    ScoreModifier,
    message_fields,
)
from installutil_rba_values import Record, Value, address, is_placeholder, known, values

# What risk_status begins with, up to its first colon.
SCORED = "scored"
CUT = "scored; left out"
NO_OBJECT = "no risk object"
NO_DETECTION = "no detection"

# A result may have tens of thousands of values, and each of its risk events repeats what is said of it.
KEPT = 100  # of each type of risk object and of threat object; of the values of a field that a risk event carries
SHOWN = 10  # values of a field, in a sentence

LONGEST_NAME = 100  # characters that are kept of the name of an unknown detection
_LOWEST, _HIGHEST, _GRAIN = Decimal(0), Decimal(100), Decimal("0.01")  # points
_LOWER_CASE = str.maketrans(ascii_uppercase, ascii_lowercase)
_FULLWIDTH_DOLLAR = "\uff04"
T = TypeVar("T")


class RiskObject(NamedTuple):
    """A value that is scored, and the entity that says so."""

    value: str
    entity: Entity


def fields_read(configuration: Configuration) -> list[str]:
    """Return the fields that the rules read for this detection; no other field can change what they say."""
    entities = configuration.risk_entities + configuration.threat_entities
    return sorted(
        {
            "_time",
            *configuration.detection.finding_fields,
            *message_fields(configuration.detection.risk_message),
            *(entity.field for entity in entities),
            *(field for entity in entities for field in message_fields(entity.risk_message)),
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
    return finding(configuration, record, missing, applied(configuration, record))


def finding(
    configuration: Configuration, record: Record, missing: str, modifiers: Sequence[ScoreModifier]
) -> dict[str, Value]:
    """Return what `annotate` returns, given the score modifiers that apply."""
    detection = configuration.detection
    found, absent = risk_objects(configuration, record)
    objects, threats = _first_of_each_type(found), threat_objects(configuration, record)
    kept_threats = _first_of_each_type(threats)
    points, reasons = _score(detection, found, modifiers)
    status = SCORED if objects else f"{NO_OBJECT}: {', '.join(absent)}"
    left_out = [
        f"{len(all_of_them) - len(kept)} of {len(all_of_them)} {what}"
        for what, all_of_them, kept in (("risk objects", found, objects), ("threat objects", threats, kept_threats))
        if len(kept) < len(all_of_them)
    ]
    return {
        "risk_score": _plain(points),
        "risk_impact": _plain(detection.impact),
        "risk_confidence": _plain(detection.confidence),
        "risk_message": message(detection.risk_message, record, missing, [value for _, (value, _) in objects]),
        "risk_detection": detection.name,
        **{f"risk_{kind}": [value for of, (value, _) in objects if of == kind] for kind in RISK_TYPES},
        "threat_objects": [f"{kind}={value}" for kind, value in kept_threats],
        "annotations.mitre_attack": detection.annotations["mitre_attack"],
        "risk_score_reason": reasons,
        "risk_status": f"{status}; left out: {', '.join(left_out)}" if left_out else status,
        "risk_finding_id": finding_id(detection, record),
    }


def kind_of_status(finding: Record) -> str:
    """Return what the risk_status of a finding begins with: SCORED, CUT, NO_OBJECT or NO_DETECTION."""
    return str(finding["risk_status"]).partition(":")[0]


def undetected(field: str, name: str) -> dict[str, Value]:
    """Return the fields of ANNOTATION for a result whose *field* names as its detection *name*, which is not in force."""
    shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
    why = f"{field} is {shown!r}, which is not in force" if name else f"{field} is missing"
    empty: dict[str, Value] = {field: [] if field in MULTIVALUE else "" for field in ANNOTATION}
    return {**empty, "risk_detection": name, "risk_status": f"{NO_DETECTION}: {why}"}


def modifiers(
    configuration: Configuration, record: Record, finding: Record, missing: str, carried: Iterable[str] = ()
) -> Iterator[dict[str, Value]]:
    """Yield a risk event for each risk object of *finding*: the fields of MODIFIER, and those *carried*."""
    detection = configuration.detection
    threats = _first_of_each_type(threat_objects(configuration, record))
    objects = _first_of_each_type(risk_objects(configuration, record)[0])
    applying = applied(configuration, record)
    time = values(record, "_time")[:1]
    shared: dict[str, Value] = {
        **{field: _first(record.get(field, "")) for field in carried},
        "_time": time,
        "orig_time": time,
        "search_name": detection.name,
        "source": detection.name,
        "threat_object": [value for _, value in threats],
        "threat_object_type": [kind for kind, _ in threats],
        **{f"annotations.{name}": detection.annotations[name] for name in FRAMEWORKS},
        "risk_finding_id": finding["risk_finding_id"],
    }
    for kind, (value, entity) in sorted(objects, key=lambda found: RISK_TYPES.index(found[0])):
        yield {
            **shared,
            "risk_object": value,
            "risk_object_type": kind,
            "risk_score": _plain(_points(_base(detection, entity), applying)[0]),
            "risk_message": message(entity.risk_message or detection.risk_message, record, missing, [value]),
            "risk_modifier_id": digest(json.dumps([finding["risk_finding_id"], kind, _same(value)])),
        }


def applied(configuration: Configuration, record: Record) -> tuple[ScoreModifier, ...]:
    """Return the score modifiers that apply: those that match any value of their field."""
    return tuple(
        modifier
        for modifier in configuration.modifiers
        if any(modifier.pattern.matches(value) for value in known(record, modifier.field))
    )


def score(configuration: Configuration, record: Record) -> tuple[Decimal, list[str]]:
    """
    Return one result's points, and how to work them out by hand.

    The base comes first, then every `add`, then every `multiply`. Only the end result is limited to 0..100 and
    rounded (half up, two decimals), so neither the order of the lookup's rows nor a step in between changes the
    score. A modifier applies once if any value of its field matches, and never to a field without a value.

    The base is the detection's, or that of an entity which has its own. If the risk objects of the result have
    different bases, the highest counts for the finding (as in contentctl: splunk/contentctl@0ef9754
    contentctl/objects/rba.py), and the modifiers apply to each in the same way.
    """
    found, _ = risk_objects(configuration, record)
    return _score(configuration.detection, found, applied(configuration, record))


def _score(
    detection: Detection, objects: Iterable[tuple[str, RiskObject]], modifiers: Sequence[ScoreModifier]
) -> tuple[Decimal, list[str]]:
    bases = {found.entity.field: _base(detection, found.entity) for _, found in objects}
    base = max(bases.values(), default=detection.risk_score)
    points, exact = _points(base, modifiers)
    steps = [
        _step(modifier)
        for operation in ("add", "multiply")
        for modifier in modifiers
        if modifier.operation == operation
    ]
    reasons = [_origin(detection, base), *steps]
    if points != exact:
        reasons.append(f"= {_plain(points)}, from {_plain(exact)}")
    elif steps:
        reasons.append(f"= {_plain(points)}")
    for field, other in bases.items():
        if other != base:
            reasons.append(
                f"risk to {field}: {_plain(_points(other, modifiers)[0])}, the same from base {_plain(other)}"
            )
    return points, reasons


def _base(detection: Detection, entity: Entity) -> Decimal:
    return detection.risk_score if entity.risk_score is None else entity.risk_score


def _points(base: Decimal, modifiers: Sequence[ScoreModifier]) -> tuple[Decimal, Decimal]:
    """Return the points that *modifiers* make of a base: as they count, and before they are limited and rounded."""
    exact = sum((modifier.value for modifier in modifiers if modifier.operation == "add"), base)
    exact = reduce(mul, (modifier.value for modifier in modifiers if modifier.operation == "multiply"), exact)
    return max(_LOWEST, min(_HIGHEST, exact)).quantize(_GRAIN, ROUND_HALF_UP), exact


def message(template: str, record: Record, missing: str, objects: Sequence[str] = ()) -> str:
    """
    Return the sentence that *template* makes of one result and these risk objects.

    `$field$` becomes the field's value, `$risk_object$` the objects. Several values are joined with `, ` without
    repeats, and only the first SHOWN are written. If there is none, or only placeholders, *missing* is written. Values
    are put in once and never scanned; a `$` without a partner stays.

    ES expands risk_message a second time. It would expand `$user$` in a command line, and two machine accounts
    (`WS1$ and WS2$`) look like a token. A single `$` is safe and stays as it is. In a message with more of
    them, those that come from values are written as the full-width sign U+FF04, which reads the same but does
    not end a token. Only the message is written so: the fields keep their values.
    """

    def value(match: re.Match[str]) -> str:
        return _listed(objects if match[1] == RISK_OBJECT else known(record, match[1])) or missing

    text = TOKEN.sub(value, template)
    if text.count("$") < 2:
        return text
    return TOKEN.sub(lambda match: value(match).replace("$", _FULLWIDTH_DOLLAR), template)


def risk_objects(configuration: Configuration, record: Record) -> tuple[list[tuple[str, RiskObject]], list[str]]:
    """
    Return (type, object) of each value to score, and the reason for each field that gives none.

    A value counts once for its type, whatever its case and its field: the first entity that has it counts.
    """
    found: dict[tuple[str, str], RiskObject] = {}
    absent = []
    for entity in configuration.risk_entities:
        named = values(record, entity.field)
        scorable = [value for value in named if not _is_ignored(configuration, "risk", entity.object_type, value)]
        for value in scorable:
            found.setdefault((entity.object_type, _same(value)), RiskObject(value, entity))
        if not named:
            absent.append(f"{entity.field} is missing")
        elif not scorable:
            absent.append(f"{entity.field} is ignored ({_listed(named)})")
    if not configuration.risk_entities:
        absent.append(f"{ENTITIES.name}.csv names none for this detection")
    return [(object_type, found_object) for (object_type, _), found_object in found.items()], absent


def threat_objects(configuration: Configuration, record: Record) -> list[tuple[str, str]]:
    """Return (type, value) of each threat object, without repeats."""
    found = [
        threat_object(configuration, entity, value)
        for entity in configuration.threat_entities
        for value in values(record, entity.field)
    ]
    return [threat for threat in dict.fromkeys(found) if threat]


def threat_object(configuration: Configuration, entity: Entity, value: str) -> tuple[str, str] | None:
    """Return (type, value) of a value, which itself decides `ip_address|domain`; None if it is not a threat object."""
    kind = entity.object_type
    if kind == BY_VALUE:
        kind = "ip_address" if address(value) else "domain"
    if is_placeholder(value) or _is_ignored(configuration, "threat", kind, value):
        return None
    return kind, value


def finding_id(detection: Detection, record: Record) -> str:
    """Return 32 hexadecimal digits that name the finding."""
    return digest(identity(detection, record))


def identity(detection: Detection, record: Record) -> str:
    """
    Return what distinguishes the finding from others, as JSON, so that no part can run into the next.

    It is the same for the same detection and the same values of its finding fields, in every run, on every
    Python, and in whatever order the fields and their values come. Case does not count, because GUIDs and host
    names come in either. A placeholder does not count as a value, whatever `fillnull_value` the site has.
    """
    parts: list[object] = [_same(detection.name)]
    for field in sorted(detection.finding_fields):
        parts.append([field, *sorted({_same(value) for value in known(record, field)})])
    return json.dumps(parts)


def digest(text: str) -> str:
    """Return 128 bits of the SHA-256 of ASCII *text*, in hexadecimal."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _same(value: str) -> str:
    """Return what values that differ only in case have in common. Only ASCII is folded: other tables vary by Python."""
    return value.translate(_LOWER_CASE)


def _is_ignored(configuration: Configuration, role: str, object_type: str, value: str) -> bool:
    patterns = configuration.ignored.get((role, object_type))
    return patterns is not None and any(pattern.matches(value) for pattern in patterns)


def _first_of_each_type(found: list[tuple[str, T]]) -> list[tuple[str, T]]:
    """Return the first KEPT (type, object) pairs of each type, in their order."""
    if len(found) <= KEPT:
        return found
    seen: Counter[str] = Counter()
    kept = []
    for kind, item in found:
        seen[kind] += 1
        if seen[kind] <= KEPT:
            kept.append((kind, item))
    return kept


def _first(value: Value) -> Value:
    """Return a field's value, or the first KEPT of very many values, and how many more there are."""
    if isinstance(value, str) or len(value) <= KEPT:
        return value
    return [*value[:KEPT], _more(len(value) - KEPT)]


def _listed(items: Iterable[str]) -> str:
    """Return values as a sentence shows them: joined, without repeats, and at most the first SHOWN."""
    distinct = list(dict.fromkeys(items))
    rest = len(distinct) - SHOWN
    return ", ".join(distinct) if rest <= 0 else f"{', '.join(distinct[:SHOWN])} {_more(rest)}"


def _more(number: int) -> str:
    return f"and {number} more"


def _origin(detection: Detection, base: Decimal) -> str:
    text = f"base {_plain(base)}"
    if base != detection.risk_score or base != detection.impact * detection.confidence / 100:
        return text  # a local lookup may set its own score, and an entity may have another
    return f"{text} = impact {_plain(detection.impact)} x confidence {_plain(detection.confidence)} / 100"


def _step(modifier: ScoreModifier) -> str:
    sign = "x " if modifier.operation == "multiply" else "" if modifier.value < 0 else "+"
    return f"{modifier.name}: {sign}{_plain(modifier.value)} ({modifier.reason})"


def _plain(number: Decimal) -> str:
    """Return the number without an exponent, and without a fraction if it is whole."""
    return format(number.normalize(), "f")
