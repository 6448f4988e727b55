"""The forms in which events come as JSON and CSV: each gives the events of the XML, whatever they stand in."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from splreplay.logs.events import Event, UnreadableEventError
from splreplay.logs.formats.json import forms
from splreplay.logs.names import column
from splreplay.sql.values import identifier
from tests.conftest import REPO
from tests.logs.conftest import Loaded
from tests.logs.json_forms import DOCUMENTS, FORMS, csv_rows, json_lines, records

XML = (REPO / "tests/recordings/installutil_attack.xml").read_bytes()
# An event of NXLog has its second only, and one of Velociraptor the microseconds.
NAMES = ("Image", "CommandLine", "User", "ProcessGuid", "ProcessId", "DestinationIp", "DestinationPort", "UtcTime")


def rows(tmp_path: Path, content: bytes, second: int = 0) -> tuple[str, list[tuple[object, ...]]]:
    """Return the format of a log, and its events, in the columns that every form fills; of time, the second alone if wanted."""
    path = tmp_path / "log"
    path.write_bytes(content)
    log = Loaded(path, fields=NAMES)
    assert [] == log.bad()
    time = "floor(time)" if second else "round(time, 3)"
    columns = ", ".join(map(identifier, map(column, NAMES)))
    query = f"SELECT provider, event_id, {time}, computer, channel, {columns} FROM event"
    return log.report.files[0].kind, log.connection.sql(query).fetchall()


def expected(tmp_path: Path, second: int = 0) -> list[tuple[object, ...]]:
    """Return the same of the XML."""
    return rows(tmp_path, XML, second)[1]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_gives_the_events_of_the_xml(tmp_path, form):
    """Each form that a shipper or a tool writes, one record a line."""
    second = form == "nxlog"
    assert ("json", expected(tmp_path, second)) == rows(tmp_path, json_lines(form, XML), second)


@pytest.mark.parametrize("way", DOCUMENTS)
@pytest.mark.parametrize("form", ["winlogbeat", "elastic", "evtx_dump"])
def test_a_document_gives_the_events_of_the_xml(tmp_path, monkeypatch, form, way):
    """Arrays, records over several lines, answers that hold records; blocks end anywhere."""
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", 5000)
    content = DOCUMENTS[way](records(form, XML)).encode()
    assert ("json", expected(tmp_path)) == rows(tmp_path, content)


@pytest.mark.parametrize("form", ["splunk_raw", "splunk_fields", "kibana", "sentinel"])
def test_csv_gives_the_events_of_the_xml(tmp_path, form):
    """With the event in _raw, and with its fields."""
    assert ("csv", expected(tmp_path)) == rows(tmp_path, csv_rows(form, XML))


def test_records_of_several_forms_in_one_log(tmp_path):
    """Each is told by its own form."""
    some = [records(form, XML)[0] for form in FORMS]
    content = "\n".join(map(json.dumps, some)).encode()
    _, found = rows(tmp_path, content, second=1)
    assert [expected(tmp_path, second=1)[0]] * len(FORMS) == found


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"a": 1, "b": {"c": 2}}, "no form that replay knows: JSON whose records have the keys a, b"),
        ({"EventID": 1, "Image": "x"}, "no form that replay knows: JSON whose records have the keys EventID, Image"),
        ({"hits": {"hits": []}}, "no form that replay knows: JSON whose records have the keys hits"),
        ({"_source": {"a": 1}}, "no form that replay knows: JSON whose records have the keys a"),
        (
            {f"k{number}": 1 for number in range(14)},
            "no form that replay knows: JSON whose records have the keys k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11 and 2 more",
        ),
        (
            {"x" * 50: 1},
            f"no form that replay knows: JSON whose records have the keys {'x' * 40}…",
        ),
        ([], "this is a list without records"),
        (1, "this is JSON, but no object"),
        ({"winlog": {"event_id": 1}}, "it has no @timestamp"),
        ({"Event": {"System": {"EventID": 1}}}, "it has no System/TimeCreated"),
        (
            {"_raw": "06/17/2025 09:04:02 AM\nLogName=Security\nEventCode=4688"},
            "its _raw is the text form of a Windows event (LogName=…, EventCode=…), which replay does not read: "
            "export events of an input with renderXml=true",
        ),
        ({"_raw": "Jun 17 sshd"}, "its _raw is neither an event's XML nor JSON; it begins with 'Jun 17 sshd'"),
    ],
)
def test_what_is_no_event_is_refused_by_its_shape(record, told):
    """In the words of its keys, and never as an event whose time is ''."""
    [error] = forms.events(record)
    assert told == str(error)


CASES = tomllib.loads((REPO / "tests/vectors/log_forms.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["claim"] for case in CASES])
def test_a_record_is_its_event(case):
    """The vectors of tests/vectors/log_forms.toml."""
    [event] = forms.events(forms.parsed(case["record"].replace("\n", "")))
    assert isinstance(event, Event), event
    found = {
        name: value for name, value in event._asdict().items() if value is not None and name not in ("values", "raw")
    }
    # Every event has it, and its text is claimed below.
    values = {name: value for name, value in event.values.items() if name != "System/SystemTime"}
    assert (case["expect"], case["values"]) == (found, values)


@pytest.mark.parametrize("depth", [150, 800, 5000, 200_000])
def test_a_record_of_any_depth_is_an_event_or_a_bad_one(depth):
    """None ends the run."""
    nested = '{"a":' * depth + "1" + "}" * depth
    record = f'{{"Event": {{"System": {{"EventID": 1}}, "EventData": {nested}}}}}'
    try:
        told = [str(item) for item in forms.events(forms.parsed(record))]
    except UnreadableEventError as error:
        told = [str(error)]
    assert told[0].startswith(("it has no System/TimeCreated", "it nests deeper", "this is not JSON"))


def test_an_event_has_its_time_among_its_values():
    """As the XML of an event does, in UTC, whatever the record calls it."""
    record = {"EventID": 1, "EventTime": "2025-06-17T11:04:02.5+02:00", "Provider": "P"}
    [event] = forms.events(record)
    assert "2025-06-17T09:04:02.500000Z" == event.values["System/SystemTime"]


def test_event_data_that_is_json_inside_json(tmp_path):
    r"""It is read by the rules of the JSON around it: the first of a name counts, and \ud800 alone is U+FFFD, in names too."""
    record = {
        "TimeGenerated": "2025-06-17T08:00:00Z",
        "EventID": 1,
        "Provider": "Microsoft-Windows-Sysmon",
        "EventData": r'{"\ud800Image": "x", "Image": "a\ud800", "Image": "b", "ProcessId": 1.50}',
    }
    path = tmp_path / "log"
    path.write_text(json.dumps(record), encoding="utf-8")
    log = Loaded(path, fields=("\ufffdImage", "Image", "ProcessId"))
    assert [("x", "a\ufffd", "1.50")] == log.select("\ufffdImage", "Image", "ProcessId")
