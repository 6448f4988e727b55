r"""What Splunk_TA_windows makes of the Security channel's events about processes and connections.

Sources:
    8.4.0: JohnnyMirza/confluent_splunk_demo@d3a9bc0d Splunk_TA_windows/default/, the newest version that is public.
    10.0.1: splunk/security_content@063a6fc3 data_sources/windows_event_log_security_4688.yml, the fields that a Splunk
        with it shows of event 4688.
    Windows: learn.microsoft.com, the reference of each event (event-4688 and so on).
8.4.0 tags no event 5156. That a later version tags it `network communicate`, and all of its mapping, is inferred.
Events 4673, 4674 and 4696, which are also tagged as processes, are not mapped.
"""

from __future__ import annotations

from splreplay.cim.mapping import EventMapping, Source, last, of_every_event, program

SECURITY = Source(
    "Microsoft-Windows-Security-Auditing",
    "Security",
    "Security",
    (
        *(
            "NewProcessId",
            "NewProcessName",
            "CommandLine",
            "ProcessId",
            "ProcessID",
            "ProcessName",
            "ParentProcessName",
        ),
        *("SubjectUserName", "TargetUserName"),
        *("Application", "Direction", "SourceAddress", "SourcePort", "DestAddress", "DestPort", "Protocol"),
        "RemoteMachineID",
    ),
)

EVENT = of_every_event("Microsoft Windows") | {"dest": "computer"}

_PROGRAM_AND_ARGUMENTS = r"'(^\"[^\"]+\"|\S+)\s*(.*)'"
_PROGRAM = f"regexp_extract(CommandLine, {_PROGRAM_AND_ARGUMENTS}, 1)"
_ARGUMENTS = f"nullif(regexp_extract(CommandLine, {_PROGRAM_AND_ARGUMENTS}, 2), '')"
_QUOTED_PATH = (
    r"""CASE WHEN regexp_matches(NewProcessName, '\s') THEN '"' || NewProcessName || '"' ELSE NewProcessName END"""
)

PROCESS_CREATED = EVENT | {
    # 8.4.0: where the audit is a success, which it always is.
    "action": "'allowed'",
    "parent_process": "ParentProcessName",
    "parent_process_id": "ProcessId",
    "parent_process_name": last("ParentProcessName"),
    "parent_process_path": "ParentProcessName",
    # 8.4.0: the command line, its program with its path.
    "process": rf"""coalesce(
        CASE WHEN contains({_PROGRAM}, '\') THEN CommandLine ELSE ({_QUOTED_PATH}) || ' ' || {_ARGUMENTS} END,
        NewProcessName)""",
    # As Windows writes it: hexadecimal.
    "process_id": "NewProcessId",
    **program("NewProcessName"),
    "user": "coalesce(nullif(TargetUserName, '-'), nullif(SubjectUserName, '-'))",
}
PROCESS_ENDED = EVENT | {
    "process": "ProcessName",
    "process_id": "ProcessId",
    **program("ProcessName"),
    "user": "nullif(SubjectUserName, '-')",
}

# 8.4.0 looks it up by number; what the lookup holds is inferred, from IANA's list.
_TRANSPORT = "CASE Protocol WHEN '1' THEN 'icmp' WHEN '6' THEN 'tcp' WHEN '17' THEN 'udp' END"
CONNECTION = EVENT | {
    "action": "'allowed'",
    # A path from the device on, in lower case: \device\harddiskvolume2\windows\….
    "app": "Application",
    "dest": "DestAddress",
    "dest_ip": "DestAddress",
    "dest_port": "DestPort",
    "direction": "CASE Direction WHEN '%%14592' THEN 'inbound' WHEN '%%14593' THEN 'outbound' END",
    "dvc": "computer",
    # Windows spells it as no other event does; shippers that ignore case make it ProcessId.
    "process_id": "coalesce(ProcessId, ProcessID)",
    "src": "SourceAddress",
    "src_ip": "SourceAddress",
    "src_port": "SourcePort",
    "transport": _TRANSPORT,
    "user": "RemoteMachineID",
}
# A program may listen on a port, which is the event's source port; the CIM's dest_port stays empty.
PORT_BOUND = EVENT | {"process_id": "ProcessId", "src_port": "SourcePort", "transport": _TRANSPORT}

MAPPINGS = (
    EventMapping(SECURITY, 4688, ("Endpoint.Processes",), PROCESS_CREATED),
    EventMapping(SECURITY, 4689, ("Endpoint.Processes",), PROCESS_ENDED),
    EventMapping(SECURITY, 5156, ("Network_Traffic.All_Traffic",), CONNECTION),
    EventMapping(SECURITY, 5158, ("Endpoint.Ports",), PORT_BOUND),
)
