"""Detections read from files: security_content YAML, one a file, or the stanzas of a savedsearches.conf.

Keys are those of splunk/contentctl@5.6.2 contentctl/objects, with those of older detections (tags.message, tags.observable)
and newer ones (intermediate_findings, as in splunk/security_content@1aff13de).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from splreplay import limits
from splreplay.confine import confined
from splreplay.errors import DataError, UsageError
from splreplay.located import Node, Text, read_any_yaml, read_conf
from splreplay.problem import Problem

_MESSAGE, _RISK = "action.risk.param._risk_message", "action.risk.param._risk"


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
    """

    path: Path
    name: str
    search: Text
    messages: tuple[Text, ...] = ()
    risk_fields: tuple[Text, ...] = ()
    tests: Node = None

    @property
    def filter_macro(self) -> str:
        """The macro that contentctl makes for the detection, `search *` unless an app says otherwise."""
        return re.sub(r"[ \-./]", "_", self.name).lower() + "_filter"

    def problem(self, message: str, text: Text, offset: int = 0, *, remedy: str = "", rule: str = "") -> Problem:
        """Return what is wrong with the detection, at *offset* of one of its texts."""
        line, column = text.place(offset)
        return Problem(str(self.path), line, message, remedy, column, rule)


@dataclass(frozen=True)
class Found:
    """What was read: the detections in order, and an error for each file that could not be read."""

    detections: tuple[Detection, ...]
    errors: tuple[DataError, ...]

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
    detections: list[Detection] = []
    errors: list[DataError] = []
    for path, folder in _files(paths):
        try:
            in_file = list(read(confined(path, folder, limits.MAX_CONF_BYTES) if folder else path))
            if not folder and not in_file:
                raise DataError("holds no search", str(path))
            detections += in_file
        except DataError as error:
            errors.append(error)
    if not detections and not errors:
        raise UsageError("no detection was found: name .yml files or a savedsearches.conf, or a folder of them")
    return Found(tuple(detections), tuple(errors))


def read(path: Path) -> Iterator[Detection]:
    """Yield the detections of one file; none for a YAML file without a search. DataError if it cannot be read."""
    if path.suffix == ".conf":
        yield from _conf(path)
        return
    node = read_any_yaml(path)
    keys = node if isinstance(node, dict) else {}
    name, search = keys.get("name"), keys.get("search")
    if not isinstance(search, Text) or not search.value.strip():
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
    yield Detection(path, name.value, search, _texts(messages), _texts(fields), keys.get("tests"))


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
            if name.endswith((".yml", ".yaml")) or name == "savedsearches.conf":
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
    for name, settings in read_conf(path, ("search", _MESSAGE, _RISK)).items():
        if "search" in settings and settings["search"].value:
            messages = _texts([settings.get(_MESSAGE)])
            yield Detection(path, name, settings["search"], messages, tuple(_risk_fields(settings.get(_RISK))))


def _risk_fields(risk: Text | None) -> Iterator[Text]:
    """Yield the fields that `_risk`, a JSON array, names; nothing if it is not such an array."""
    try:
        entries = json.loads(risk.value) if risk else []
    except (ValueError, RecursionError):
        return
    for entry in entries if isinstance(entries, list) else []:
        for key in ("risk_object_field", "threat_object_field"):
            if risk and isinstance(entry, dict) and isinstance(name := entry.get(key), str):
                yield Text(name, risk.file, risk.index(max(0, risk.value.find(json.dumps(name)))))
