"""Networks that are made, not recorded: Sysmon events written into the table that the data models read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from replay import cim, engine, logs

NOON = 1_750_000_000.0
INSTALLUTIL = r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\InstallUtil.exe"
Event = Mapping[str, str | int | float | None]


def guid(number: int) -> str:
    """Return a process GUID; numbers sort as their GUIDs do."""
    return f"{{7c1e4a52-0000-0000-0000-{number:012x}}}"


def process(host: str, pid: int, time: float, process_guid: str | None, **fields: str) -> Event:
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


def recording(events: Sequence[Event]) -> engine.Recording:
    """Return *events* as a recording that searches can be run over."""
    database = engine.connect()
    logs.create_table(database, cim.FIELDS)
    names = ["event_id", "time", "computer", *cim.FIELDS]
    table = pa.table({name: [event.get(name) for event in events] for name in names})
    listed = ", ".join(f'"{name}"' for name in names)
    database.register("made", table)
    database.execute(f"INSERT INTO event (provider, {listed}) SELECT 'Microsoft-Windows-Sysmon', {listed} FROM made")
    database.unregister("made")
    return engine.Recording(database, logs.LoadReport(()))
