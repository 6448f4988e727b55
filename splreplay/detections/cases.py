"""The key `tests` of a detection: the recordings, the add-ons, and what the search must find.

`name`, `test_type` and `attack_data` are those of splunk/contentctl@5.6.2 contentctl/objects/unit_test.py, with `update_timestamp`
of older ones, which has no effect, because a replay reads all time; ours are `addon`, `expected` and `negative`. Without these two, a test expects one result or more, as in contentctl.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from splreplay import limits
from splreplay.cim import ADDONS
from splreplay.confine import confined
from splreplay.detections.source import Detection
from splreplay.located import Text
from splreplay.problem import as_error
from splreplay.schema import Document, Rule, between, decode_node, one_of, some

AddOn = Annotated[str, one_of(*ADDONS)]
Row = Mapping[str, str | list[str] | None]


@dataclass(frozen=True)
class AttackData:
    """A recording: the name or address of its file, and what Splunk would call it."""

    data: Text
    source: Text | None = None
    sourcetype: Text | None = None
    custom_index: Text | None = None
    update_timestamp: Text | None = None
    host: Text | None = None


@dataclass(frozen=True)
class Expected:
    """What a test must find: how many results, or the named fields of each result, in order.

    A value is compared as it is written: 443 and "443" are the same.
    """

    count: Annotated[int, between(0, 999_999_999)] | None = None
    rows: tuple[Annotated[dict[str, Text | tuple[Text, ...] | None], Rule("a field or more", bool)], ...] | None = None


@dataclass(frozen=True)
class Test:
    """One test as it stands in the file."""

    attack_data: Annotated[tuple[AttackData, ...], some()]
    name: Text | None = None
    addon: Annotated[AddOn | tuple[AddOn, ...] | None, some()] = None
    expected: Expected | None = None
    negative: bool | None = None
    test_type: Text | None = None


@dataclass(frozen=True)
class Case:
    """One test to run.

    Attributes:
        detection: Whose test it is.
        name: Its name, or its number.
        attack_data: Its recordings.
        addons: The add-ons that it names; none where it names none.
        count: How many results there must be; None for one or more.
        rows: What they must be; None where the test does not say.
    """

    detection: Detection
    name: str
    attack_data: tuple[AttackData, ...]
    addons: tuple[str, ...]
    count: int | None
    rows: tuple[Row, ...] | None


def read(detection: Detection) -> list[Case]:
    """Return the tests of a detection; DataError if they do not have this form."""
    if detection.tests is None:
        return []
    document: Document[tuple[Test, ...]] = Document(str(detection.path))
    decode_node(document, detection.tests, tuple[Test, ...], ("tests",))
    check(document, document.value or ())
    if document.problems:
        raise as_error(document.problems)
    return [_case(detection, number, test) for number, test in enumerate(document.value or (), start=1)]


def check(document: Document[Any], tests: Sequence[Test]) -> None:
    """Add to *document* a problem for each test whose expectations contradict each other."""
    for index, test in enumerate(tests):
        expected, where = test.expected, ("tests", index, "expected")
        if expected is None:
            continue
        name = repr(title(test, index + 1))
        if test.negative is not None:
            document.refuse(where, f"test {name} has expected and negative", "keep one of them")
        if expected.rows is None and expected.count is None:
            document.refuse(where, f"test {name} expects neither a count nor rows", "add one of them")
        if expected.rows is not None and expected.count not in (None, len(expected.rows)):
            document.refuse(where, f"test {name} counts other than its rows", "leave count out")


def title(test: Test, number: int) -> str:
    """Return the name of a test, or its number where it has none."""
    return test.name.value if test.name else f"test {number}"


def _case(detection: Detection, number: int, test: Test) -> Case:
    addons = (test.addon,) if isinstance(test.addon, str) else test.addon or ()
    expected = test.expected or Expected(count=0 if test.negative else None)
    rows = None
    if expected.rows is not None:
        rows = tuple({name: _plain(value) for name, value in row.items()} for row in expected.rows)
    count = expected.count if rows is None else len(rows)
    return Case(detection, title(test, number), test.attack_data, addons, count, rows)


def _plain(value: Text | tuple[Text, ...] | None) -> str | list[str] | None:
    if isinstance(value, tuple):
        return [part.value for part in value]
    return value.value if value else None


def mirrored(address: str, mirror: Path) -> Path | None:
    """Return the file below *mirror* that stands for an address: the one whose path is the longest end of the address's path.

    A mirror of splunk/attack_data is one, but so is a folder of it. The name alone is not enough where folders stand before it,
    because many recordings there have the same name: at least one folder must be that of the address.

    Raises:
        DataError: If the file leads out of the mirror.
    """
    parts = [part for part in unquote(urlsplit(address).path).split("/") if part]
    for start in range(max(1, len(parts) - 1)):
        path = mirror.joinpath(*parts[start:])
        if ".." not in parts and os.path.isfile(path):
            return confined(path, mirror, limits.MAX_RECORDING_BYTES)
    return None


def around(detection: Path) -> list[Path]:
    """Return the folders that may hold its recordings: its own, and those around it.

    The last is that of the repository, or without one the folder that replay runs in: the author of a test must not be able
    to read any file of the machine.
    """
    folders = list(detection.resolve().parents)
    last = next((folder for folder in folders if (folder / ".git").exists()), Path.cwd())
    return folders[: folders.index(last) + 1] if last in folders else folders[:1]


def locate(data: str, detection: Path) -> Path | None:
    """Return the file that `data` names, relative to one of these folders; DataError if it is outside of the last one."""
    folders = around(detection)
    for folder in folders:
        path = Path(os.path.normpath(folder / data))
        if os.path.lexists(path) and not os.path.isdir(path):
            return confined(path, folders[-1], limits.MAX_RECORDING_BYTES)
    return None
