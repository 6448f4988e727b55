r"""What Splunk_TA_windows makes of the events of Windows; `security_events.csv` holds what it looks up by number.

Sources:
    8.4.0: JohnnyMirza/confluent_splunk_demo@d3a9bc0d Splunk_TA_windows/default/, the newest version that is public, with its
        lookups windows_audit_changes.csv and xmlsecurity_change_audit_and_account_management.csv; windows_apps.csv:
        cssxn/splunk_app_sec_orchestration@02d96a53; the names of services: PMJeffery/splunk4windows@f64aacd1.
    8.9.0: splunk/security_content@b13b314a data_sources/windows_event_log_*.yml, the fields that a Splunk with it shows of
        each event.
    10.0.1: the same @063a6fc3, windows_event_log_security_4688.yml.
    Windows: learn.microsoft.com, the reference of each event (event-4688 and so on).
8.4.0 tags no event 5156. That a later version tags it `network communicate`, and all of its mapping, is inferred. So are what
these lookups hold, as they are not public: `signature`, which is the event's title as Windows has it; whether a Security
event is a success or a failure, which is what its status code says, and its keywords; the names of start modes.
Events 4673, 4674 and 4696, which are also tagged as processes, are not mapped, nor are a 4625 as a change, and what the tags
`endpoint filesystem` of every Windows event would put into Endpoint.Filesystem.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from importlib.resources import files

from splreplay.cim.mapping import EventMapping, Source, last, no_dash, of_every_event, one_of, program
from splreplay.sql.values import literal

SECURITY = Source("Microsoft-Windows-Security-Auditing", "Security", "Security")
# The event log's own events in the Security channel.
EVENTLOG = Source("Microsoft-Windows-Eventlog", "Eventlog", "Security")
SERVICES = Source("Service Control Manager", "System", "System")
SCHEDULER = Source("Microsoft-Windows-TaskScheduler", "TaskScheduler", "Microsoft-Windows-TaskScheduler/Operational")


def _in(*channels: str) -> str:
    return f"channel IN ({', '.join(map(literal, channels))})"


# An event of any channel and provider.
EVENT = of_every_event("Microsoft Windows") | {
    "dest": f"CASE WHEN {_in('Application', 'Security', 'System')} THEN computer END",
    "dvc": "computer",
    "Error_Code": f"CASE WHEN {_in('Application', 'Security', 'System')} THEN coalesce(Status, '-') END",
    "parent_process": "ParentProcessName",
    "process_name": "ProcessName",
    "product": f"CASE WHEN {_in('Security', 'System')} THEN 'Windows' END",
    "service": "ServiceName",
    "service_id": "ServiceSid",
    "service_name": "ServiceName",
    "signature": f"CASE WHEN {_in('System')} THEN updateTitle END",
    "Sub_Status": "SubStatus",
    "vendor": f"CASE WHEN {_in('Security', 'System')} THEN 'Microsoft' END",
}

_FAILED = """(event_id IN (4625, 4771, 4772, 4773, 4775, 4777) OR lower(Status) NOT IN ('0x0', '-')
    OR Keywords IN ('0x8010000000000000', '-9218868437227405312', 'Audit Failure'))"""
_STATUS = f"CASE WHEN {_FAILED} THEN 'failure' ELSE 'success' END"
_WORKSTATION = "coalesce(Workstation, WorkstationName, IpAddress)"
_SRC = rf"nullif(ltrim({_WORKSTATION}, '\-'), '')"
_LOGON_TYPES = {"0": "unknown", "1": "unknown", "3": "remote", "8": "remote", "10": "remote"} | dict.fromkeys(
    ("2", "4", "5", "6", "7", "9", "11"), "local"
)
_START_MODES = {"0": "boot", "1": "system", "2": "auto", "3": "manual", "4": "disabled"}

# An event of the Security channel. Names with capitals are those that older versions of the event log have.
SECURITY_EVENT = EVENT | {
    "action": _STATUS,
    "app": f"""CASE WHEN event_id = 4648 THEN 'win:remote' WHEN TargetServerName = 'localhost' THEN 'win:local'
        ELSE 'win:' || coalesce({one_of("LogonType", _LOGON_TYPES)}, 'unknown') END""",
    "Caller_Domain": "SubjectDomainName",
    "Caller_User_Name": "SubjectUserName",
    "dest": r"coalesce(nullif(ltrim(TargetServerName, '\-'), ''), computer)",
    "dest_nt_domain": no_dash("TargetDomainName"),
    "dest_nt_host": r"nullif(ltrim(TargetServerName, '\-'), '')",
    "dest_port": "DestPort",
    "Error_Code": "coalesce(Status, '-')",
    "file_name": f"coalesce({last('FileName')}, {last('KeyFilePath')}, CASE ObjectType WHEN 'File' THEN {last('ObjectName')} END, ShareName)",
    "file_path": "coalesce(FileName, KeyFilePath, CASE ObjectType WHEN 'File' THEN ObjectName END, ShareLocalPath)",
    "Logon_ID": "SubjectLogonId",
    "Logon_Type": "LogonType",
    "object_attrs": "coalesce(SamAccountName, RuleName)",
    "object_file_name": last("ObjectName"),
    "object_file_path": "ObjectName",
    "parent_process_name": last("ParentProcessName"),
    "process": "ProcessName",
    "process_id": "ProcessId",
    "process_path": "ProcessName",
    "product": "'Windows'",
    "session_id": "SubjectLogonId",
    "Source_Port": "IpPort",
    "Source_Workstation": _WORKSTATION,
    "src": _SRC,
    "src_ip": "CASE WHEN NOT starts_with(IpAddress, '::1') AND NOT starts_with(IpAddress, '127.0.0.1') THEN IpAddress END",
    "src_nt_domain": no_dash("SubjectDomainName"),
    "src_nt_host": _SRC,
    "src_port": "IpPort",
    "src_user": no_dash("SubjectUserName"),
    "start_mode": one_of("ServiceStartType", _START_MODES),
    "status": _STATUS,
    "ta_windows_action": """CASE WHEN lower(Status) IN ('0xc000006f', '0xc0000070', '0xc000015b', '0xc0000234') THEN 'denied'
        WHEN lower(Status) = '0xc0000064' THEN 'unknown' WHEN lower(Status) IN ('0xc0000133', '0xc0000225') THEN 'error'
        ELSE 'failure' END""",
    "ta_windows_status": "Status",
    "Target_Domain": "TargetDomainName",
    "Target_Server_Name": "TargetServerName",
    "Target_User_Name": "TargetUserName",
    "Token_Elevation_Type": "TokenElevationType",
    "Token_Elevation_Type_id": r"nullif(regexp_extract(TokenElevationType, '^\D+(\d+)', 1), '')",
    "user": "TargetUserName",
    "user_group": "TargetUserName",
    "vendor": "'Microsoft'",
}

_PROGRAM_AND_ARGUMENTS = r"'(^\"[^\"]+\"|\S+)\s*(.*)'"
_PROGRAM = f"regexp_extract(CommandLine, {_PROGRAM_AND_ARGUMENTS}, 1)"
_ARGUMENTS = f"nullif(regexp_extract(CommandLine, {_PROGRAM_AND_ARGUMENTS}, 2), '')"
_QUOTED_PATH = (
    r"""CASE WHEN regexp_matches(NewProcessName, '\s') THEN '"' || NewProcessName || '"' ELSE NewProcessName END"""
)

PROCESS_CREATED = {
    # 8.4.0: where the audit is a success, which it always is.
    "action": "'allowed'",
    "new_process": "NewProcessName",
    "new_process_id": "NewProcessId",
    "new_process_name": last("NewProcessName"),
    "parent_process_id": "ProcessId",
    "parent_process_path": "ParentProcessName",
    # 8.4.0: the command line, its program with its path.
    "process": rf"""coalesce(
        CASE WHEN contains({_PROGRAM}, '\') THEN CommandLine ELSE ({_QUOTED_PATH}) || ' ' || {_ARGUMENTS} END,
        NewProcessName)""",
    "Process_Command_Line": "CommandLine",
    "process_command_line_arguments": _ARGUMENTS,
    "process_command_line_process": f"nullif({_PROGRAM}, '')",
    # As Windows writes it: hexadecimal.
    "process_id": "NewProcessId",
    **program("NewProcessName"),
    "user": "coalesce(nullif(TargetUserName, '-'), nullif(SubjectUserName, '-'))",
}
_OF_SUBJECT = {"user": no_dash("SubjectUserName")}
_PROGRAM_OF_SUBJECT = _OF_SUBJECT | program("ProcessName")
TOKEN_ASSIGNED = {
    **program("TargetProcessName"),
    **program("ProcessName", "parent_process"),
    "parent_process": "ProcessName",
    "parent_process_id": "ProcessId",
    "process": "TargetProcessName",
    "process_id": "TargetProcessId",
    "user": no_dash("TargetUserName"),
}

# 8.4.0 looks it up by number; what the lookup holds is inferred, from IANA's list.
_TRANSPORT = one_of("Protocol", {"1": "icmp", "6": "tcp", "17": "udp"})
CONNECTION = {
    "action": "'allowed'",
    # A path from the device on, in lower case: \device\harddiskvolume2\windows\….
    "app": "Application",
    "dest": "DestAddress",
    "dest_ip": "DestAddress",
    "direction": one_of("Direction", {"%%14592": "inbound", "%%14593": "outbound"}),
    # Windows spells it as no other event does; shippers that ignore case make it ProcessId.
    "process_id": "coalesce(ProcessId, ProcessID)",
    "src": "SourceAddress",
    "src_ip": "SourceAddress",
    "src_port": "SourcePort",
    "transport": _TRANSPORT,
    "user": "RemoteMachineID",
}
# A program may listen on a port, which is the event's source port; the CIM's dest_port stays empty.
PORT_BOUND = {"src_port": "SourcePort", "transport": _TRANSPORT, "dest_port": "NULL::VARCHAR"}

_ACCOUNT = {
    "object": "TargetUserName",
    "object_id": "TargetSid",
    "src_user_name": "SubjectUserName",
    "user_name": "TargetUserName",
}
_GROUP = {"Group_Domain": "TargetDomainName", "Group_Name": "TargetUserName"}
_COMPUTER = {"user_type": "'computer'"}
_FIREWALL = ("Firewall", "Firewall Driver", "IPsec Policy Agent service")
_SERVICES = {5024: 0, 5025: 0, 5030: 0, 5033: 1, 5034: 1, 5035: 1, 5478: 2}
# What differs from SECURITY_EVENT, by event.
_OWN: Mapping[int, dict[str, str]] = {
    **dict.fromkeys((4704, 4705, 4722, 4723, 4724, 4725, 4726, 4738, 4767), _ACCOUNT),
    **dict.fromkeys((*range(4727, 4736), 4737, *range(4744, 4765), 4799), _GROUP),
    **dict.fromkeys((4741, 4742, 4743), _COMPUTER),
    **{id_: dict.fromkeys(("service", "service_name"), literal(_FIREWALL[name])) for id_, name in _SERVICES.items()},
    1102: dict.fromkeys(("Caller_Domain", "Logon_ID", "session_id", "src_nt_domain"), "NULL::VARCHAR"),
    4657: {
        "registry_path": "ObjectName",
        "registry_value_name": "ObjectValueName",
        "registry_value_type": "NewValueType",
    },
    4673: _PROGRAM_OF_SUBJECT,
    4674: _PROGRAM_OF_SUBJECT,
    4688: PROCESS_CREATED,
    4689: _PROGRAM_OF_SUBJECT,
    4696: TOKEN_ASSIGNED,
    4697: _OF_SUBJECT,
    4703: _ACCOUNT | {"object_id": "TargetUserSid"},
    4717: {"object_attrs": "AccessGranted"},
    4718: {"object_attrs": "AccessRemoved"},
    4720: {"object_attrs": "NULL::VARCHAR"},
    4738: _ACCOUNT | {"object_attrs": "NULL::VARCHAR"},
    4778: {"src": "ClientAddress"},
    4781: _ACCOUNT | dict.fromkeys(("object", "user", "user_name"), "NewTargetUserName"),
    5156: CONNECTION,
    5158: PORT_BOUND,
    5461: {"status": "'failure'"},
}

ACCOUNT_MANAGEMENT = ("Change.All_Changes", "Change.All_Changes.Account_Management")
AUDITING = ("Change.All_Changes", "Change.All_Changes.Auditing_Changes")
AUDITING_ENDPOINT = (*AUDITING, "Change.All_Changes.Endpoint_Changes")
# The category "Account Management" as Windows has it; of it, the events that 8.4.0 knows (8.9.0 shows none of 4798, 4799).
# 8.9.0 has one for 4739 too; that it is this one is inferred.
_ACCOUNTS = (4720, *range(4722, 4736), *range(4737, 4768), 4780, 4781, 4782, 4793, 4794)
# Which datasets an event is in, by its tags.
_DATASETS: Mapping[int, tuple[str, ...]] = {
    **dict.fromkeys((4624, 4625, 4648, 4672, 4768, 4769, 4771, 4773), ("Authentication.Authentication",)),
    **dict.fromkeys((4774, 4775, 4776, 4777, 4801), ("Authentication.Authentication",)),
    **dict.fromkeys((*_ACCOUNTS, 4703, 4704, 4705, 4717, 4718), ACCOUNT_MANAGEMENT),
    **dict.fromkeys((1101, 1105, 1108, 4715, 4719, 4912), AUDITING),
    1100: (*AUDITING_ENDPOINT, "Endpoint.Services"),
    1102: AUDITING_ENDPOINT,
    5461: ("Change.All_Changes",),
    **dict.fromkeys((4697, *_SERVICES), ("Endpoint.Services",)),
    4657: ("Endpoint.Registry",),
    4688: ("Endpoint.Processes",),
    4689: ("Endpoint.Processes",),
    5156: ("Network_Traffic.All_Traffic",),
    5158: ("Endpoint.Ports",),
}


def _security() -> Iterator[EventMapping]:
    table = files("splreplay.cim").joinpath("security_events.csv").read_text(encoding="utf-8")
    rows = {int(row["event_id"]): row for row in csv.DictReader(table.splitlines())}
    for event_id in sorted({*rows, *_OWN, *_DATASETS}):
        fields = SECURITY_EVENT | _OWN.get(event_id, {})
        looked_up = {name: literal(value) for name, value in rows.get(event_id, {}).items() if value}
        if "object_attrs" in looked_up:  # only where the event itself has none
            looked_up["object_attrs"] = f"coalesce({fields['object_attrs']}, {looked_up['object_attrs']})"
        if "signature" in looked_up:
            looked_up |= dict.fromkeys(("name", "subject"), looked_up["signature"])
        if event_id in _ACCOUNTS:
            looked_up |= dict.fromkeys(("CategoryString", "ta_windows_security_CategoryString"), "'Account Management'")
        looked_up.pop("event_id", None)
        source = EVENTLOG if event_id < 4000 else SECURITY
        yield EventMapping(source, event_id, _DATASETS.get(event_id, ()), fields | looked_up)


_STARTS = "lower(regexp_extract(coalesce(StartType, param3), '^(boot|system|auto|demand|disabled)'))"
_SERVICE = EVENT | {
    "dest": "computer",
    **dict.fromkeys(("service", "service_name", "ServiceName"), "coalesce(param1, ServiceName)"),
    "start_mode": f"CASE {_STARTS} WHEN 'demand' THEN 'manual' ELSE nullif({_STARTS}, '') END",
    "status": "CASE param2 WHEN 'running' THEN 'started' WHEN 'stopped' THEN 'stopped' END",
}
SERVICE_CHANGED = _SERVICE | {"status": "NULL::VARCHAR"}
SERVICE_STATE = _SERVICE | {"start_mode": "NULL::VARCHAR"}

MAPPINGS = (
    *_security(),
    EventMapping(SERVICES, 7036, ("Endpoint.Services",), SERVICE_STATE),
    EventMapping(SERVICES, 7040, ("Endpoint.Services",), SERVICE_CHANGED),
    EventMapping(SERVICES, 7045, ("Endpoint.Services",), SERVICE_CHANGED),
)
# What an add-on makes of an event that has no mapping of its own, by provider; None stands for any other provider.
OTHER_EVENTS: Mapping[str | None, Mapping[str, str]] = {
    None: EVENT,
    SECURITY.provider: SECURITY_EVENT,
    # 8.9.0, event 200; why its fields are those of the Security channel is shown nowhere.
    SCHEDULER.provider: EVENT
    | {"dest": "computer", "product": "'Windows'", "vendor": "'Microsoft'", "Error_Code": "coalesce(Status, '-')"}
    | {name: SECURITY_EVENT[name] for name in ("app", "ta_windows_action")},
}
