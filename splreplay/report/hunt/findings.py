"""What fired, the results folded in: what says most comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from splreplay import times
from splreplay.hunt import attack
from splreplay.hunt.case import WEIGHTS, Finding
from splreplay.hunt.outcome import message
from splreplay.output import Rows
from splreplay.report import findings as cards
from splreplay.report import text
from splreplay.report.hunt.attack import title
from splreplay.report.picture import Picture
from splreplay.report.records import Cells, Records
from splreplay.report.risk import plain
from splreplay.sql.values import Value, values_of

FINDINGS = 200  # shown
RESULTS = 10  # of each, if they are not longer in all than
CHARACTERS = 10_000
VALUE = 3_000  # characters of a value
FIELDS = 60  # of a result
MESSAGES = 10  # if they differ


@dataclass(frozen=True)
class Fired:
    """A detection that fired.

    Attributes:
        place: Its place among all that fired, from 1.
        name: Its name.
        kind: Its type, "" for none.
        known: The same in lower case if it is one of security_content's, else "other".
        score: Its risk score, "" for none.
        count: How many results it has.
        when: The first and the last time of the results; empty where they show none.
        message: The risk message of its first result, "" for none.
        facts: What else there is to say.
        paths: The logs in which the results lie, and the detection's file.
        messages: The messages of its results, if they differ.
        messages_left: How many more there are.
        warnings: Why its results may not be complete.
        cards: Those results that name a process, as a run's report shows findings.
        shared: The fields in which those agree that do not.
        records: The others of their fields.
        left: How many results are not shown.
        fields_left: How many fields are not shown.
    """

    place: int
    name: str
    kind: str
    known: str
    score: str
    count: int
    when: Sequence[str]
    message: str
    facts: Sequence[tuple[str, Cells]]
    paths: Sequence[tuple[str, Cells]]
    messages: Sequence[str]
    messages_left: int
    warnings: Sequence[str]
    cards: Sequence[cards.Card]
    shared: Sequence[tuple[str, Cells]]
    records: Records
    left: int
    fields_left: int


@dataclass(frozen=True)
class Findings:
    """The detections that fired, and how many more there are."""

    shown: Sequence[Fired]
    left: int

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Findings:
        """Return the findings as the page shows them."""
        shown = [_fired(place, finding) for place, finding in enumerate(findings[:FINDINGS], start=1)]
        return cls(shown, len(findings[FINDINGS:]))


def _fired(place: int, finding: Finding) -> Fired:
    detection, outcome = finding.detection, finding.outcome
    rows = _fitting(outcome.results.rows)
    fields = outcome.results.fields[:FIELDS]
    kind = detection.kind.lower()
    messages = outcome.messages if len(outcome.messages) > 1 else ()
    shared, records = cards.compared([row for row in rows if not Picture.of([row])], fields, shown=RESULTS)
    return Fired(
        place,
        text.brief(detection.name),
        text.brief(detection.kind),
        kind if kind in WEIGHTS else "other",
        plain(detection.score) if detection.score else "",
        outcome.count,
        list(dict.fromkeys(map(times.utc, outcome.moments or ()))),
        text.brief(next(iter(outcome.messages), "")),
        _facts(finding),
        _named(
            {
                "logs" if outcome.place.known else f"any of {len(outcome.place.files):,} logs": outcome.place.files,
                "detection": [str(detection.path)],
            }
        ),
        list(map(text.brief, messages[:MESSAGES])),
        len(messages[MESSAGES:]),
        _brief(outcome.results.warnings),
        cards.Findings.of(_titled(finding, rows), ["risk_message", *fields]).cards,
        shared,
        records,
        outcome.count - len(rows),
        len(outcome.results.fields) - len(fields),
    )


def _facts(finding: Finding) -> list[tuple[str, Cells]]:
    """Return what there is to say beside the results, without what the first line says."""
    detection, outcome = finding.detection, finding.outcome
    techniques = [f"{id_} {attack.technique(id_).name}".rstrip() for id_ in detection.techniques]
    entities = [f"{entity.name} ({entity.kind}), risk {plain(score)}" for entity, score in outcome.entities]
    moments = list(dict.fromkeys(map(times.utc, outcome.moments or ())))
    facts = {
        "entities": entities,
        "techniques": techniques,
        "tactics": [title(tactic) for tactic in finding.tactics],
        "first time" if len(moments) > 1 else "time": moments[:1],
        "last time": moments[1:],
        "rank": [plain(finding.rank)],
    }
    return _named(facts)


def _named(facts: Mapping[str, Sequence[str]]) -> list[tuple[str, Cells]]:
    return [(name, _brief(values)) for name, values in facts.items() if values]


def _brief(values: Sequence[str]) -> list[str]:
    return [text.brief(value) for value in text.listed(list(values))]


def _titled(finding: Finding, rows: Rows) -> Rows:
    """Return the results that name a process, with what tells them apart as their message."""
    template = finding.detection.messages[0].value if finding.detection.messages else ""
    differ = len(finding.outcome.messages) > 1
    return [
        row | {"risk_message": text.brief(message(template, row)) if differ else f"Result {place:,}"}
        for place, row in enumerate(rows, start=1)
        if Picture.of([row])
    ]


def _fitting(rows: Rows) -> list[dict[str, Value]]:
    """Return the first results, at least one, and no more than fit in CHARACTERS."""
    shown: list[dict[str, Value]] = []
    room = CHARACTERS
    for row in rows[:RESULTS]:
        small, length = _small(row)
        if shown and length > room:
            break
        shown.append(small)
        room -= length
    return shown


def _small(row: dict[str, Value]) -> tuple[dict[str, Value], int]:
    """Return a result with long values shortened, so that all fit in about CHARACTERS, and its length."""
    first = {name: values_of(value)[: text.VALUES] for name, value in row.items()}
    room = min(VALUE, CHARACTERS // max(1, sum(map(len, first.values()))))
    small = {name: [text.shortened(one, room * 3 // 4, room // 4) for one in values] for name, values in first.items()}
    length = sum(len(name) + sum(map(len, values)) for name, values in small.items())
    # What is listed behind the first values is only counted.
    return {
        name: small[name][0] if isinstance(value, str) else [*small[name], *value[text.VALUES :]]
        for name, value in row.items()
    }, length
