"""Which process a connection belongs to: the cases of tests/vectors/installutil_pairs.toml, all in one network."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from splreplay.app import App
from splreplay.sql.values import Value
from tests.conftest import REPO
from tests.replay.network import (
    NOON,
    Event,
    audited_connection,
    audited_process,
    connection,
    ended,
    guid,
    process,
    recording,
)
from tests.replay.searches import replay

ADDONS = ("current", "cim5", "legacy")
FILE = REPO / "tests" / "vectors" / "installutil_pairs.toml"
CASES = tomllib.loads(FILE.read_text(encoding="utf-8"))["case"]
SYSMON: Mapping[str, Callable[..., Event]] = {"start": process, "connect": connection, "end": ended, "load": process}
AUDITED: Mapping[str, Callable[..., Event]] = {"audited start": audited_process, "audited connect": audited_connection}
LOAD = {"event_id": 7, "ParentImage": None, "ImageLoaded": r"C:\Windows\System32\clr.dll"}


def made(case: int, vector: Mapping[str, Any]) -> Event:
    """Return the event of a vector; hosts and GUIDs are the case's own."""
    fields = dict(vector)
    kind, host, pid, time = (fields.pop(name) for name in ("event", "host", "pid", "at"))
    place = (f"{case}.{host}", 0 if isinstance(pid, str) else pid, NOON + time)
    if kind in AUDITED:
        return AUDITED[kind](*place, **fields)
    identity = fields.pop("guid", None)
    if isinstance(identity, int):
        identity = guid(1_000 * case + identity)
    event = SYSMON[kind](*place, identity, **fields)
    if kind == "load":
        event = {**event, **LOAD}
    return {**event, "ProcessId": pid or None} if isinstance(pid, str) else event


@pytest.fixture(scope="module", params=ADDONS)
def found(request: pytest.FixtureRequest) -> tuple[str, list[dict[str, Value]]]:
    """An add-on, and what the scheduled search finds on it in the network of all cases."""
    events = [made(number, vector) for number, case in enumerate(CASES) for vector in case["events"]]
    app = App(REPO)
    search = app.saved_search("Windows InstallUtil Remote Network Connection").search
    return request.param, list(replay(recording(events), app, search, request.param).results.rows)


def line(row: Mapping[str, Value]) -> tuple[str, str]:
    """Return the case of a finding, and its line as the vectors write it."""

    def values(name: str) -> str:
        value = row.get(name, "")
        return ",".join(sorted(value)) if isinstance(value, list) else value

    case, _, host = str(row["dest"]).rpartition(".")
    started = int(str(row["_time"])) - int(NOON)
    words = (host, *(values(name) for name in ("process_id", "match_basis", "connection_to_CNC", "dest_port")))
    return case, " ".join((*words, str(started)))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case["claim"] for case in CASES])
def test_case(found: tuple[str, list[dict[str, Value]]], number: int) -> None:
    """The findings of the case's hosts are those that it expects, on each add-on."""
    addon, rows = found
    expected = CASES[number]["expect"]
    if expected and isinstance(expected[0], list):
        expected = expected[ADDONS.index(addon)]
    expected = [
        " ".join(word.split("/")[-3:][ADDONS.index(addon)] if "/" in word else word for word in text.split())
        for text in expected
    ]
    assert sorted(expected) == sorted(text for case, text in map(line, rows) if case == str(number))


def test_a_finding_without_a_host(found: tuple[str, list[dict[str, Value]]]) -> None:
    """The end of a process whose start was not recorded has no host on the legacy add-on; every other finding has one."""
    addon, rows = found
    expected = [("100", "guid", "203.0.113.10")] if addon == "legacy" else []
    fields = ("process_id", "match_basis", "connection_to_CNC")
    assert expected == [tuple(row[name] for name in fields) for row in rows if row["dest"] == "unknown"]
