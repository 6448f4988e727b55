"""
The app's lookups as one immutable configuration: what ships, overridden by what the admin keeps in
`*_local.csv`.

A shipped file is part of the package, so an error in it stops the search. A local file is typed by hand, so a
row with an error is left out with a warning, and what ships stays in force: a typo must never silence a
detection.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Callable, NamedTuple, Optional, TypeVar

from installutil_rba_fields import ANNOTATION
from installutil_rba_values import Pattern, looks_like_a_network


class Lookup(NamedTuple):
    """
    A lookup's name and columns. A local row replaces the shipped one with the same key, in any case.

    A file may lack the columns in *optional*, which came later. There, and in an empty cell, the given text counts.
    """

    name: str
    key: tuple[str, ...]
    others: tuple[str, ...]
    optional: Mapping[str, str] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, the key's first."""
        return self.key + self.others

    @property
    def local(self) -> str:
        """The name of the file in which a site keeps its own rows."""
        return f"{self.name}_local.csv"

    def has_columns(self, header: list[str]) -> bool:
        """Tell whether a header is this lookup's: each of its columns once, in any order."""
        lacking = [column for column in self.optional if column not in header]
        return sorted([*header, *lacking]) == sorted(self.columns)


ROLES = ("risk", "threat")
RISK_TYPES = ("user", "system", "other")
FRAMEWORKS = ("analytic_story", "kill_chain_phases", "mitre_attack", "nist", "cis20")

DETECTIONS = Lookup(
    "installutil_rba_detections",
    ("detection",),
    ("risk_score", "impact", "confidence", "risk_message", "finding_fields", *FRAMEWORKS, "disabled"),
)
ENTITIES = Lookup(
    "installutil_rba_entities",
    ("detection", "role", "field"),
    ("object_type", "risk_score", "risk_message", "disabled"),
    {"risk_score": "", "risk_message": ""},
)
SCORE_MODIFIERS = Lookup(
    "installutil_rba_score_modifiers",
    ("modifier",),
    ("detection", "field", "pattern", "operation", "value", "reason", "expires", "disabled"),
)
IGNORED_OBJECTS = Lookup(
    "installutil_rba_ignored_objects",
    ("object_type", "pattern", "role"),
    ("reason", "expires", "disabled"),
    {"role": "risk"},
)
LOOKUPS = (DETECTIONS, ENTITIES, SCORE_MODIFIERS, IGNORED_OBJECTS)

ANY = "*"  # as a row's detection or object_type
BY_VALUE = "ip_address|domain"  # object_type of a field that holds either
TOKEN = re.compile(r"\$([^$\s]+)\$")  # of a risk_message; without blanks in the name, so that `$5 and $6` is money
RISK_OBJECT = "risk_object"  # as a token of a risk_message: who is scored

_LARGEST_FILE = 1024 * 1024  # bytes; each modifier is tried on each result, so a larger file would stop the search
_PREFIX = "installutil_rba_"  # of every lookup's name
_NEARLY_RIGHT = 0.9  # of 1: how similar to a local lookup's name a file's name must be to be taken for a slip
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}(\.[0-9]{1,4})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Row = Mapping[str, str]
Key = tuple[str, ...]
T = TypeVar("T")


class ConfigurationError(Exception):
    """The search cannot run as it is configured; the text is one line that names the place and the remedy."""


class _BadError(Exception):
    """Something in a file is wrong; the text says what, and the catcher knows where."""


class Detection(NamedTuple):
    """What a finding of one saved search is worth; scores are points, 0..100."""

    name: str
    risk_score: Decimal
    impact: Decimal
    confidence: Decimal
    risk_message: str
    finding_fields: tuple[str, ...]  # the fields that distinguish one finding from another
    annotations: Mapping[str, list[str]]  # by framework


class Entity(NamedTuple):
    """A field whose values are risk objects (role `risk`) or threat objects (role `threat`)."""

    detection: str
    role: str
    field: str
    object_type: str
    risk_score: Decimal | None = None  # None: the detection's
    risk_message: str = ""  # empty: the detection's


class ScoreModifier(NamedTuple):
    """Points to add, or a factor to multiply by, if a value of the field matches."""

    name: str
    detection: str
    field: str
    pattern: Pattern
    operation: str
    value: Decimal
    reason: str


class IgnoredObject(NamedTuple):
    """A pattern of values that are not objects of this role and type; `*` stands for any type."""

    role: str
    object_type: str
    pattern: Pattern


class Configuration(NamedTuple):
    """Everything that the rules need to know for one detection, in the lookups' order."""

    detection: Detection
    risk_entities: tuple[Entity, ...]
    threat_entities: tuple[Entity, ...]
    modifiers: tuple[ScoreModifier, ...]
    ignored: Mapping[tuple[str, str], tuple[Pattern, ...]]  # by role and type, if there are any
    warnings: tuple[str, ...]
    local_fields: tuple[tuple[str, str], ...]  # (file and row, field) of each field that a local row names


# The rows of a lookup by key: the place of a local row, or an empty text; and what the row says, or None if disabled.
Rows = dict[Key, tuple[str, Optional[T]]]


class Lookups(NamedTuple):
    """The app's lookups, shipped and local rows together."""

    detections: Rows[Detection]
    entities: Rows[Entity]
    modifiers: Rows[ScoreModifier]
    ignored: Rows[IgnoredObject]
    default: str | None  # the detection that is meant if none is named
    warnings: tuple[str, ...]

    def in_force(self) -> Iterator[Configuration]:
        """Yield the configuration of each detection that is not disabled."""
        return (self.of(detection.name) for _, detection in self.detections.values() if detection)

    def of(self, name: str | None) -> Configuration:
        """
        Return the configuration of one detection, by its name in any case, or of the default one.

        Raises:
            ConfigurationError: There is no such detection, or it is not in force.
        """
        names = ", ".join(repr(detection.name) for _, detection in self.detections.values() if detection) or "none"
        if name is None:
            name = self.default
        if name is None:
            raise ConfigurationError(f"detection=<name> is needed; in force: {names}")
        place, chosen = self.detections.get((name.lower(),), ("", None))
        if chosen is None:
            what = "is disabled" if (name.lower(),) in self.detections else "is not known"
            raise ConfigurationError(f"detection {name!r} {what}; in force: {names}")

        ours = (ANY, chosen.name.lower())
        entities = [(place, item) for place, item in self.entities.values() if item and item.detection.lower() in ours]
        modifiers = [
            (place, item) for place, item in self.modifiers.values() if item and item.detection.lower() in ours
        ]
        named = [(place, field) for field in (*chosen.finding_fields, *message_fields(chosen.risk_message))]
        for where, entity in entities:
            named += [(where, field) for field in (entity.field, *message_fields(entity.risk_message))]
        named += [(where, modifier.field) for where, modifier in modifiers]
        return Configuration(
            detection=chosen,
            risk_entities=tuple(entity for _, entity in entities if entity.role == "risk"),
            threat_entities=tuple(entity for _, entity in entities if entity.role == "threat"),
            modifiers=tuple(modifier for _, modifier in modifiers),
            ignored=_by_role_and_type(
                (item for _, item in self.ignored.values() if item), (entity for _, entity in entities)
            ),
            warnings=self.warnings,
            local_fields=tuple((where, field) for where, field in named if where),
        )


def _by_role_and_type(
    ignored: Iterable[IgnoredObject], entities: Iterable[Entity]
) -> dict[tuple[str, str], tuple[Pattern, ...]]:
    """Return the patterns for each role and type of the entities, including those for any type."""
    rows = list(ignored)
    found = {}
    for role, object_type in {(entity.role, kind) for entity in entities for kind in entity.object_type.split("|")}:
        patterns = [row.pattern for row in rows if row.role == role and row.object_type in (ANY, object_type)]
        if patterns:
            found[role, object_type] = tuple(patterns)
    return found


def message_fields(message: str) -> list[str]:
    """Return the fields of a result that a risk_message shows."""
    return [field for field in TOKEN.findall(message) if field != RISK_OBJECT]


def load(app: str, detection: str | None, today: date) -> Configuration:
    """Return the configuration of one detection, or of the default one: `read` and `Lookups.of` in one."""
    return read(app, today).of(detection)


def read(app: str, today: date) -> Lookups:
    """
    Read the lookups of the app.

    If no detection is named, the one that ships is meant; rows that a site adds do not change that.
    If a site disabled it, or several ship, the only one in force is meant.

    Args:
        app: The app's folder; nothing outside it is read, whatever its lookups link to.
        today: The date in UTC; a row that expired before it is ignored.

    Raises:
        ConfigurationError: A shipped file is bad.
    """
    warnings: list[str] = []

    def shipped(lookup: Lookup, parse: Callable[[Row], T]) -> Rows[T]:
        def stop(problem: str) -> None:
            remedy = f"put the file back as the app ships it; changes belong in {lookup.local}"
            raise ConfigurationError(f"{problem}; {remedy}")

        rows = _rows(app, f"{lookup.name}.csv", lookup, parse, today, stop)
        return {key: ("", row) for key, (_, row) in rows.items()}

    def local(lookup: Lookup, parse: Callable[[Row], T]) -> Rows[T]:
        def skip(problem: str) -> None:
            warnings.append(f"{problem}; it is left out, and what ships stays in force")

        if not os.path.lexists(os.path.join(app, "lookups", lookup.local)):
            return {}
        return _rows(app, lookup.local, lookup, parse, today, skip)

    def both(lookup: Lookup, parse: Callable[[Row], T]) -> Rows[T]:
        return {**shipped(lookup, parse), **local(lookup, parse)}

    def known(row: Row) -> Row:
        if row["detection"] != ANY and (row["detection"].lower(),) not in detections:
            raise _BadError(f"detection {row['detection']!r} is not in {DETECTIONS.name}.csv")
        return row

    ours = shipped(DETECTIONS, _detection)
    detections = {**ours, **local(DETECTIONS, _detection)}
    entities = both(ENTITIES, lambda row: _entity(known(row)))
    modifiers = both(SCORE_MODIFIERS, lambda row: _score_modifier(known(row)))
    ignored = both(IGNORED_OBJECTS, _ignored_object)
    warnings += _nearly_right(app)
    in_force = {key: detection.name for key, (_, detection) in detections.items() if detection}
    for meant in ([name for key, name in in_force.items() if key in ours], [*in_force.values()]):
        if len(meant) == 1:
            return Lookups(detections, entities, modifiers, ignored, meant[0], tuple(warnings))
    return Lookups(detections, entities, modifiers, ignored, None, tuple(warnings))


def _nearly_right(app: str) -> Iterator[str]:
    """Yield a warning for each file whose name was probably meant to be that of a local lookup."""

    def own_part(name: str) -> str:
        return name.lower().replace(_PREFIX, "")

    right = {own_part(lookup.local): lookup.local for lookup in LOOKUPS}
    known = {f"{lookup.name}.csv" for lookup in LOOKUPS}.union(right.values())
    for name in sorted(os.listdir(os.path.join(app, "lookups"))):
        if name not in known and name.lower().endswith(".csv"):
            for meant in difflib.get_close_matches(own_part(name), right, 1, _NEARLY_RIGHT):
                yield f"{name} is not read; rename it to {right[meant]}, or remove it"


def _rows(
    app: str,
    filename: str,
    lookup: Lookup,
    parse: Callable[[Row], T],
    today: date,
    problem: Callable[[str], None],
) -> Rows[T]:
    """
    Return a file's rows by key; report each *problem* with its place and go on.

    Rows are counted as a spreadsheet counts them: the header is row 1.
    """
    found: Rows[T] = {}
    try:
        header, *rows = _cells(app, filename, lookup)
    except (_BadError, OSError) as error:
        problem(f"{filename} cannot be used: {getattr(error, 'strerror', None) or error}")
        return found
    for number, cells in enumerate(rows, 2):
        if not any(cells):
            continue
        place = f"{filename}, row {number}"
        try:
            if len(cells) != len(header):
                raise _BadError(f"it has {len(cells)} cells under {len(header)} columns")
            row = dict(zip(header, cells))
            row.update((column, text) for column, text in lookup.optional.items() if not row.get(column))
            if _date(row.get("expires", "")) < today:
                continue
            key = tuple(row[column].lower() for column in lookup.key)
            if key in found:
                raise _BadError(f"a row above has the same {' and '.join(lookup.key)}")
            found[key] = (place, None if _one_of(row, "disabled", ("", "0", "1")) == "1" else parse(row))
        except _BadError as error:
            problem(f"{place}: {error}")
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
        raise _BadError("it holds a NUL")  # the csv module of Python 3.9 refuses it in other words
    try:
        # utf-8-sig: spreadsheets begin a CSV with a byte order mark.
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = [[cell.strip() for cell in cells] for cells in reader] or [[]]
    except UnicodeDecodeError as error:
        raise _BadError(f"it is no UTF-8 at byte {error.start}") from error
    except csv.Error as error:
        raise _BadError(f"it is no CSV at line {reader.line_num}: {error}") from error
    if not lookup.has_columns(rows[0]):
        required = ",".join(column for column in lookup.columns if column not in lookup.optional)
        besides = f"; it may also have {','.join(lookup.optional)}" if lookup.optional else ""
        raise _BadError(f"its header must be {required}{besides}")
    return rows


def _detection(row: Row) -> Detection:
    finding_fields = _several(_text(row, "finding_fields"))
    for field in (*finding_fields, *message_fields(row["risk_message"])):
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
    role = _one_of(row, "role", ROLES)
    if role == "risk":
        _one_of(row, "object_type", RISK_TYPES)
    elif row["object_type"] != BY_VALUE and not _NAME.fullmatch(row["object_type"]):
        raise _BadError(f"object_type {row['object_type']!r} is no name such as process_name or {BY_VALUE}")
    for column in ("risk_score", "risk_message"):
        if role == "threat" and row[column]:
            raise _BadError(f"{column} is for role risk; a threat object has none")
    for field in message_fields(row["risk_message"]):
        _not_ours(field)
    return Entity(
        detection=row["detection"],
        role=role,
        field=_not_ours(_text(row, "field")),
        object_type=row["object_type"],
        risk_score=_number(row, "risk_score", 0, 100) if row["risk_score"] else None,
        risk_message=row["risk_message"],
    )


def _score_modifier(row: Row) -> ScoreModifier:
    operation = _one_of(row, "operation", ("add", "multiply"))
    lowest = -100 if operation == "add" else 0
    return ScoreModifier(
        name=_text(row, "modifier"),
        detection=row["detection"],
        field=_not_ours(_text(row, "field")),
        pattern=_pattern(_text(row, "pattern")),
        operation=operation,
        value=_number(row, "value", lowest, 100),
        reason=_text(row, "reason"),
    )


def _ignored_object(row: Row) -> IgnoredObject:
    role = _one_of(row, "role", ROLES)
    object_type = row["object_type"]
    if role == "risk":
        _one_of(row, "object_type", (*RISK_TYPES, ANY))
    elif object_type != ANY and not _NAME.fullmatch(object_type):
        raise _BadError(f"object_type {object_type!r} is no name such as process_name, and not {ANY}")
    return IgnoredObject(role, object_type, _pattern(row["pattern"]))


def _pattern(text: str) -> Pattern:
    pattern = Pattern(text)
    if looks_like_a_network(text) and not pattern.is_network:
        raise _BadError(f"pattern {text!r} looks like a network and is none; write one such as 203.0.113.0/24")
    return pattern


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
    # Only digits and a point: Decimal would also take nan, infinity, 1e999 and the digits of other scripts.
    if not _NUMBER.fullmatch(text) or not lowest <= Decimal(text) <= highest:
        raise _BadError(f"{column} {text!r} is no number from {lowest} to {highest}")
    return Decimal(text)


def _date(text: str) -> date:
    """Return the day; for an empty cell, the last day that there is."""
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
    # A rule that reads what the command writes would give another answer when the command runs a second time.
    if field in ANNOTATION:
        raise _BadError(f"the field {field} is one that rbaenrich writes, so it cannot be read")
    return field
