"""Winlogbeat 7 and 8, and Elastic Agent: `winlog` holds the event; `@timestamp` is its time.

The modules of Winlogbeat (sysmon, security, powershell) move values from winlog.event_data to names of the Elastic Common Schema, and drop
those that are empty; they are moved back. What a module only copies is still in event_data, which comes first.

Source: the winlog.* fields of the Winlogbeat reference; OTRF/Security-Datasets@dc8a4544, datasets/atomic/windows; what moves:
elastic/beats@00bd2bd x-pack/winlogbeat/module/sysmon/ingest/sysmon.yml, @9415bfe module/security/config/winlogbeat-security.js,
@100c395 module/powershell/ingest/powershell_operational.yml.
"""

from __future__ import annotations

from collections.abc import Mapping

from splreplay.logs.events import SYSMON, Event, epoch, event_id
from splreplay.logs.formats.json.forms.text import (
    Record,
    at,
    first,
    implied_provider,
    needed,
    renamed,
    system_values,
    text,
    texts,
)

# The names of the event log, and where Winlogbeat has them.
SYSTEM_KEYS = {
    "Guid": "provider_guid",
    "Version": "version",
    "EventRecordID": "record_id",
    "ActivityID": "activity_id",
    "RelatedActivityID": "related_activity_id",
}
SYSTEM_INSIDE = {
    "ProcessID": ("process", "pid"),
    "ThreadID": ("process", "thread", "id"),
    "UserID": ("user", "identifier"),
}
# These are what Windows renders of the event, in words.
RENDERED_KEYS = {"Level": "level", "Task": "task", "Opcode": "opcode", "Keywords": "keywords"}
# Of what a module moved, one of these objects holds something.
MOVED_INTO = ("process", "source", "file", "powershell")

# For each provider: the values that its module moves in every event, and then those of some events. Where an event of Sysmon
# has two processes, the first has another name.
_SYSMON = {
    "ProcessGuid": "process.entity_id",
    "ProcessId": "process.pid",
    "Image": "process.executable",
    "RuleName": "rule.name",
    "TargetFilename": "file.path",
}
_TWO_PROCESSES = {
    "SourceProcessGuid": "process.entity_id",
    "SourceProcessGUID": "process.entity_id",
    "SourceProcessId": "process.pid",
    "SourceThreadId": "process.thread.id",
    "SourceImage": "process.executable",
    "RuleName": "rule.name",
}
_LOADED = {**_SYSMON, "ImageLoaded": "file.path", "OriginalFileName": "file.pe.original_file_name"}
_SECURITY = {
    "ProcessName": "process.executable",
    "ProcessId": "process.pid",
    "IpAddress": "source.ip",
    "IpPort": "source.port",
    "WorkstationName": "source.domain",
}
_POWERSHELL = {
    "ScriptBlockText": "powershell.file.script_block_text",
    "ScriptBlockId": "powershell.file.script_block_id",
    "MessageNumber": "powershell.sequence",
    "MessageTotal": "powershell.total",
    "Path": "file.path",
}
MOVED: Mapping[str, tuple[Mapping[str, str], Mapping[str, Mapping[str, str]]]] = {
    SYSMON: (
        _SYSMON,
        {
            "1": {
                **_SYSMON,
                "CommandLine": "process.command_line",
                "CurrentDirectory": "process.working_directory",
                "OriginalFileName": "process.pe.original_file_name",
                "ParentProcessGuid": "process.parent.entity_id",
                "ParentProcessId": "process.parent.pid",
                "ParentImage": "process.parent.executable",
                "ParentCommandLine": "process.parent.command_line",
            },
            "3": {
                **_SYSMON,
                "Protocol": "network.transport",
                "SourceIp": "source.ip",
                "SourceHostname": "source.domain",
                "SourcePort": "source.port",
                "DestinationIp": "destination.ip",
                "DestinationHostname": "destination.domain",
                "DestinationPort": "destination.port",
                "DestinationPortName": "network.protocol",
            },
            "6": {"ImageLoaded": "file.path", "RuleName": "rule.name"},
            "7": {name: path for name, path in _LOADED.items() if name != "TargetFilename"},
            "8": _TWO_PROCESSES,
            "9": {**_SYSMON, "Device": "file.path"},
            "10": _TWO_PROCESSES,
            "17": {**_SYSMON, "PipeName": "file.name"},
            "18": {**_SYSMON, "PipeName": "file.name"},
            "22": {**_SYSMON, "QueryName": "dns.question.name", "QueryStatus": "sysmon.dns.status"},
        },
    ),
    "Microsoft-Windows-Security-Auditing": (
        _SECURITY,
        {
            "4688": {
                "NewProcessName": "process.executable",
                "NewProcessId": "process.pid",
                "CommandLine": "process.command_line",
                "ParentProcessName": "process.parent.executable",
                "ProcessId": "process.parent.pid",
            }
        },
    ),
    "Microsoft-Windows-PowerShell": (_POWERSHELL, {}),
}
INITIATED = {"egress": "true", "outbound": "true", "ingress": "false", "inbound": "false"}


def recognises(record: Record) -> bool:
    """Return whether a record has `winlog`."""
    return isinstance(record.get("winlog"), dict)


def event(record: Record) -> Event:
    """Return the event."""
    winlog = record["winlog"]
    data = texts(winlog.get("event_data"))
    channel = first(winlog, "channel")
    identifier = event_id(needed(first(winlog, "event_id") or text(at(record, "event", "code")), "winlog.event_id"))
    provider = first(winlog, "provider_name") or implied_provider(channel, data, identifier)
    provider = provider or text(at(record, "event", "provider")) or ""
    return Event(
        provider,
        identifier,
        epoch(needed(text(record.get("@timestamp")), "@timestamp")),
        first(winlog, "computer_name"),
        channel,
        _moved(record, provider, str(identifier)) | texts(winlog.get("user_data")) | data | _system(record, winlog),
        None,
    )


def _system(record: Record, winlog: Record) -> dict[str, str]:
    inner = {name: at(winlog, *keys) for name, keys in SYSTEM_INSIDE.items()}
    return system_values(
        renamed(winlog, SYSTEM_KEYS) | texts(inner),
        renamed(winlog, RENDERED_KEYS) | renamed(record, {"Message": "message"}),
    )


def _moved(record: Record, provider: str, identifier: str) -> dict[str, str]:
    """Return the values that a module moved out of event_data, under their names there."""
    if provider not in MOVED or all(record.get(key) is None for key in MOVED_INTO):
        return {}
    common, of_event = MOVED[provider]
    places = of_event.get(identifier, common)
    values = texts({name: at(record, *place.split(".")) for name, place in places.items()})
    if provider != SYSMON:
        # Windows writes these numbers in base 16, and the module in base 10.
        return {
            name: hex(int(value)) if name.endswith("Id") and value.isdecimal() else value
            for name, value in values.items()
        }
    user, domain = text(at(record, "user", "name")), text(at(record, "user", "domain"))
    hashes = {**texts(at(record, "process", "hash")), **texts(at(record, "file", "hash"))}
    more = {
        "UtcTime": (text(record.get("@timestamp")) or "").replace("T", " ").rstrip("Z"),  # of which the module makes it
        "User": "\\".join(filter(None, (domain, user))) if user else None,
        "Initiated": INITIATED.get(text(at(record, "network", "direction")) or ""),
        "Hashes": ",".join(f"{name.upper()}={value.upper()}" for name, value in hashes.items()) or None,
    }
    return values | texts(more)
