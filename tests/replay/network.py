"""Networks that are made, not recorded: events written into the table that the data models read, Sysmon's or of Security."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from splreplay import cim, logs
from splreplay.logs.names import column
from splreplay.recording import Recording, connect

NOON = 1_750_000_000.0
INSTALLUTIL = r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\InstallUtil.exe"
SYSMON, SECURITY = "Microsoft-Windows-Sysmon", "Microsoft-Windows-Security-Auditing"
Event = Mapping[str, str | int | float | None]


def guid(number: int) -> str:
    """Return a process GUID; numbers sort as their GUIDs do."""
    return f"{{7c1e4a52-0000-0000-0000-{number:012x}}}"


def process(host: str, pid: int, time: float, process_guid: str | None, **fields: str | int) -> Event:
    """Return event 1: InstallUtil started by cmd.exe, unless *fields* say otherwise."""
    event = {
        "event_id": 1,
        "time": time,
        "computer": host,
        "ProcessGuid": process_guid,
        "ProcessId": str(pid),
        "Image": INSTALLUTIL,
        "OriginalFileName": "InstallUtil.exe",
        "CommandLine": "InstallUtil.exe /U payload.dll",
        "ParentImage": r"C:\Windows\System32\cmd.exe",
        "User": r"CORP\user",
    }
    return event | fields


def connection(host: str, pid: int, time: float, process_guid: str | None, **fields: str) -> Event:
    """Return event 3: InstallUtil connects to 203.0.113.10:443, unless *fields* say otherwise."""
    event = {
        "event_id": 3,
        "time": time,
        "computer": host,
        "ProcessGuid": process_guid,
        "ProcessId": str(pid),
        "Image": INSTALLUTIL,
        "Initiated": "true",
        "DestinationIp": "203.0.113.10",
        "DestinationHostname": "-",
        "DestinationPort": "443",
        "Protocol": "tcp",
        "User": r"CORP\user",
    }
    return event | fields


def ended(host: str, pid: int, time: float, process_guid: str | None, **fields: str) -> Event:
    """Return event 5: InstallUtil ended."""
    event = {
        "event_id": 5,
        "time": time,
        "computer": host,
        "ProcessGuid": process_guid,
        "ProcessId": str(pid),
        "Image": INSTALLUTIL,
        "User": r"CORP\user",
    }
    return event | fields


def audited_process(host: str, pid: int, time: float, **fields: str) -> Event:
    """Return event 4688: InstallUtil started by cmd.exe, as the Security channel has it."""
    event = {
        "provider": SECURITY,
        "event_id": 4688,
        "time": time,
        "computer": host,
        "NewProcessId": hex(pid),
        "NewProcessName": INSTALLUTIL,
        "CommandLine": "InstallUtil.exe /U payload.dll",
        "ParentProcessName": r"C:\Windows\System32\cmd.exe",
        "SubjectUserName": "user",
        "TargetUserName": "-",
    }
    return event | fields


def audited_connection(host: str, pid: int, time: float, **fields: str) -> Event:
    """Return event 5156: InstallUtil connects to 203.0.113.10:443, as the Security channel has it."""
    event = {
        "provider": SECURITY,
        "event_id": 5156,
        "time": time,
        "computer": host,
        "ProcessId": str(pid),
        "Application": INSTALLUTIL.lower().replace("c:", r"\device\harddiskvolume2"),
        "Direction": "%%14593",
        "DestAddress": "203.0.113.10",
        "DestPort": "443",
        "Protocol": "6",
    }
    return event | fields


def recording(events: Sequence[Event]) -> Recording:
    """Return *events* as a recording that searches can be run over."""
    database = connect()
    logs.create_table(database, cim.FIELDS)
    log = Recording(database, logs.LoadReport(()))
    add(log, events)
    return log


def add(log: Recording, events: Sequence[Event]) -> None:
    """Put *events* into a recording, behind those that it has."""
    names = ["provider", "event_id", "time", "computer", *cim.FIELDS]
    made = [{"provider": SYSMON} | event for event in events]
    columns = [column(name) if name in cim.FIELDS else name for name in names]
    cells = [[event.get(name) for event in made] for name in names]
    table = pa.table(dict(zip(columns, cells, strict=True)))
    listed = ", ".join(f'"{name}"' for name in columns)
    log.connection.register("made", table)
    log.connection.execute(f"INSERT INTO event ({listed}) SELECT {listed} FROM made")
    log.connection.unregister("made")
