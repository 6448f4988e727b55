"""Detections read from files: security_content YAML, one a file, or the stanzas of a savedsearches.conf.

Keys are those of splunk/contentctl@5.6.2 contentctl/objects, with those of older detections (tags.message, tags.observable)
and newer ones (intermediate_findings, as in splunk/security_content@1aff13de).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from splreplay import limits
from splreplay.confine import confined
from splreplay.errors import DataError, UsageError
from splreplay.located import Keys, Node, Text, read_any_yaml, read_conf
from splreplay.problem import Problem

_MESSAGE, _RISK = "action.risk.param._risk_message", "action.risk.param._risk"
_ANNOTATIONS = "action.correlationsearch.annotations"
# The types of observables that are users or systems. Source: splunk/contentctl@4.4 objects/abstract_security_content_objects/
# detection_abstract.py, `risk`; "user name" is taken for a user too, as it means one.
_USERS, _SYSTEMS = ("user", "username", "user name", "email address"), ("device", "endpoint", "hostname", "ip address")
_YAML = (".yml", ".yaml")
SUFFIXES = (*_YAML, ".conf")
_NO_SCORE = 0.0
_SHOWN = 60  # characters of what is none
_MOST = 1e6  # ours: contentctl takes 100 at most, Enterprise Security any number
# sigma-cli with pysigma-backend-splunk and pysigma-pipeline-sysmon: what it writes, replay runs.
_CONVERT = "convert them: sigma convert -t splunk -f savedsearches -p sysmon -o savedsearches.conf RULES"
T = TypeVar("T", list[Any], dict[str, Any])


class SigmaRuleError(DataError):
    """A file is a Sigma rule, whose search is none of Splunk's."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"a Sigma rule, and replay runs Splunk's searches; {_CONVERT}", str(path))


@dataclass(frozen=True)
class RiskObject:
    """A field of the result whose values are at risk, what they are (user, system or other), and by how much."""

    field: str
    kind: str
    score: float


@dataclass(frozen=True)
class Detection:
    """One detection.

    Attributes:
        path: Its file.
        name: Its name.
        search: Its search, with macros.
        messages: The messages of its findings, with `$field$` for values of the result.
        risk_fields: The fields of the result that are risk objects or threat objects.
        tests: Its key `tests`, as in the file.
        kind: TTP, Anomaly, Hunting, Correlation or what else the file says; "" where it says nothing.
        techniques: Its ATT&CK ids.
        risk_objects: Whom its findings put at risk.
        score_problems: What stands for a risk score and is none: it counts as 0.
    """

    path: Path
    name: str
    search: Text
    messages: tuple[Text, ...] = ()
    risk_fields: tuple[Text, ...] = ()
    tests: Node = None
    kind: str = ""
    techniques: tuple[str, ...] = ()
    risk_objects: tuple[RiskObject, ...] = ()
    score_problems: tuple[Problem, ...] = ()

    @property
    def score(self) -> float:
        """The highest of its risk scores."""
        return max((at_risk.score for at_risk in self.risk_objects), default=_NO_SCORE)

    @property
    def filter_macro(self) -> str:
        """The macro that contentctl makes for the detection, `search *` unless an app says otherwise."""
        return re.sub(r"[ \-./]", "_", self.name).lower() + "_filter"

    def problem(self, message: str, text: Text, offset: int = 0, *, remedy: str = "", rule: str = "") -> Problem:
        """Return what is wrong with the detection, at *offset* of one of its texts."""
        line, column = text.place(offset)
        return Problem(str(self.path), line, message, remedy, column, rule)


@dataclass
class _Scores:
    """Reads the risk scores of one file; *problems* says what is none."""

    path: Path
    problems: list[Problem] = field(default_factory=list)

    def of_key(self, keys: Mapping[str, Node], key: str) -> float:
        """Return the score that a key of YAML has; 0 where it has none."""
        node = keys.get(key)
        if node is None:
            return _NO_SCORE
        if isinstance(node, Text):
            return self.read(node.value, *node.place())
        return self.read("a list or a mapping", keys.lines[key] if isinstance(keys, Keys) else 0)

    def read(self, written: str, line: int, column: int = 0) -> float:
        """Return the score that a text writes; 0 for what is none, as what is below 0, or so much that sums of it say nothing."""
        with contextlib.suppress(ValueError):
            if 0 <= (score := float(written)) <= _MOST:
                return score
        shown = written if len(written) <= _SHOWN else f"{written[:_SHOWN]}…"
        self.problem(f"{shown!r} is no risk score from 0 to {_MOST:,.0f}, and counts as none", line, column)
        return _NO_SCORE

    def problem(self, message: str, line: int, column: int) -> None:
        """Note what is wrong, and where."""
        self.problems.append(Problem(str(self.path), line, message, "", column, "risk-score"))


@dataclass(frozen=True)
class Found:
    """What was read: the detections in order, an error for each file that could not be read, and how many Sigma rules there are."""

    detections: tuple[Detection, ...]
    errors: tuple[DataError, ...]
    sigma: int = 0

    @property
    def warnings(self) -> list[str]:
        """What was passed over, and what to do about it."""
        rules = f"{self.sigma:,} Sigma rule{'s' if self.sigma != 1 else ''}"
        return [f"{rules} passed over, as replay runs Splunk's searches; {_CONVERT}"] if self.sigma else []

    @property
    def filter_macros(self) -> dict[str, str]:
        """The definitions of the filter macros, which no file of a checkout has."""
        return {detection.filter_macro: "search *" for detection in self.detections}


def find(paths: Iterable[Path]) -> Found:
    """Return the detections in some files and folders.

    In a folder these are all .yml and .yaml files with a search, and all savedsearches.conf; hidden folders are skipped.

    Raises:
        UsageError: If there is none.
    """
    paths = list(paths)
    detections: list[Detection] = []
    errors: list[DataError] = []
    sigma = 0
    for path, folder in _files(paths):
        try:
            in_file = list(read(confined(path, folder, limits.MAX_CONF_BYTES) if folder else path))
            if not folder and not in_file:
                raise DataError("holds no search", str(path))
            detections += in_file
        except SigmaRuleError:
            sigma += 1
        except DataError as error:
            errors.append(error)
    if not detections and not errors:
        named = ", ".join(map(str, paths))
        if sigma:
            raise UsageError(f"no detection was found in {named}, but {sigma:,} in Sigma's own language", _CONVERT)
        raise UsageError(
            f"no detection was found in {named}", "name .yml files or a savedsearches.conf, or a folder of them"
        )
    return Found(tuple(detections), tuple(errors), sigma)


def read(path: Path) -> Iterator[Detection]:
    """Yield the detections of one file; none for a YAML file without a search. DataError if it cannot be read, or is Sigma's."""
    if path.suffix == ".conf":
        yield from _conf(path)
        return
    node = read_any_yaml(path)
    keys = node if isinstance(node, dict) else {}
    name, search = keys.get("name"), keys.get("search")
    if not isinstance(search, Text) or not search.value.strip():
        if {"logsource", "detection"} <= keys.keys():
            raise SigmaRuleError(path)
        return
    if not isinstance(name, Text):
        raise DataError("key name is missing or no text", str(path))
    rba, tags = _mapping(keys, "rba"), _mapping(keys, "tags")
    entities = _entries(_mapping(keys, "intermediate_findings"), "entities")
    objects = [
        *_entries(rba, "risk_objects"),
        *_entries(rba, "threat_objects"),
        *_entries(keys, "threat_objects"),
        *entities,
    ]
    messages = [rba.get("message"), tags.get("message"), *(entry.get("message") for entry in entities)]
    fields = [
        *(entry.get("field") for entry in objects),
        *(entry.get("name") for entry in _entries(tags, "observable")),
    ]
    scores = _Scores(path)
    at_risk = tuple(_at_risk(keys, scores))
    yield Detection(
        path,
        name.value,
        search,
        _texts(messages),
        _texts(fields),
        keys.get("tests"),
        _text(keys.get("type")),
        tuple(_each_text(tags.get("mitre_attack_id"))) or tuple(_each_text(keys.get("mitre_attack_id"))),
        at_risk,
        tuple(scores.problems),
    )


def _at_risk(keys: Mapping[str, Node], scores: _Scores) -> Iterator[RiskObject]:
    """Yield whom a detection's findings put at risk: the entities of newer files, or the victims of older ones."""
    rba, tags = _mapping(keys, "rba"), _mapping(keys, "tags")
    for entry in (*_entries(rba, "risk_objects"), *_entries(_mapping(keys, "intermediate_findings"), "entities")):
        yield RiskObject(_text(entry.get("field")), _text(entry.get("type")).lower(), scores.of_key(entry, "score"))
    score = scores.of_key(tags, "risk_score")
    for entry in _entries(tags, "observable"):
        kind = _text(entry.get("type")).lower()
        if "victim" in map(str.lower, _each_text(entry.get("role"))):
            yield RiskObject(
                _text(entry.get("name")), "user" if kind in _USERS else "system" if kind in _SYSTEMS else "other", score
            )


def _text(node: Node) -> str:
    return node.value if isinstance(node, Text) else ""


def _each_text(node: Node) -> Iterator[str]:
    return (entry.value for entry in node if isinstance(entry, Text)) if isinstance(node, list) else iter(())


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, Path | None]]:
    """Yield each file once, with the folder that the user named; None where the user named the file itself."""
    seen: set[Path] = set()
    for path in paths:
        folder = path if path.is_dir() else None
        for file in sorted(_walk(folder)) if folder else [path]:
            if file not in seen:
                seen.add(file)
                yield file, folder


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(_YAML) or name == "savedsearches.conf":
                yield Path(parent, name)


def _mapping(keys: Mapping[str, Node], key: str) -> Mapping[str, Node]:
    value = keys.get(key)
    return value if isinstance(value, dict) else {}


def _entries(keys: Mapping[str, Node], key: str) -> list[Mapping[str, Node]]:
    value = keys.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _texts(nodes: Iterable[Node]) -> tuple[Text, ...]:
    return tuple(node for node in nodes if isinstance(node, Text))


def _conf(path: Path) -> Iterator[Detection]:
    for name, settings in read_conf(path, ("search", _MESSAGE, _RISK, _ANNOTATIONS)).items():
        if "search" in settings and settings["search"].value:
            risk = settings.get(_RISK)
            risks = _json(risk, list)
            entries = [entry for entry in risks or () if isinstance(entry, dict)]
            annotations = _json(settings.get(_ANNOTATIONS), dict) or {}
            techniques = annotations.get("mitre_attack")
            scores = _Scores(path)
            if risk and risk.value and risks is None:
                scores.problem(f"{_RISK} is no JSON array, so the detection puts nobody at risk", *risk.place())
            at_risk = tuple(_at_risk_of(risk, entries, scores))
            yield Detection(
                path,
                name,
                settings["search"],
                _texts([settings.get(_MESSAGE)]),
                tuple(_risk_fields(risk, entries)),
                kind=str(annotations.get("type", "")),
                techniques=tuple(map(str, techniques)) if isinstance(techniques, list) else (),
                risk_objects=at_risk,
                score_problems=tuple(scores.problems),
            )


def _at_risk_of(risk: Text | None, entries: Iterable[Mapping[str, object]], scores: _Scores) -> Iterator[RiskObject]:
    """Yield whom the objects of `_risk` put at risk."""
    for entry in entries:
        field, score = entry.get("risk_object_field"), entry.get("risk_score")
        if risk and isinstance(field, str):
            value = _NO_SCORE if score is None else scores.read(str(score), *risk.place(_found(risk, score)))
            yield RiskObject(field, str(entry.get("risk_object_type", "")), value)


def _json(text: Text | None, kind: type[T]) -> T | None:
    """Return what JSON in a setting says; None if it is missing or says something else."""
    try:
        value = json.loads(text.value) if text else None
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, kind) else None


def _risk_fields(risk: Text | None, entries: Iterable[Mapping[str, object]]) -> Iterator[Text]:
    """Yield the fields that the objects of `_risk` name."""
    for entry in entries:
        for key in ("risk_object_field", "threat_object_field"):
            if risk and isinstance(name := entry.get(key), str):
                yield Text(name, risk.file, risk.index(_found(risk, name)))


def _found(risk: Text, value: object) -> int:
    """Return where in `_risk` a value first stands; 0 where it is written in another way."""
    return max(0, risk.value.find(json.dumps(value))) if isinstance(value, str | int | float) else 0
