"""Sysmon's process and connection in, rows of the data models out, as each add-on profile has it."""

from __future__ import annotations

import pytest

from splreplay.cim import ADDONS, DATASETS, datasets, kind
from splreplay.errors import UnsupportedError
from splreplay.logs.facts import Facts
from splreplay.sql.values import Kind
from tests.logs.conftest import event

PROCESSES, PORTS, TRAFFIC = "Endpoint.Processes", "Endpoint.Ports", "Network_Traffic.All_Traffic"
UTIL = r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\InstallUtil.exe"
CREATED = {
    "UtcTime": "2025-06-17 08:00:00.100",
    "ProcessGuid": "{7c1e4a52-4ef2-6851-4103-000000002a00}",
    "ProcessId": "7316",
    "Image": UTIL,
    "OriginalFileName": "InstallUtil.exe",
    "CommandLine": rf"{UTIL} /U viewer.dll",
    "CurrentDirectory": "C:\\Users\\m.lopez\\",
    "User": r"CORP\m.lopez",
    "IntegrityLevel": "Medium",
    "Hashes": "MD5=0,SHA256=1",
    "ParentProcessGuid": "{7c1e4a52-4ef2-6851-3f03-000000002a00}",
    "ParentProcessId": "7288",
    "ParentImage": r"C:\Windows\System32\cmd.exe",
    "ParentCommandLine": '"cmd.exe" /c run',
}
CONNECTED = {
    "UtcTime": "2025-06-17 08:00:00.100",
    "ProcessGuid": CREATED["ProcessGuid"],
    "ProcessId": "7316",
    "Image": UTIL,
    "User": r"CORP\m.lopez",
    "Protocol": "TCP",
    "Initiated": "true",
    "SourceIp": "192.0.2.14",
    "SourceHostname": "-",
    "SourcePort": "50000",
    "DestinationIp": "203.0.113.10",
    "DestinationHostname": "-",
    "DestinationPort": "443",
}
OF_EVERY_EVENT = {
    "_time": 1750147200.1234567,
    "host": "HOST.example.com",
    "source": "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational",
    "sourcetype": "XmlWinEventLog",
    "index": "main",
    "process_guid": CREATED["ProcessGuid"],
    "process_id": "7316",
    "user": "m.lopez",
    "vendor_product": "Microsoft Sysmon",
}
PROCESS = OF_EVERY_EVENT | {
    "action": "allowed",
    "dest": "HOST.example.com",
    "original_file_name": "InstallUtil.exe",
    "os": "Microsoft Windows",
    "parent_process": '"cmd.exe" /c run',
    "parent_process_exec": "cmd.exe",
    "parent_process_guid": CREATED["ParentProcessGuid"],
    "parent_process_id": "7288",
    "parent_process_name": "cmd.exe",
    "parent_process_path": r"C:\Windows\System32\cmd.exe",
    "process": rf"{UTIL} /U viewer.dll",
    "process_current_directory": "C:\\Users\\m.lopez\\",
    "process_exec": "InstallUtil.exe",
    "process_hash": "MD5=0,SHA256=1",
    "process_integrity_level": "medium",
    "process_name": "InstallUtil.exe",
    "process_path": UTIL,
}
PROCESS_LEGACY = {field: value for field, value in PROCESS.items() if field != "os"} | {"original_file_name": "unknown"}
# Fields that came with CIM 6.
PROCESS_CURRENT = PROCESS | {"loaded_file": "unknown", "parent_user": "unknown"}
TRAFFIC_CURRENT = OF_EVERY_EVENT | {
    "action": "allowed",
    "app": UTIL,
    "dest": "unknown",
    "dest_ip": "203.0.113.10",
    "dest_port": "443",
    "direction": "outbound",
    "dvc": "HOST.example.com",
    "protocol": "ip",
    "rule": "unknown",
    "src": "unknown",
    "src_ip": "192.0.2.14",
    "src_port": "50000",
    "transport": "tcp",
}
TRAFFIC_CIM5 = {field: value for field, value in TRAFFIC_CURRENT.items() if field != "process_guid"}
TRAFFIC_LEGACY = {field: value for field, value in TRAFFIC_CIM5.items() if field != "protocol"} | {
    "action": "unknown",
    "dest": "203.0.113.10",
    "src": "192.0.2.14",
}
PORT = OF_EVERY_EVENT | {
    "creation_time": "2025-06-17 08:00:00.100",
    "dest": "203.0.113.10",
    "dest_port": "443",
    "src": "192.0.2.14",
    "src_port": "50000",
    "state": "listening",
    "transport": "TCP",
    "transport_dest_port": "TCP/443",
}


@pytest.mark.parametrize(
    "dataset, addon, rows",
    [
        (PROCESSES, "current", [PROCESS_CURRENT]),
        (PROCESSES, "cim5", [PROCESS]),
        (PROCESSES, "legacy", [PROCESS_LEGACY]),
        (TRAFFIC, "current", [TRAFFIC_CURRENT]),
        (TRAFFIC, "cim5", [TRAFFIC_CIM5]),
        (TRAFFIC, "legacy", [TRAFFIC_LEGACY]),
        (PORTS, "current", []),
        (PORTS, "cim5", []),
        (PORTS, "legacy", [PORT]),
    ],
)
def test_a_process_and_its_connection(loaded, dataset, addon, rows):
    """EID 1 is a process; EID 3 is traffic, and a port on the legacy add-on alone."""
    assert rows == loaded(event(CREATED) + event(CONNECTED, event_id="3")).rows(dataset, addon)


@pytest.mark.parametrize("addon", ADDONS)
def test_every_field_but_the_time_is_text(loaded, addon):
    """Splunk has no types; one column of another kind would compare differently. Two fields have several values."""
    log = loaded(event())
    several = {"_time": Kind.NUMBER, "answer": Kind.MULTIVALUE, "record_type": Kind.MULTIVALUE}
    types = {Kind.NUMBER: "DOUBLE", Kind.TEXT: "VARCHAR", Kind.MULTIVALUE: "VARCHAR[]"}
    for dataset in datasets(Facts(log.connection).kinds, addon).values():
        described = [row[:2] for row in log.connection.sql(f"DESCRIBE {dataset.query(dataset.columns)}").fetchall()]
        kinds = {field: several.get(field, Kind.TEXT) for field in dataset.columns}
        assert kinds == {field: kind(field) for field in dataset.columns}
        assert [(field, types[one]) for field, one in kinds.items()] == described


@pytest.mark.parametrize("addon", ADDONS)
def test_a_field_alone_is_what_it_is_among_all(loaded, addon):
    """A search that reads one field reads what one that reads all of them does."""
    log = loaded(event(CREATED) + event(CONNECTED, event_id="3"))
    for dataset in datasets(Facts(log.connection).kinds, addon).values():
        rows = log.connection.sql(dataset.query(dataset.columns)).fetchall()
        for place, field in enumerate(dataset.columns):
            assert [(row[place],) for row in rows] == log.connection.sql(dataset.query([field])).fetchall()


def test_an_unknown_addon_is_refused(loaded):
    """The error names those that there are."""
    with pytest.raises(UnsupportedError, match="unknown add-on 'newest': replay knows current, cim5, legacy"):
        loaded(event()).rows("Endpoint.Ports", "newest")


@pytest.mark.parametrize("addon", ADDONS)
def test_no_other_event_is_mapped(loaded, addon):
    """The same ids and fields from another provider, and other ids of a provider, are in no dataset."""
    log = loaded(
        event(CREATED, provider="Example-Agent")
        + event(CONNECTED, event_id="3", provider="Example-Agent")
        + event(CREATED, event_id="16")
        + event(CREATED, event_id="4688")
    )
    assert {} == {dataset: rows for dataset in DATASETS if (rows := log.rows(dataset, addon))}


@pytest.mark.parametrize(
    "changed, fields",
    [
        ({"OriginalFileName": "-"}, {"original_file_name": "unknown"}),
        ({"OriginalFileName": ""}, {"original_file_name": "unknown"}),
        ({"OriginalFileName": "?"}, {"original_file_name": "?"}),
        ({"User": r"NT AUTHORITY\SYSTEM"}, {"user": "SYSTEM"}),
        ({"User": "m.lopez"}, {"user": "m.lopez"}),
        ({"User": "-"}, {"user": "-"}),
        ({"User": ""}, {"user": "unknown"}),
        ({"ProcessGuid": ""}, {"process_guid": None}),
        ({"CommandLine": ""}, {"process": "unknown"}),
        ({"ParentCommandLine": ""}, {"parent_process": "unknown"}),
        ({"Image": "System"}, {"process_name": "System", "process_exec": "System"}),
        ({"Image": r"C:\a b\INSTALLUTIL.exe"}, {"process_name": "INSTALLUTIL.exe"}),
        ({"Image": "C:\\a\\"}, {"process_name": "InstallUtil.exe", "process_exec": None}),
        ({"Image": r"C:\a/b:c"}, {"process_name": "a/b:c"}),
        ({"Image": ""}, {"process_name": "InstallUtil.exe", "process_exec": None, "process_path": None}),
        ({"Image": "", "CommandLine": r'"C:\a b\c d.exe" /x \y'}, {"process_name": "c d.exe"}),
        ({"Image": "", "CommandLine": "run.exe /x"}, {"process_name": "run.exe"}),
        ({"Image": "", "CommandLine": ""}, {"process_name": "unknown"}),
        ({"ParentImage": ""}, {"parent_process_name": "unknown", "parent_process_exec": None}),
        ({"ParentImage": "", "ParentCommandLine": r"C:\b\cmd.exe"}, {"parent_process_name": "cmd.exe"}),
        ({"ParentImage": "-"}, {"parent_process_name": "-"}),
    ],
)
def test_a_process_with_other_values(loaded, changed, fields):
    """Empty is missing; names fall back to the command line, then to `unknown`; a GUID is never filled in."""
    [row] = loaded(event(CREATED | changed)).rows(PROCESSES)
    assert fields == {field: row.get(field) for field in fields}


@pytest.mark.parametrize(
    "addon, changed, fields",
    [
        ("current", {"DestinationHostname": "c2.example.net"}, {"dest": "c2.example.net"}),
        ("legacy", {"DestinationHostname": "c2.example.net"}, {"dest": "c2.example.net"}),
        ("current", {"DestinationHostname": ""}, {"dest": "unknown"}),
        ("legacy", {"DestinationHostname": ""}, {"dest": "203.0.113.10"}),
        ("legacy", {"DestinationIp": ""}, {"dest": "unknown", "dest_ip": None}),
        ("current", {"SourceHostname": "pc.example.com"}, {"src": "pc.example.com"}),
        ("current", {"Initiated": "false"}, {"direction": "inbound"}),
        ("current", {"DestinationPort": ""}, {"dest_port": "0"}),
        ("current", {"DestinationPort": "https"}, {"dest_port": "0"}),
        ("current", {"SourcePort": ""}, {"src_port": "0"}),
        ("current", {"Protocol": ""}, {"transport": "unknown"}),
        ("current", {"User": ""}, {"user": "unknown"}),
        ("current", {"ProcessGuid": ""}, {"process_guid": None}),
        ("current", {"ProcessId": ""}, {"process_id": None}),
        ("current", {"Image": "<unknown process>"}, {"app": "<unknown process>"}),
    ],
)
def test_a_connection_with_other_values(loaded, addon, changed, fields):
    """`dest` is the host name; without one it is the address (legacy) or `unknown` (current)."""
    [row] = loaded(event(CONNECTED | changed, event_id="3")).rows(TRAFFIC, addon)
    assert fields == {field: row.get(field) for field in fields}


@pytest.mark.parametrize(
    "changed, fields",
    [
        ({"DestinationPort": ""}, {"dest_port": "0", "transport_dest_port": "TCP/0"}),
        ({"Protocol": ""}, {"transport": "unknown", "transport_dest_port": "unknown/443"}),
        ({"DestinationIp": ""}, {"dest": "unknown"}),
        ({"Initiated": "false"}, {"state": "listening"}),
    ],
)
def test_a_port_with_other_values(loaded, changed, fields):
    """What is missing is filled; a port does not tell who opened the connection."""
    [row] = loaded(event(CONNECTED | changed, event_id="3")).rows(PORTS, "legacy")
    assert fields == {field: row.get(field) for field in fields}
