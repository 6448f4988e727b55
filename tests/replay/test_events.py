"""A search of events: which fields they have, and what it says where it can find nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from splreplay import engine
from splreplay.app import App
from splreplay.output import Results
from splreplay.planning import plan
from splreplay.recording import record
from tests.conftest import REPO
from tests.logs.conftest import event

APP = App(REPO)
SECURITY = "Microsoft-Windows-Security-Auditing"
SYSTEM = (
    "<Provider Name='P' Guid='{g}'/><EventID Qualifiers='7'>4624</EventID><Version>2</Version><Level>4</Level><Task>5</Task>"
    "<Opcode>6</Opcode><Keywords>0x80</Keywords><TimeCreated SystemTime='2025-06-17T08:00:00.5Z'/>"
    "<EventRecordID>9</EventRecordID><Correlation ActivityID='{a}' RelatedActivityID='{r}'/>"
    "<Execution ProcessID='10' ThreadID='11'/><Channel>Security</Channel><Computer>h</Computer><Security UserID='S-1-5'/>"
)
FULL = f"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>{SYSTEM}</System>%s</Event>"
LOGON = event(
    {"LogonType": "3", "IpAddress": "203.0.113.7", "Empty": ""}, provider=SECURITY, event_id="4624", channel="Security"
)
Search = Callable[..., Results]


@pytest.fixture
def search(tmp_path: Path) -> Search:
    """Return what a search finds over a log of some events."""

    def run(
        spl: str, *events: str, logs: Sequence[Path] = (), addon: str = "current", cache: Path | None = None
    ) -> Results:
        log = tmp_path / "log.xml"
        log.write_text("\n".join(events), encoding="utf-8")
        planned = plan(APP, spl, addon)
        paths = [str(path) for path in logs or [log]]
        return engine.replay(planned, record(paths, planned.fields, cache=cache)).results

    return run


def blind(results: Results) -> list[str]:
    """Return what the log cannot show."""
    return list(results.of_kind("blind"))


def test_the_fields_of_system(search: Search) -> None:
    """By the names that Splunk gives them; host, source, sourcetype and index are those of an XmlWinEventLog input."""
    names = (
        "host source sourcetype index EventCode EventID Computer Channel Name Guid Qualifiers Version Level Task Opcode Keywords "
        "SystemTime EventRecordID RecordNumber ActivityID RelatedActivityID ProcessID ThreadID UserID eventtype"
    )
    [row] = search(f"search * | table {names}", FULL % "").rows
    values = (
        "h XmlWinEventLog:Security XmlWinEventLog main 4624 4624 h Security P {g} 7 2 4 5 6 0x80 2025-06-17T08:00:00.5Z 9 9 {a} {r} "
        "10 11 S-1-5 wineventlog_security"
    )
    assert dict(zip(names.split(), values.split(), strict=True)) == row


def test_a_value_of_system_goes_before_one_of_its_name(search: Search) -> None:
    """As its extraction does; of RenderingInfo there is what System lacks."""
    sections = (
        "<EventData><Data Name='ProcessID'>7316</Data><Data Name='ProcessId'>1</Data></EventData>"
        "<RenderingInfo Culture='en-US'><Message>An account</Message><Level>Information</Level></RenderingInfo>"
    )
    [row] = search("search * | table ProcessID ProcessId Level Message", FULL % sections).rows
    assert {"ProcessID": "10", "ProcessId": "1", "Level": "4", "Message": "An account"} == row


def test_the_fields_of_user_data(search: Search) -> None:
    """The elements that hold no other, whatever is around them."""
    sections = "<UserData><Cleared xmlns='a'><SubjectUserName>u</SubjectUserName><B><C>d</C></B></Cleared></UserData>"
    [row] = search("search SubjectUserName=u | table SubjectUserName C B", FULL % sections).rows
    assert {"SubjectUserName": "u", "C": "d"} == row


def test_an_empty_value_is_no_field(search: Search) -> None:
    """As Splunk extracts none from it; a field that no result has is none of the results'."""
    results = search("search EventCode=4624", LOGON, event({"Image": "a"}))
    assert ("3", False, False) == (
        results.rows[0]["LogonType"],
        "Empty" in results.fields,
        "Image" in results.fields,
    )


def test_names_that_differ_in_case_are_two(search: Search) -> None:
    """Windows has ProcessID and ProcessId, and a field's name is compared with its case."""
    log = event({"logontype": "2", "LogonType": "3"})
    assert [{"LogonType": "3", "logontype": "2"}] == search(
        "search logontype=2 LogonType=3 | table LogonType logontype", log
    ).rows


def test_a_name_with_blanks_has_low_lines(search: Search) -> None:
    """Splunk cleans the names of fields; the text keeps the name as it is. Digits and low lines at the start go."""
    log = event({"New Value": "0x1", "2. Old-Value": "0x0", "3": "x"})
    spl = 'search New_Value=0x1 | rex "Name=\'(?<name>New.Value)" | table New_Value Old_Value 3 name'
    assert [{"New_Value": "0x1", "Old_Value": "0x0", "3": "x", "name": "New Value"}] == search(spl, log).rows


def test_values_without_names_are_in_the_text(search: Search) -> None:
    """Whatever the record is; they are no fields."""
    times = {"SystemTime": "2025-06-17T09:04:02Z"}
    system = {"Provider_attributes": {"Name": "PowerShell"}, "EventID": 400, "TimeCreated_attributes": times}
    log = json.dumps({"Event": {"System": system, "EventData": {"Data": {"#text": ["None", "HostApplication=a.exe"]}}}})
    results = search("search HostApplication", log)
    assert ("<Data>None</Data><Data>HostApplication=a.exe</Data>", []) == (
        results.rows[0]["EventData_Xml"],
        [name for name in results.fields if name.startswith("Data")],
    )


def test_the_names_that_add_ons_make(search: Search) -> None:
    """From the mapping that fills the data models; an event's own field of that name goes before."""
    started = {"Image": r"C:\a\b.exe", "User": r"D\u", "ParentImage": r"C:\p.exe"}
    fields = "dest user process_name parent_process_name"
    expected = {"dest": "HOST.example.com", "user": "u", "process_name": "b.exe", "parent_process_name": "p.exe"}
    own = search(f"search EventCode=1 | table {fields}", event(started | {"user": "own"})).rows
    assert [[expected], [expected | {"user": "own"}]] == [
        search(f"search user=u | table {fields}", event(started)).rows,
        own,
    ]


def test_the_log_in_which_an_event_lies(search: Search, tmp_path: Path) -> None:
    """Of several logs."""
    for name in "ab":
        (tmp_path / name).write_text(event({"Image": name}), encoding="utf-8")
    rows = search("search Image=b | table replay_log", logs=[tmp_path / "a", tmp_path / "b"]).rows
    assert [{"replay_log": str(tmp_path / "b")}] == rows


def test_the_text_of_an_event(search: Search) -> None:
    """As it stands in the log, for the commands that look into it, and its parts by the names of the add-on's extractions."""
    spl = 'search TERM(203.0.113.7) | rex "Type\'>(?<type>.)" | eval same=len(_raw) | table type same EventData_Xml'
    data = LOGON.partition("<EventData>")[2].partition("</EventData>")[0]
    assert [{"type": "3", "same": str(len(LOGON)), "EventData_Xml": data}] == search(spl, LOGON, event({})).rows


@pytest.mark.parametrize(
    ("spl", "events", "expected"),
    [
        ("index=windows LogonType=3", [LOGON], ["index=windows: in this log index is main"]),
        (
            "source=WinEventLog:Security",
            [LOGON],
            ["source=WinEventLog:Security: in this log source is XmlWinEventLog:Security"],
        ),
        ("sourcetype=wineventlog", [LOGON], ["sourcetype=wineventlog: in this log sourcetype is XmlWinEventLog"]),
        ("EventCode IN (1, 3)", [LOGON], ["EventCode IN (1, 3): in this log EventCode is 4624"]),
        ("host=h*", [event(computer=name) for name in "abcdefg"], ["host=h*: in this log host is a, b, c, d, e and 2 more"]),
        ("EventCode=4624 Image=*", [LOGON], ["Image: no event of this log has such a field"]),
        ("(a=1 OR b=2) LogonType=3", [LOGON], ["a, b: no event of this log has such a field"]),
        ("EventCode=4624 LogonType=2", [LOGON], []),
        ("EventCode=4624 NOT LogonType=3", [LOGON], []),
        ("(index=windows OR LogonType=2) EventCode=4624", [LOGON], []),
        ("EventCode=4624 nowhere", [LOGON], []),
    ],
)  # fmt: skip
def test_a_search_that_can_find_nothing_says_why(
    search: Search, spl: str, events: list[str], expected: list[str]
) -> None:
    """It names what no event of the log is or has; not where one is, with another value or another word."""
    results = search(f"search {spl}", *events)
    assert ([], [f"this search is blind in {reason}" for reason in expected]) == (list(results.rows), blind(results))


def test_what_no_event_has_together(search: Search) -> None:
    """Each part is in the log, and no event has them all."""
    results = search("search EventCode=4624 Image=a", LOGON, event({"Image": "a"}))
    expected = "no event of this log has, with any value, all that it asks for (EventCode=4624 Image=a)"
    assert [f"this search is blind: {expected}"] == blind(results)


def test_a_field_that_no_event_has_beside_others(search: Search) -> None:
    """A search that finds something is not blind, but says of a field that there is none."""
    results = search("search LogonType=3 OR NoSuch=1", LOGON)
    expected = ["no event of this log has the field NoSuch, which the search tests"]
    assert (1, expected) == (len(results.rows), list(results.warnings))


def test_a_cache_has_every_field(search: Search, tmp_path: Path) -> None:
    """And the text of the events, which a search that does not ask for it does not get."""
    first = search("search LogonType=3", LOGON, cache=tmp_path / "cache")
    second = search("search 203.0.113.7 | table IpAddress", LOGON, cache=tmp_path / "cache")
    assert (1, False, [{"IpAddress": "203.0.113.7"}]) == (
        len(list(tmp_path.glob("cache/*.json"))),
        "_raw" in first.fields,
        list(second.rows),
    )
