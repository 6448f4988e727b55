"""
The app's lookups as one immutable configuration: what ships, and over it what the admin keeps in
`*_local.csv`.

A shipped file is part of the package, so whatever is wrong with it stops the search. A local file is typed by
hand, so what is wrong in it is left out with a warning, and what ships stays in force: a typo must never
silence a detection.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Callable, NamedTuple, TypeVar

from installutil_rba_fields import ANNOTATION
from installutil_rba_values import Pattern


class Lookup(NamedTuple):
    """A lookup's name and columns. A local row replaces the shipped one with the same key, in any case."""

    name: str
    key: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The key's columns first."""
        return self.key + self.others


RISK_TYPES = ("user", "system", "other")
FRAMEWORKS = ("analytic_story", "kill_chain_phases", "mitre_attack", "nist", "cis20")

DETECTIONS = Lookup(
    "installutil_rba_detections",
    ("detection",),
    ("risk_score", "impact", "confidence", "risk_message", "finding_fields", *FRAMEWORKS, "disabled"),
)
ENTITIES = Lookup("installutil_rba_entities", ("detection", "role", "field"), ("object_type", "disabled"))
SCORE_MODIFIERS = Lookup(
    "installutil_rba_score_modifiers",
    ("modifier",),
    ("detection", "field", "pattern", "operation", "value", "reason", "expires", "disabled"),
)
IGNORED_OBJECTS = Lookup(
    "installutil_rba_ignored_objects", ("object_type", "pattern"), ("reason", "expires", "disabled")
)

ANY = "*"  # as a row's detection or object_type
BY_VALUE = "ip_address|domain"  # object_type of a field that holds either
TOKEN = re.compile(r"\$([^$\s]+)\$")  # of a risk_message; no blank in the name, so `$5 and $6` is money

_LARGEST_FILE = 1024 * 1024  # bytes; each modifier is tried on each result, so one larger would stop the search
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}(\.[0-9]{1,4})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Row = Mapping[str, str]
Key = tuple[str, ...]
T = TypeVar("T")


class ConfigurationError(Exception):
    """The search cannot run as it is configured; one line that names the place and the remedy."""


class _BadError(Exception):
    """Something in a file is wrong; the text says what, and who catches it knows where."""


class Detection(NamedTuple):
    """What a finding of one saved search is worth; scores are points, 0..100."""

    name: str
    risk_score: Decimal
    impact: Decimal
    confidence: Decimal
    risk_message: str
    finding_fields: tuple[str, ...]  # the fields that tell one finding from another
    annotations: Mapping[str, list[str]]  # by framework


class Entity(NamedTuple):
    """A field whose values are risk objects (role `risk`) or threat objects (role `threat`)."""

    detection: str
    role: str
    field: str
    object_type: str


class ScoreModifier(NamedTuple):
    """Points to add, or a factor to multiply by, where a value of the field matches."""

    name: str
    detection: str
    field: str
    pattern: Pattern
    operation: str
    value: Decimal
    reason: str


class IgnoredObject(NamedTuple):
    """A value that is no risk object of this type, or of any type where that is `*`."""

    object_type: str
    pattern: Pattern


class Configuration(NamedTuple):
    """All that the rules need to know for one detection, in the lookups' order."""

    detection: Detection
    risk_entities: tuple[Entity, ...]
    threat_entities: tuple[Entity, ...]
    modifiers: tuple[ScoreModifier, ...]
    ignored: tuple[IgnoredObject, ...]
    warnings: tuple[str, ...]


def load(app: str, detection: str | None, today: date) -> Configuration:
    """
    Read the lookups of the app and return the configuration of one detection.

    Args:
        app: The app's folder; nothing outside it is read, whatever its lookups link to.
        detection: A saved search's name, in any case; None takes the only one in force.
        today: The date in UTC; a row that expired before it is as if it were not in its file.

    Raises:
        ConfigurationError: A shipped file is bad, or *detection* names none that is in force.
    """
    warnings: list[str] = []

    def read(lookup: Lookup, parse: Callable[[Row], T]) -> dict[Key, T | None]:
        def stop(problem: str) -> None:
            remedy = f"put the file back as the app ships it; changes belong in {lookup.name}_local.csv"
            raise ConfigurationError(f"{problem}; {remedy}")

        def skip(problem: str) -> None:
            warnings.append(f"{problem}; it is left out, and what ships stays in force")

        shipped = _rows(app, f"{lookup.name}.csv", lookup, parse, today, stop)
        if not os.path.lexists(os.path.join(app, "lookups", f"{lookup.name}_local.csv")):
            return shipped
        return {**shipped, **_rows(app, f"{lookup.name}_local.csv", lookup, parse, today, skip)}

    def known(row: Row) -> Row:
        if row["detection"] != ANY and (row["detection"].lower(),) not in detections:
            raise _BadError(f"detection {row['detection']!r} is not in {DETECTIONS.name}.csv")
        return row

    detections = read(DETECTIONS, _detection)
    entities = read(ENTITIES, lambda row: _entity(known(row)))
    modifiers = read(SCORE_MODIFIERS, lambda row: _score_modifier(known(row)))
    ignored = read(IGNORED_OBJECTS, _ignored_object)

    chosen = _chosen(detections, detection)
    ours = (ANY, chosen.name.lower())
    own_entities = [entity for entity in entities.values() if entity and entity.detection.lower() in ours]
    return Configuration(
        detection=chosen,
        risk_entities=tuple(entity for entity in own_entities if entity.role == "risk"),
        threat_entities=tuple(entity for entity in own_entities if entity.role == "threat"),
        modifiers=tuple(item for item in modifiers.values() if item and item.detection.lower() in ours),
        ignored=tuple(item for item in ignored.values() if item),
        warnings=tuple(warnings),
    )


def _rows(
    app: str,
    filename: str,
    lookup: Lookup,
    parse: Callable[[Row], T],
    today: date,
    problem: Callable[[str], None],
) -> dict[Key, T | None]:
    """
    Return one file's rows by key, None for a disabled one; tell each *problem* with its place and go on.

    Rows are counted as a spreadsheet counts them: the header is row 1.
    """
    found: dict[Key, T | None] = {}
    try:
        header, *rows = _cells(app, filename, lookup)
    except (_BadError, OSError) as error:
        problem(f"{filename} cannot be used: {getattr(error, 'strerror', None) or error}")
        return found
    for number, cells in enumerate(rows, 2):
        if not any(cells):
            continue
        try:
            if len(cells) != len(header):
                raise _BadError(f"it has {len(cells)} cells under {len(header)} columns")
            row = dict(zip(header, cells))
            if _date(row.get("expires", "")) < today:
                continue
            key = tuple(row[column].lower() for column in lookup.key)
            if key in found:
                raise _BadError(f"a row above has the same {' and '.join(lookup.key)}")
            found[key] = None if _one_of(row, "disabled", ("", "0", "1")) == "1" else parse(row)
        except _BadError as error:
            problem(f"{filename}, row {number}: {error}")
    return found


def _cells(app: str, filename: str, lookup: Lookup) -> list[list[str]]:
    """Return the cells of a lookup's rows, the header first; columns may stand in any order."""
    root = os.path.realpath(app)
    path = os.path.realpath(os.path.join(root, "lookups", filename))
    if not path.startswith(root + os.sep):
        raise _BadError("it links to a file outside the app")
    if not os.path.isfile(path):
        raise _BadError("there is no such file")
    with open(path, "rb") as stream:
        content = stream.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise _BadError(f"it is larger than {_LARGEST_FILE} bytes")
    if b"\0" in content:
        raise _BadError("it holds a NUL")  # which the csv module of Python 3.9 refuses in other words
    try:
        # utf-8-sig: spreadsheets begin a CSV with a byte order mark.
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = [[cell.strip() for cell in cells] for cells in reader] or [[]]
    except UnicodeDecodeError as error:
        raise _BadError(f"it is no UTF-8 at byte {error.start}") from error
    except csv.Error as error:
        raise _BadError(f"it is no CSV at line {reader.line_num}: {error}") from error
    if sorted(rows[0]) != sorted(lookup.columns):
        raise _BadError(f"its header must be {','.join(lookup.columns)}")
    return rows


def _chosen(detections: Mapping[Key, Detection | None], name: str | None) -> Detection:
    in_force = [found for found in detections.values() if found]
    names = ", ".join(repr(found.name) for found in in_force) or "none"
    if name is None:
        if len(in_force) != 1:
            raise ConfigurationError(f"detection=<name> is needed; in force: {names}")
        return in_force[0]
    key = (name.lower(),)
    found = detections.get(key)
    if found is None:
        what = "is disabled" if key in detections else "is not known"
        raise ConfigurationError(f"detection {name!r} {what}; in force: {names}")
    return found


def _detection(row: Row) -> Detection:
    finding_fields = _several(_text(row, "finding_fields"))
    for field in (*finding_fields, *TOKEN.findall(row["risk_message"])):
        _not_ours(field)
    return Detection(
        name=_text(row, "detection"),
        risk_score=_number(row, "risk_score", 0, 100),
        impact=_number(row, "impact", 0, 100),
        confidence=_number(row, "confidence", 0, 100),
        risk_message=_text(row, "risk_message"),
        finding_fields=tuple(finding_fields),
        annotations={framework: _several(row[framework]) for framework in FRAMEWORKS},
    )


def _entity(row: Row) -> Entity:
    role = _one_of(row, "role", ("risk", "threat"))
    if role == "risk":
        _one_of(row, "object_type", RISK_TYPES)
    elif row["object_type"] != BY_VALUE and not _NAME.fullmatch(row["object_type"]):
        raise _BadError(f"object_type {row['object_type']!r} is no name such as process_name or {BY_VALUE}")
    return Entity(row["detection"], role, _not_ours(_text(row, "field")), row["object_type"])


def _score_modifier(row: Row) -> ScoreModifier:
    operation = _one_of(row, "operation", ("add", "multiply"))
    lowest = -100 if operation == "add" else 0
    return ScoreModifier(
        name=_text(row, "modifier"),
        detection=row["detection"],
        field=_not_ours(_text(row, "field")),
        pattern=Pattern(_text(row, "pattern")),
        operation=operation,
        value=_number(row, "value", lowest, 100),
        reason=_text(row, "reason"),
    )


def _ignored_object(row: Row) -> IgnoredObject:
    return IgnoredObject(_one_of(row, "object_type", (*RISK_TYPES, ANY)), Pattern(row["pattern"]))


def _text(row: Row, column: str) -> str:
    if not row[column]:
        raise _BadError(f"{column} is empty")
    return row[column]


def _several(cell: str) -> list[str]:
    return [item.strip() for item in cell.split("|") if item.strip()]


def _one_of(row: Row, column: str, allowed: tuple[str, ...]) -> str:
    if row[column] not in allowed:
        choice = ", ".join(item or "empty" for item in allowed)
        raise _BadError(f"{column} {row[column]!r} is none of {choice}")
    return row[column]


def _number(row: Row, column: str, lowest: int, highest: int) -> Decimal:
    text = row[column]
    # Digits and a point only: Decimal would also take nan, infinity, 1e999 and the digits of other scripts.
    if not _NUMBER.fullmatch(text) or not lowest <= Decimal(text) <= highest:
        raise _BadError(f"{column} {text!r} is no number from {lowest} to {highest}")
    return Decimal(text)


def _date(text: str) -> date:
    """Return the day, the last that there is for an empty cell."""
    if not text:
        return date.max
    try:
        # The form is checked first, because Python 3.11 and later also read 20261231 and 2026-W53-4.
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise _BadError(f"expires {text!r} is no date such as 2026-12-31") from None


def _not_ours(field: str) -> str:
    # A rule that reads what the command writes would say something else when the command runs a second time.
    if field in ANNOTATION:
        raise _BadError(f"the field {field} is one that rbaenrich writes, so it cannot be read")
    return field
