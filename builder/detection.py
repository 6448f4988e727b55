"""A detection in package/detections/*.yml: its schema, and the rules between its parts.

The keys are those of security_content (splunk/contentctl@fc00988 contentctl/objects), with old names where the published
detection has them. Some are our own. `published` is the detection that ours was made from; its search ships beside ours, as the
reference for every claim of improvement. `scheduled_only` are the commands of `search` by which a run over 25 hours reports only
the results of its last hour. In `tests` stands what a test must find.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from splreplay import parser
from splreplay.app import macros
from splreplay.detections import cases, tokens
from splreplay.errors import SplError
from splreplay.run.command import outputs
from splreplay.schema import Document, Key, Refusals, Rule, between, matching, one_of, some

# What rbaenrich adds to every result: the command's own list, read by path as bin/ is no package.
_FIELDS = Path(__file__).parent.parent / "bin" / "installutil_rba_fields.py"
RBAENRICH_FIELDS = frozenset[str](runpy.run_path(str(_FIELDS))["ANNOTATION"])
RISK_OBJECT = "risk_object"  # a token of the message, which rbaenrich replaces by who is scored
_STRING = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)


def _is_text(text: str) -> bool:
    return text.strip() != "" and not text.rstrip().endswith("\\")


def _is_spl(text: str) -> bool:
    return _is_text(text) and not any("\n" in string for string in _STRING.findall(text))


# Both are written on several lines and rendered on one line, which a backslash at the end would continue.
Text = Annotated[str, Rule("some text, without a backslash at its end", _is_text)]
Spl = Annotated[str, Rule("a search with no line end in a quoted string and no backslash at its end", _is_spl)]
# Goes into stanza names and CSV cells whose values are joined by |.
Label = Annotated[str, matching(r"[^][|\"\n]*[^][|\"\n\\]", 'one line without [ ] | " or a \\ at its end')]
FieldName = Annotated[str, matching(r"[A-Za-z_][\w.]*", "a field name")]
Uuid = Annotated[str, matching(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a lower-case UUID")]
Url = Annotated[str, matching(r"https://\S+", "an https:// address")]
Percent = Annotated[int, between(0, 100)]
Positive = Annotated[int, between(1, 1_000_000)]

# The end of a search: results are scored under its own name and then filtered, so that filters can use the score.
_SCORING = r'\| (rbaenrich detection="[^"]*"[^|]*?) ?\| `\w+`$'

# A field may have both of these types, in this order: rbaenrich decides by the value.
BY_VALUE = ("ip_address", "domain")

# Enterprise Security expands tokens of a drilldown as text. The values of these tokens have forms without quotes: rbaenrich
# makes the last one, and the search itself must empty a GUID or PID of another form.
DRILLDOWN_TOKENS = ("process_guid", "process_id", "risk_finding_id")


@dataclass(frozen=True)
class RiskObject:
    """A field of the result whose value is scored; a score of its own need not be impact times confidence."""

    field: FieldName
    type: Annotated[str, one_of("user", "system", "other")]
    score: Percent


@dataclass(frozen=True)
class ThreatObject:
    """A field of the result that shows the threat; if it has two types, the value decides which one counts."""

    field: FieldName
    type: Annotated[str, matching(r"[a-z][a-z0-9_]*", "a type such as process_name or ip_address")]


@dataclass(frozen=True)
class Rba:
    """Whose risk a result raises, and its message."""

    message: Text
    risk_objects: Annotated[tuple[RiskObject, ...], some()]
    threat_objects: tuple[ThreatObject, ...]


@dataclass(frozen=True)
class Drilldown:
    """A search that Enterprise Security offers beside a finding."""

    name: Label
    search: Spl
    earliest_offset: Annotated[str, matching(r"\$info_min_time\$|\d+[smhd]?", "$info_min_time$ or a time such as 7d")]
    latest_offset: Annotated[str, matching(r"\$info_max_time\$|\d+[smhd]?", "$info_max_time$ or a time such as 0")]


@dataclass(frozen=True)
class Throttling:
    """Which results are one finding (same *fields*), and for how long it is not reported again."""

    fields: Annotated[tuple[FieldName, ...], some()]
    period: Annotated[str, matching(r"[1-9]\d*[smhd]", "a time such as 86400s")]


@dataclass(frozen=True)
class Tags:
    """How the detection is classified."""

    analytic_story: tuple[Label, ...]
    asset_type: Label
    mitre_attack_id: tuple[Annotated[str, matching(r"T\d{4}(\.\d{3})?", "an ATT&CK id such as T1218.004")], ...]
    kill_chain_phases: tuple[Label, ...]
    nist: tuple[Annotated[str, matching(r"[A-Z]{2}\.[A-Z]{2}", "a NIST category such as DE.CM")], ...]
    cis20: tuple[Annotated[str, matching(r"CIS \d{1,2}", "a CIS control such as CIS 10")], ...]
    impact: Percent
    confidence: Percent
    product: tuple[Label, ...]
    required_fields: tuple[Label, ...]
    security_domain: Annotated[str, one_of("access", "audit", "endpoint", "identity", "network", "threat")]
    throttling: Throttling


@dataclass(frozen=True)
class Published:
    """The published detection that ours was made from: its identity, and its search, token for token."""

    id: Uuid
    version: Positive
    date: date
    search: Spl


@dataclass(frozen=True)
class Detection:
    """One detection, all of it; `id`, `version` and `date` are ours."""

    name: Annotated[str, matching(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*", "words of letters and digits")]
    id: Uuid
    version: Positive
    date: date
    author: Label
    status: Annotated[str, one_of("production", "experimental", "deprecated")]
    type: Annotated[str, one_of("TTP", "Anomaly", "Hunting", "Correlation")]
    description: Text
    data_source: tuple[Label, ...]
    datamodel: tuple[Label, ...]
    search: Spl
    how_to_implement: Text
    known_false_positives: Text
    references: tuple[Url, ...]
    drilldown_searches: tuple[Drilldown, ...]
    rba: Rba
    tags: Tags
    tests: tuple[cases.Test, ...]
    published: Published | None = None
    scheduled_only: Spl | None = None

    @property
    def hunt_search(self) -> str:
        """The search to be run by hand, on one line, without the commands that only the scheduled search has."""
        text = one_line(self.search)
        return text.replace(f"{one_line(self.scheduled_only)} ", "") if self.scheduled_only else text

    @property
    def filter_macro(self) -> str:
        """The macro that ends every search and that the admin may override, by security_content's name."""
        return self.name.lower().replace(" ", "_") + "_filter"

    @property
    def rbaenrich(self) -> str:
        """The command that scores the search's results, with its options."""
        match = re.search(_SCORING, one_line(self.search))
        return match[1] if match else ""

    @property
    def score(self) -> int:
        """Risk points of a result, 0..100: impact times confidence, as security_content rounds it."""
        return round(self.tags.impact * self.tags.confidence / 100)


def one_line(text: str) -> str:
    """Return *text* on one line, each of its lines stripped."""
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def output_fields(search: str, known: Mapping[str, macros.Macro]) -> frozenset[str]:
    """Return the fields that *search* certainly outputs; SplError if it calls an unknown macro."""
    pipeline, _ = parser.outline(macros.expand(search, known), {"rbaenrich": RBAENRICH_FIELDS})
    return outputs(pipeline).names


def check(document: Document[Detection], root: Path, known: Mapping[str, macros.Macro] | None) -> None:
    """Add to *document* a problem for every rule that its detection breaks.

    Args:
        document: The detection.
        root: The repository of the detection.
        known: The macros that it can call, without its own filter; None if they have problems themselves.
    """
    detection = document.value
    if detection is None:
        return
    for rule in RULES:
        document.refuse_all(rule(detection))
    if known is not None:
        document.refuse_all(_unknown_fields(detection, known))
    document.refuse_all(_missing_recordings(detection, root))
    cases.check(document, detection.tests)


def _published_id(detection: Detection) -> Refusals:
    """Refuse the id of the published detection, because Enterprise Security identifies content by id and version."""
    if detection.published and detection.id == detection.published.id:
        yield ("id",), "id is that of the published detection", "give ours a UUID of its own"


def _two_scores(detection: Detection) -> Refusals:
    """Refuse two scores for one type of risk object: for each type, Enterprise Security gets one field and one score."""
    scores: dict[str, int] = {}
    for index, entry in enumerate(detection.rba.risk_objects):
        score = scores.setdefault(entry.type, entry.score)
        if entry.score != score:
            claim = f"score {entry.score} of {entry.field} is not that of the {entry.type} before it"
            remedy = f"write {score}: Enterprise Security gives all objects of a type one score"
            yield ("rba", "risk_objects", index, "score"), claim, remedy


def _two_types(detection: Detection) -> Refusals:
    """Refuse a field with several types, because rbaenrich could not know the right one."""
    once = "name it once"
    for key, entries, allowed, remedy in (
        ("risk_objects", detection.rba.risk_objects, (), once),
        ("threat_objects", detection.rba.threat_objects, BY_VALUE, f"{once}, or as ip_address and then as domain"),
    ):
        for field in dict.fromkeys(entry.field for entry in entries):
            types = tuple(entry.type for entry in entries if entry.field == field)
            if len(types) > 1 and types != allowed:
                yield ("rba", key), f"{key} has {field} as {' and as '.join(types)}", remedy


def _other_ending(detection: Detection) -> Refusals:
    ending = f"| `{detection.filter_macro}`"
    if not one_line(detection.search).endswith(ending):
        yield ("search",), "search does not end in its filter macro", f"end it with {ending}"
    # Another detection's name would give its findings another's score and message.
    elif not detection.rbaenrich.lower().startswith(f'rbaenrich detection="{detection.name.lower()}"'):
        remedy = f'end it with | rbaenrich detection="{detection.name}" {ending}'
        yield ("search",), "search does not score its results under its own name", remedy
    if detection.published and not one_line(detection.published.search).endswith(ending):
        yield ("published", "search"), "published.search does not end in its filter macro", f"end it with {ending}"


def _dollars(detection: Detection) -> Refusals:
    """Refuse a `$` in a search, by which the command savedsearch looks for an argument, and fails where there is none.

    Enterprise Security opens contributing events by that command. Source: Search Reference, "savedsearch".
    """
    if "$" in detection.search:
        claim = "search has a $, which the command savedsearch takes for the name of an argument"
        yield ("search",), claim, r"in a pattern, write \z for the end of a text"


def _not_in_search(detection: Detection) -> Refusals:
    commands = detection.scheduled_only
    if commands is not None and one_line(detection.search).count(f" {one_line(commands)} | ") != 1:
        remedy = "write it as it stands in search, or leave it out"
        yield ("scheduled_only",), "scheduled_only is not among the commands of search, once", remedy


def _unsafe_drilldowns(detection: Detection) -> Refusals:
    for index, drilldown in enumerate(detection.drilldown_searches):
        where = ("drilldown_searches", index, "search")
        if "`" in drilldown.search:
            claim = f"drilldown {drilldown.name!r} calls a macro, which Enterprise Security cannot see"
            yield where, claim, "write the macro's text in its place"
        for token in tokens.fields(drilldown.search):
            if token not in DRILLDOWN_TOKENS:
                claim = f"drilldown {drilldown.name!r} uses ${token}$, whose value could change the search"
                yield where, claim, "use only " + ", ".join(f"${name}$" for name in DRILLDOWN_TOKENS)


def _open_tokens(detection: Detection) -> Refusals:
    for name in tokens.unclosed(detection.rba.message):
        yield ("rba", "message"), f"message token ${name} has no closing $", f"write ${name}$"


RULES = (
    _published_id,
    _two_scores,
    _two_types,
    _other_ending,
    _dollars,
    _not_in_search,
    _unsafe_drilldowns,
    _open_tokens,
)


def _unknown_fields(detection: Detection, known: Mapping[str, macros.Macro]) -> Refusals:
    """Refuse each field that other parts of the detection use and the search does not output."""
    own = {detection.filter_macro: macros.Macro(detection.filter_macro, "search *", ())}
    try:
        output = output_fields(one_line(detection.search), {**known, **own})
    except SplError as error:
        remedy = "mend it, or define the macro in package/macros.yml"
        yield ("search",), f"search cannot be read: {error.message}", remedy
        return
    for where, role, name in _used(detection):
        if role != "drilldown token" and name in RBAENRICH_FIELDS:
            yield where, f"{role} {name} is what rbaenrich writes", "name a field that the search itself has"
        elif name not in output:
            remedy = "let the search compute it and name it in its last table or stats, or correct the spelling"
            yield where, f"{role} {name} is not among the search's output", remedy


def _used(detection: Detection) -> Iterator[tuple[Key, str, str]]:
    """Yield where the detection uses a field of its results, as what, and which field."""
    rba = detection.rba
    for index, risk in enumerate(rba.risk_objects):
        yield ("rba", "risk_objects", index, "field"), "risk object", risk.field
    for index, threat in enumerate(rba.threat_objects):
        yield ("rba", "threat_objects", index, "field"), "threat object", threat.field
    for token in tokens.fields(rba.message):
        if token != RISK_OBJECT:
            yield ("rba", "message"), "message token", token
    for index, field in enumerate(detection.tags.throttling.fields):
        yield ("tags", "throttling", "fields", index), "throttling field", field
    for index, drilldown in enumerate(detection.drilldown_searches):
        for token in filter(DRILLDOWN_TOKENS.__contains__, tokens.fields(drilldown.search)):
            yield ("drilldown_searches", index, "search"), "drilldown token", token


def _missing_recordings(detection: Detection, root: Path) -> Refusals:
    for index, test in enumerate(detection.tests):
        for number, recording in enumerate(test.attack_data):
            if not (root / recording.data.value).is_file():
                where = ("tests", index, "attack_data", number, "data")
                claim = f"test {cases.title(test, index + 1)!r} names {recording.data.value}, which is not there"
                yield where, claim, "name a recording of this repository"
