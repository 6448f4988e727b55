"""The names of events' fields, held to public content: what a real Splunk shows of each event, and what detections ask for.

Skipped where ../shared/content is absent. By hand, `python -m tests.cim.test_public_content` prints what is missing.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import duckdb
import pytest
import yaml
from lxml import etree

from splreplay import cim, planning
from splreplay.app import App
from splreplay.cim.mapping import over
from splreplay.planning import Plan
from splreplay.run.command import Command, walk
from splreplay.spl.expression import Field
from splreplay.spl.predicate import fields_of
from splreplay.sql.values import literal
from tests.conftest import REPO

CONTENT = REPO.parent / "shared" / "content" / "security_content"
pytestmark = pytest.mark.skipif(not CONTENT.is_dir(), reason="no public content beside the checkout")

# The macros with which searches of Windows events begin, and the provider of most of their events.
MACROS = {
    "sysmon": "Microsoft-Windows-Sysmon",
    "wineventlog_security": "Microsoft-Windows-Security-Auditing",
    "wineventlog_system": "Service Control Manager",
    "wineventlog_application": None,
    "wineventlog_task_scheduler": "Microsoft-Windows-TaskScheduler",
    "powershell": "Microsoft-Windows-PowerShell",
    "applocker": "Microsoft-Windows-AppLocker",
    "ms_defender": "Microsoft-Windows-Windows Defender",
    "ntlm_audit": "Microsoft-Windows-NTLM",
    "capi2_operational": "Microsoft-Windows-CAPI2",
    "certificateservices_lifecycle": None,
    "remoteconnectionmanager": None,
    "printservice": None,
    "wmi": None,
}
# What every event has, by Splunk and as System has it, and the parts of its text.
OF_EVERY_EVENT = set(
    """_time _raw host source sourcetype index splunk_server linecount punct eventtype tag timestamp EventCode EventID Computer
    Channel EventRecordID Level Task Keywords Opcode Version UserID SystemTime ProcessID ThreadID Name Guid ActivityID Qualifiers
    EventSourceName TimeCreated System_Props_Xml EventData_Xml UserData_Xml""".split()  # noqa: SIM905
)
# Windows' own fields of the events of which the content has no example, or one that is cut off (learn.microsoft.com).
OWN = {
    4662: "AccessMask AdditionalInfo Properties",
    4663: "AccessMask ProcessId ProcessName ResourceAttributes",
    4688: "TargetUserName",
    4698: "TaskName TaskContent SubjectUserName",
    4731: "TargetUserName TargetDomainName SubjectUserName SubjectDomainName",
    4732: "TargetUserName TargetDomainName SubjectUserName MemberName",
    **dict.fromkeys(
        (4738, 4741, 4742),
        "DnsHostName LogonHours ServicePrincipalNames SidHistory UserAccountControl UserParameters",
    ),
    4887: "Disposition Subject SubjectKeyIdentifier",
    5136: "OpCorrelationID SubjectLogonId SubjectUserName DSName ObjectDN ObjectGUID ObjectClass AttributeLDAPDisplayName "
    "AttributeValue OperationType",
    5145: "AccessReason",
    7045: "ServiceName ImagePath ServiceType StartType AccountName",
    8004: "SChannelName UserName DomainName WorkstationName SChannelType",
    10: "SourceUser TargetUser",
    11: "User",
    4104: "Path ScriptBlockId",
    1121: "New_Value Old_Value Process_Name Target_Commandline Path",
    1122: "Process_Name Target_Commandline Path",
    5007: "New_Value Old_Value",
}
# Of these the values are not known.
NOT_MAPPED = {
    "sysmon_eventid_15": {"action"},
    "sysmon_eventid_3": {"dvc_ip"},
    "sysmon_eventid_7": {f"parent_process_{of}" for of in ("exec", "guid", "id", "name", "path")},
    "windows_event_log_security_1100": {"service", "service_name"},
    "windows_event_log_security_4739": {"severity"},
}
# These examples are cut off: values are shown of which they do not hold the source.
NOT_MAPPED |= {
    "windows_event_log_security_4663": {"process", "process_id", "process_name", "process_path"},
    "windows_event_log_system_7045": {"start_mode"},
}
NOT_SHOWN = {"sysmon_eventid_7": {"loaded_file", "loaded_file_path", "process_guid", "process_id"}}


@dataclasses.dataclass(frozen=True)
class Shown:
    """One event of the public specification: its kind, its own fields, and the names that a real Splunk shows of it."""

    provider: str
    event_id: int
    system: Mapping[str, Any]
    values: Mapping[str, str]
    names: frozenset[str]


def _load(path: Any) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


def shown() -> dict[str, Shown]:
    """Return the events of the specification that have an example as XML, by the stem of their file."""
    events = {}
    for path in sorted((CONTENT / "data_sources").glob("*.yml")):
        source = _load(path)
        text = re.sub(r"\sxmlns=(['\"]).*?\1", "", source.get("example_log") or "")
        root = etree.fromstring(text.encode(), etree.XMLParser(recover=True)) if text.startswith("<Event") else None
        if root is None or root.find("System/Provider") is None or re.search("admon|linux", path.stem):
            continue
        values = {data.get("Name"): data.text or "" for data in root.iter("Data") if data.get("Name")}
        user = [element for element in root.iterfind("UserData//*") if len(element) == 0 and element.text]
        values = {element.tag: element.text for element in user} | values
        for name in ("EventRecordID", "Keywords"):
            values[name] = root.findtext(f"System/{name}") or ""
        security = root.find("System/Security")
        values["UserID"] = security.get("UserID", "") if security is not None else ""
        system = {name: root.findtext(f"System/{name.capitalize()}") for name in ("computer", "channel")}
        event_id = int(root.findtext("System/EventID") or 0)
        names = frozenset(source["fields"])
        provider = root.find("System/Provider").get("Name")
        events[path.stem] = Shown(provider, event_id, {**system, "event_id": event_id}, values, names)
    return events


def made(provider: str | None, event_id: int | None) -> Mapping[str, str]:
    """Return the fields that the add-ons make of a kind of event."""
    fields = cim.event_fields("current")
    return fields.get((provider, event_id)) or fields.get((provider, None)) or fields[None, None]


def filled(event: Shown) -> set[str]:
    """Return the made fields that have a value in an event."""
    connection = duckdb.connect()
    columns = ", ".join(
        f"{literal(value) if isinstance(value, str) else value} AS {name}" for name, value in event.system.items()
    )

    def own(name: str) -> str:
        return f"CAST({literal(event.values[name]) if event.values.get(name) else 'NULL'} AS VARCHAR)"

    listed = {name: over(sql, own) for name, sql in made(event.provider, event.event_id).items()}
    [row] = connection.execute(f"SELECT {', '.join(listed.values())} FROM (SELECT {columns})").fetchall()
    return {name for name, value in zip(listed, row, strict=True) if value is not None}


EVENTS = shown() if CONTENT.is_dir() else {}


@pytest.mark.parametrize("stem", EVENTS)
def test_an_event_of_the_specification(stem: str) -> None:
    """An event has the made fields that a real Splunk shows of it, and no others."""
    event = EVENTS[stem]
    of_windows = {re.sub(r"\W", "_", name) for name in event.values} | set(OWN.get(event.event_id, "").split())
    others = re.compile(r"date_|tag|time(start|end)pos|LogFileCleared_Xml")
    named = {name for name in event.names - OF_EVERY_EVENT - of_windows if not others.match(name)}
    assert named - NOT_MAPPED.get(stem, set()) == filled(event) - of_windows - NOT_SHOWN.get(stem, set())


def searches() -> Iterator[tuple[str, Plan, dict[str, Any], str]]:
    """Yield the public searches of Windows events: name, plan, detection, and the macro with which it begins."""
    app = App(CONTENT)
    for path in sorted((CONTENT / "detections").rglob("*.yml")):
        detection = _load(path)
        search = detection["search"].strip()
        begins = re.match(r"[(\s]*`(\w+)`", search)
        if begins and begins[1] in MACROS:
            text = re.sub(r"`\w+_filter`", "search *", search)
            yield path.stem, planning.outline(app, text), detection, begins[1]


def used(command: Command) -> Iterator[str]:
    """Yield the fields that a command names as its input."""
    for place in dataclasses.fields(command):
        if place.name in ("fields", "by", "field", "input"):
            value = getattr(command, place.name)
            yield from (value,) if isinstance(value, str) else value or ()
    match type(command).__name__:
        case "Search":
            yield from fields_of(command.predicate)  # type: ignore[attr-defined]
        case "Rename":
            yield from (old for old, _ in command.pairs)  # type: ignore[attr-defined]
        case "Lookup":
            yield from (pair[1] for pair in command.matches)  # type: ignore[attr-defined]
        case "Convert":
            yield from (conversion.field for conversion in command.conversions)  # type: ignore[attr-defined]
        case "Stats" | "EventStats" | "StreamStats" | "TimeChart":
            yield from (aggregate.field or "" for aggregate in command.aggregates)  # type: ignore[attr-defined]
        case "Eval" | "Where":
            yield from _in_expression(command)


def _in_expression(node: object) -> Iterator[str]:
    if isinstance(node, Field):
        yield node.name
    elif isinstance(node, tuple):
        for part in node:
            yield from _in_expression(part)
    elif dataclasses.is_dataclass(node):
        for place in dataclasses.fields(node):
            if place.name not in ("segment", "token"):
                yield from _in_expression(getattr(node, place.name))


@cache
def by_name() -> Mapping[str, Shown]:
    """Return the events of the specification by the names that detections give them."""
    return {_load(CONTENT / "data_sources" / f"{stem}.yml")["name"]: event for stem, event in EVENTS.items()}


def missing(plan: Plan, detection: Mapping[str, Any], macro: str) -> set[str]:
    """Return the fields that a search names, and that neither its events have nor a command of it makes."""
    events = [by_name()[name] for name in detection.get("data_source", []) if name in by_name()]
    codes = set(map(int, re.findall(r'Event(?:Code|ID)\s*=\s*"?(\d+)', plan.search)))
    codes |= {
        int(code)
        for listed in re.findall(r"Event(?:Code|ID)\s+IN\s*\(([^)]*)", plan.search)
        for code in re.findall(r"\d+", listed)
    }
    have = set(OF_EVERY_EVENT)
    for kind in {(event.provider, event.event_id) for event in events} | {(MACROS[macro], code) for code in codes}:
        have |= made(*kind).keys() | set(OWN.get(kind[1], "").split())
    for event in events:
        have |= event.values.keys()
    lacking = set()
    for position in walk(plan.pipeline):
        lacking |= {
            name
            for name in used(position.command)
            # What stands in brackets is the name that an aggregate made.
            if re.fullmatch(r"[\w.]+", name) and name not in have and position.before.open
        }
        have |= position.command.behind(position.before).names
        if type(position.command).__name__ == "Rex":
            have |= set(re.findall(r"\(\?P?<(\w+)>", position.command.pattern))  # type: ignore[attr-defined]
    return lacking


def measured() -> tuple[list[str], dict[str, set[str]]]:
    """Return the searches that replay accepts, and of each what is missing."""
    lacking = {name: missing(plan, detection, macro) for name, plan, detection, macro in searches() if not plan.errors}
    return sorted(lacking), {name: names for name, names in lacking.items() if names}


def test_public_searches_have_their_fields() -> None:
    """At least 85 % of the public Windows event searches that replay accepts have every field that they name."""
    accepted, lacking = measured()
    assert len(accepted) > 150
    assert len(lacking) / len(accepted) <= 0.15, lacking


if __name__ == "__main__":
    accepted, lacking = measured()
    print(f"{len(accepted)} accepted, {len(accepted) - len(lacking)} have every field that they name")
    print(Counter(name for names in lacking.values() for name in names).most_common(40))
    for search, names in lacking.items():
        print(search, sorted(names))
