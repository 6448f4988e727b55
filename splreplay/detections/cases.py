"""The key `tests` of a detection, read: which recordings, on which add-ons, and what the search must find in them.

`name` and `attack_data` are those of splunk/contentctl@5.6.2 contentctl/objects/unit_test.py; ours are `addon`, `expected` and
`negative`. Without the last two a test asks for one result or more, as contentctl does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from splreplay import cim
from splreplay.detections.source import Detection
from splreplay.errors import DataError
from splreplay.located import Node, Text

Row = Mapping[str, str | list[str] | None]

_TEST = ("name", "attack_data", "addon", "expected", "negative", "test_type")
_ATTACK_DATA = ("data", "source", "sourcetype", "custom_index", "host")
_EXPECTED = ("count", "rows")


@dataclass(frozen=True)
class AttackData:
    """A recording: its file's name or address, and what Splunk would call its kind."""

    data: str
    sourcetype: str


@dataclass(frozen=True)
class Case:
    """One test.

    Attributes:
        detection: Whose search it runs.
        name: What it is called.
        attack_data: The recordings, searched as one.
        addons: The mappings of Sysmon, each of which must give the same.
        count: How many results there must be; None for one or more.
        rows: What the results must be, in order, of the fields that are named; None where nobody says.
    """

    detection: Detection
    name: str
    attack_data: tuple[AttackData, ...]
    addons: tuple[str, ...]
    count: int | None
    rows: tuple[Row, ...] | None


def read(detection: Detection) -> list[Case]:
    """Return the tests of a detection; DataError for one that is not of the form above."""
    return list(_Reader(detection).cases())


@dataclass(frozen=True)
class _Reader:
    detection: Detection

    def cases(self) -> Iterator[Case]:
        for number, node in enumerate(self.entries(self.detection.tests, "tests"), start=1):
            test = self.mapping(node, f"test {number}", _TEST)
            name = self.text(test.get("name"), f"name of test {number}") if "name" in test else f"test {number}"
            what = f"test {name!r}"
            attack_data = tuple(
                AttackData(
                    self.text(entry.get("data"), f"data of {what}"),
                    self.text(entry.get("sourcetype"), f"sourcetype of {what}") if "sourcetype" in entry else "",
                )
                for node in self.entries(test.get("attack_data"), f"attack_data of {what}")
                for entry in [self.mapping(node, f"attack_data of {what}", _ATTACK_DATA)]
            )
            if not attack_data:
                raise self.wrong(f"{what} names no attack_data")
            yield Case(
                self.detection, name, attack_data, self.addons(test.get("addon"), what), *self.expected(test, what)
            )

    def addons(self, node: Node, what: str) -> tuple[str, ...]:
        """One add-on, several, or the current one."""
        if node is None:
            return ("current",)
        named = tuple(self.text(one, f"addon of {what}") for one in (node if isinstance(node, list) else [node]))
        for one in named:
            if one not in cim.ADDONS:
                raise self.wrong(f"addon of {what} is {one!r}; write {', '.join(cim.ADDONS)}", node)
        return named

    def expected(self, test: Mapping[str, Node], what: str) -> tuple[int | None, tuple[Row, ...] | None]:
        """The count and the rows that are asked for."""
        negative = test.get("negative")
        if negative is not None and self.text(negative, f"negative of {what}") not in ("true", "false"):
            raise self.wrong(f"negative of {what} is not true or false; write one of these words", negative)
        if "expected" not in test:
            return (0 if isinstance(negative, Text) and negative.value == "true" else None), None
        if negative is not None:
            raise self.wrong(f"{what} has expected and negative; keep one of them", negative)
        expected = self.mapping(test["expected"], f"expected of {what}", _EXPECTED)
        rows = None
        if "rows" in expected:
            rows = tuple(self.row(row, f"rows of {what}") for row in self.entries(expected["rows"], f"rows of {what}"))
        if "count" not in expected:
            if rows is None:
                raise self.wrong(f"expected of {what} has neither count nor rows")
            return len(rows), rows
        count = self.text(expected["count"], f"count of {what}")
        if not re.fullmatch(r"[0-9]{1,9}", count):
            raise self.wrong(f"count of {what} is {count!r}; write a whole number", expected["count"])
        if rows is not None and int(count) != len(rows):
            raise self.wrong(f"count of {what} is {count}, and its rows are {len(rows)}", expected["count"])
        return int(count), rows

    def row(self, node: Node, what: str) -> Row:
        """One result: a text, several, or nothing for each field."""
        if not isinstance(node, dict) or not node:
            raise self.wrong(f"{what} is no mapping of fields to values", node)
        return {
            name: None
            if value is None
            else [self.text(one, what) for one in value]
            if isinstance(value, list)
            else self.text(value, what)
            for name, value in node.items()
        }

    def entries(self, node: Node, what: str) -> list[Node]:
        if node is None:
            return []
        if not isinstance(node, list):
            raise self.wrong(f"{what} is no list", node)
        return node

    def mapping(self, node: Node, what: str, known: tuple[str, ...]) -> Mapping[str, Node]:
        if not isinstance(node, dict):
            raise self.wrong(f"{what} is no mapping of keys to values", node)
        for key in node:
            if key not in known:
                raise self.wrong(
                    f"{what} has the key {key!r}, which replay does not know; known are {', '.join(known)}", node[key]
                )
        return node

    def text(self, node: Node, what: str) -> str:
        if not isinstance(node, Text):
            raise self.wrong(f"{what} is no text", node)
        return node.value

    def wrong(self, message: str, node: Node = None) -> DataError:
        while isinstance(node, list | dict) and node:
            node = next(iter(node.values() if isinstance(node, dict) else node))
        line = f"line {node.place().line}" if isinstance(node, Text) else None
        return DataError(message, str(self.detection.path), line)


def around(detection: Path) -> list[Path]:
    """Return the folders that hold its recordings: its own, and those around it.

    They end at the repository's, or without one at the folder that replay runs in: who wrote the test must not choose any
    file of the machine.
    """
    folders = list(detection.resolve().parents)
    last = next((folder for folder in folders if (folder / ".git").exists()), Path.cwd())
    return folders[: folders.index(last) + 1] if last in folders else folders[:1]


def locate(data: str, detection: Path) -> Path | None:
    """Return the file that `data` names, relative to one of these folders and inside of the last."""
    folders = around(detection)
    for folder in folders:
        path = Path(os.path.normpath(folder / data))
        if path.is_relative_to(folders[-1]) and os.path.isfile(path):  # pathlib's raises where a name is too long
            return path
    return None
