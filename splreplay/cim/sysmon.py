r"""What the Sysmon add-ons make of Sysmon's events.

Sources:
    8.1.0: Troy-Moore/TA-microsoft-sysmon@f0c0ed8a default/, the public version nearest to legacy's 10.6.2; for the
        tags `port listening`, dimarra/TA-Microsoft-Sysmon@58d8fe90 default/tags.conf; for event 22, which came in
        10.2.0, the change log in TA-Microsoft-Sysmon's README of 10.6.2.
    5: otuhault/siem-log-generator@147c05ea tests/test_sysmon_cim.py and log-generator/log_generators/sysmon.py, which
        hold fields and tags against the conf files of Splunk_TA_microsoft_sysmon 5.0.1;
        splunk/security_content@2a60eb06 data_sources/sysmon_eventid_*.yml, the fields that a Splunk with that add-on
        shows of each event; opencybersecurityalliance/stix-shifter@db05fd13 stix_shifter_modules/splunk/README.md,
        events 1 and 3 as a Splunk with that add-on answered them; for event 5, the same in the manual of Google
        Security Operations, "Splunk CIM".
    Schema: the fields of each event as `sysmon -s` lists them.
Rules that none of them shows are marked "inferred". Events 6, 8 to 10, 17 and 18, which add-ons also tag as processes,
are in no dataset, nor is event 2, a file: their fields are there for searches of events.
"""

from __future__ import annotations

from splreplay.cim.mapping import EventMapping, Source, last, no_dash, of_every_event, one_of, program

SYSMON = Source("Microsoft-Windows-Sysmon", "Sysmon", "Microsoft-Windows-Sysmon/Operational")

# What happened, by event: the template of each event in Sysmon's schema (`sysmon -s`). That the add-ons' lookup has these words
# is inferred; 8.1.0 shows that it has "File Created".
SIGNATURES = {
    1: "Process Create",
    2: "File creation time changed",
    3: "Network connection detected",
    4: "Sysmon service state changed",
    5: "Process terminated",
    6: "Driver loaded",
    7: "Image loaded",
    8: "CreateRemoteThread detected",
    9: "RawAccessRead detected",
    10: "Process accessed",
    11: "File created",
    12: "Registry object added or deleted",
    13: "Registry value set",
    14: "Registry object renamed",
    15: "File stream created",
    16: "Sysmon config state changed",
    17: "Pipe Created",
    18: "Pipe Connected",
    19: "WmiEventFilter activity detected",
    20: "WmiEventConsumer activity detected",
    21: "WmiEventConsumerToFilter activity detected",
    22: "Dns query",
    23: "File Delete archived",
    24: "Clipboard changed",
    25: "Process Tampering",
    26: "File Delete logged",
    27: "File Block Executable",
    28: "File Block Shredding",
    29: "File Executable Detected",
    255: "Error report",
}


def _hash(kind: str) -> str:
    return f"nullif(regexp_extract(coalesce(Hashes, Hash), '(?:^|,){kind}=([^,]+)', 1), '')"


_TITLES = one_of("CAST(event_id AS VARCHAR)", {str(event_id): title for event_id, title in SIGNATURES.items()})
EVENT = of_every_event("Microsoft Sysmon") | {
    "EventChannel": "channel",
    "EventDescription": _TITLES,
    **{kind: _hash(kind) for kind in ("IMPHASH", "MD5", "SHA1", "SHA256")},
    "process_guid": "ProcessGuid",
    "process_id": "ProcessId",
    "RecordID": "EventRecordID",
    "SecurityID": "UserID",
    "signature": _TITLES,
    # 8.1.0 keeps the domain; that 10.6.2 drops it, as 5 does, is inferred.
    "user": last("User"),
}

# An event about what a process does.
OF_PROCESS = EVENT | {"dest": "computer"} | program("Image")

PROCESS_CREATED = OF_PROCESS | {
    "action": "'allowed'",
    # 5: the placeholder is dropped.
    "original_file_name": no_dash("OriginalFileName"),
    "os": "'Microsoft Windows'",
    "parent_process": "ParentCommandLine",
    "parent_process_guid": "ParentProcessGuid",
    "parent_process_id": "ParentProcessId",
    **program("ParentImage", "parent_process"),
    "process": "CommandLine",
    "process_current_directory": "CurrentDirectory",
    "process_hash": "Hashes",
    "process_integrity_level": "IntegrityLevel",
}
# 8.1.0 maps neither.
PROCESS_CREATED_LEGACY = PROCESS_CREATED | {"original_file_name": "NULL::VARCHAR", "os": "NULL::VARCHAR"}

PROCESS_ENDED = OF_PROCESS | {"action": "'blocked'", "os": "'Microsoft Windows'", "process": "Image"}
# 8.1.0 sets dest for some events only, neither for the end of a process nor for a stream.
OTHER_PROCESS_LEGACY = OF_PROCESS | {"dest": "NULL::VARCHAR"}

# The process is the one that loads, and the original name that of what is loaded: public searches, which their authors ran on a
# Splunk, ask for a process such as winword.exe and group by that name (security_content@b13b314a
# office_document_creating_schedule_task.yml). The other values are inferred from the names of their fields.
IMAGE_LOADED = OF_PROCESS | {
    "action": "'success'",
    "loaded_file": last("ImageLoaded"),
    "loaded_file_path": "ImageLoaded",
    "original_file_name": no_dash("OriginalFileName"),
    "service_dll_signature_exists": "Signed",
    "service_dll_signature_verified": "CASE WHEN SignatureStatus = 'Valid' THEN 'true' ELSE 'false' END",
    "os": "'Microsoft Windows'",
    "process_hash": "Hashes",
}

# A process, not a file: 8.1.0 tags it so, and 5 fills `os`, which it does for processes alone (inferred).
STREAM_CREATED = OF_PROCESS | {
    "os": "'Microsoft Windows'",
    "file_create_time": "CreationUtcTime",
    "file_hash": "Hash",
    "file_name": last("TargetFilename"),
    "file_path": "TargetFilename",
}

# 5 fills both: that the source is the parent is inferred (public searches for event 8 have it so).
_ACCESS = OF_PROCESS | {
    "action": "'allowed'",
    "os": "'Microsoft Windows'",
    **program("SourceImage", "parent_process"),
    "parent_process_id": "SourceProcessId",
    **program("TargetImage"),
    "process_id": "TargetProcessId",
}
# Sysmon spells the GUIDs of these two events in two ways.
THREAD_CREATED = _ACCESS | {
    "parent_process_guid": "SourceProcessGuid",
    "process_guid": "TargetProcessGuid",
    "src_address": "StartAddress",
    "src_function": "StartFunction",
    "src_module": "StartModule",
}
PROCESS_ACCESSED = _ACCESS | {
    "dvc": "computer",
    "granted_access": "GrantedAccess",
    "parent_process_guid": "SourceProcessGUID",
    "process_guid": "TargetProcessGUID",
}
DRIVER_LOADED = OF_PROCESS | {
    "action": "'allowed'",
    "os": "'Microsoft Windows'",
    "process_hash": "Hashes",
    "process_path": "ImageLoaded",
    "service_signature_exists": "Signed",
    "service_signature_verified": "CASE WHEN SignatureStatus = 'Valid' THEN 'true' ELSE 'false' END",
}
PIPE = OF_PROCESS | {"action": "'allowed'", "os": "'Microsoft Windows'", "pipe_name": "PipeName"}
# Of its values only the names are shown; a binding has a result in the place of an action.
WMI_CHANGED = EVENT | {
    "action": "CASE WHEN event_id <> 21 THEN lower(Operation) END",
    **{f"{name}NoQuotes": f"trim({name}, ' \"')" for name in ("Consumer", "Destination", "Filter")},
    "change_type": "'wmi'",
    "dest": "computer",
    "dvc": "computer",
    "object": "coalesce(Name, Consumer)",
    "object_attrs": "Filter",
    "object_category": "'wmi'",
    "object_path": "coalesce(Query, Destination, Filter)",
    "result": "CASE WHEN event_id = 21 THEN lower(Operation) END",
    "src": "computer",
    "status": "'success'",
    "user_name": last("User"),
}

CONNECTION = EVENT | {
    "action": "'allowed'",
    "app": "Image",
    "creation_time": "UtcTime",
    # 5: no host name, no dest, although the address is known (stix-shifter: null where the name is "-").
    "dest": no_dash("DestinationHostname"),
    "dest_ip": "DestinationIp",
    "dest_port": "DestinationPort",
    # Both add-ons: whatever is not true is inbound.
    "direction": "CASE WHEN Initiated = 'true' THEN 'outbound' ELSE 'inbound' END",
    "dvc": "computer",
    "process_exec": last("Image"),
    "process_name": last("Image"),
    "protocol": "'ip'",
    "protocol_version": "CASE SourceIsIpv6 WHEN 'true' THEN 'ipv6' WHEN 'false' THEN 'ipv4' END",
    "src": no_dash("SourceHostname"),
    "src_host": no_dash("SourceHostname"),
    "src_ip": "SourceIp",
    "src_port": "SourcePort",
    "state": "'listening'",
    "transport": "Protocol",
    "transport_dest_port": "Protocol || '/' || DestinationPort",
}
CONNECTION_LEGACY = CONNECTION | {
    # 8.1.0 sets it for other events only.
    "action": "NULL::VARCHAR",
    # 8.1.0 asks for a missing name; that 10.6.2 takes "-" for missing is inferred.
    "dest": "coalesce(nullif(DestinationHostname, '-'), DestinationIp)",
    "src": "coalesce(nullif(SourceHostname, '-'), SourceIp)",
    # 8.1.0 takes the port's name (DestinationPortName), which Sysmon has long left "-".
    "protocol": "NULL::VARCHAR",
    "protocol_version": "NULL::VARCHAR",
}

_FILE = OF_PROCESS | {
    "file_name": last("TargetFilename"),
    "file_path": "TargetFilename",
    "object_category": "'file'",
}
# Whose time was changed; its action is shown nowhere.
FILE_TIME_CHANGED = _FILE | {"file_create_time": "CreationUtcTime"}
FILE_CREATED = _FILE | {
    # 5: the same moment is a new file, another is one that was overwritten.
    "action": "CASE WHEN UtcTime = CreationUtcTime THEN 'created' ELSE 'modified' END",
    "file_create_time": "CreationUtcTime",
}
FILE_CREATED_LEGACY = FILE_CREATED | {"action": "'created'", "dvc": "computer"}
# That the action is deleted, and the time that of the event, is inferred: their names alone are shown.
FILE_DELETED = _FILE | {"action": "'deleted'", "file_hash": "Hashes", "file_modify_time": "UtcTime"}

_KEY_ACTION = """CASE EventType
        WHEN 'CreateKey' THEN 'created' WHEN 'DeleteKey' THEN 'deleted' WHEN 'DeleteValue' THEN 'deleted' END"""
_REGISTRY = OF_PROCESS | {
    "object_category": "'registry'",
    "object_path": "TargetObject",
    # 5: these three prefixes alone, in this case.
    "registry_hive": r"""CASE
        WHEN starts_with(TargetObject, 'HKLM\System\') THEN 'HKEY_LOCAL_MACHINE\System'
        WHEN starts_with(TargetObject, 'HKU\') THEN 'HKEY_CURRENT_USER'
        WHEN starts_with(TargetObject, 'HKLM\SOFTWARE\') THEN 'HKEY_LOCAL_MACHINE\Software' END""",
    "registry_key_name": last("TargetObject"),
    "registry_path": "TargetObject",
    "status": "'success'",
}
KEY_CHANGED = _REGISTRY | {"action": _KEY_ACTION}
# 5 also fills value and data where a value is renamed; from what, is shown nowhere, so they are left empty.
RENAMED = _REGISTRY | {"action": "'modified'"}
# The two parts of details such as `DWORD (0x00000001)`.
_VALUE_TYPE = r"nullif(regexp_extract(Details, '^(\w+)\s\(.+\)$', 1), '')"
_VALUE_DATA = r"nullif(regexp_extract(Details, '^\w+\s\((.+)\)$', 1), '')"
VALUE_SET = _REGISTRY | {
    "action": "'modified'",
    "dvc": "computer",
    # The key that holds the value: the last but one.
    "registry_key_name": r"nullif(regexp_extract(TargetObject, '([^\\]*)\\[^\\]*$', 1), '')",
    # 5: what stands in the parentheses, else all of it.
    "registry_value_data": f"coalesce({_VALUE_DATA}, Details)",
    "registry_value_name": last("TargetObject"),
    "RegistryValueData": _VALUE_DATA,
    "RegistryValueType": _VALUE_TYPE,
    # 5 extracts it; that it names the type as the CIM does is inferred.
    "registry_value_type": f"'REG_' || {_VALUE_TYPE}",
}
_REGISTRY_LEGACY = OF_PROCESS | {
    "dvc": "computer",
    "object_category": "'registry'",
    "object_path": "TargetObject",
    "registry_key_name": last("TargetObject"),
    "registry_path": "TargetObject",
}
KEY_CHANGED_LEGACY = _REGISTRY_LEGACY | {"action": _KEY_ACTION}
VALUE_SET_LEGACY = _REGISTRY_LEGACY | {
    "action": "CASE WHEN EventType = 'SetValue' THEN 'modified' END",
    # 8.1.0 puts the data there.
    "registry_value_name": "Details",
}

# What stands between semicolons, with its type before it or none: `type:  5 a.example.com;192.0.2.1;`.
_ANSWER = r"(?:type:\s+(\d+)\s+|)([^;]+);"
# Names of the types in a DNS message: IANA, Domain Name System (DNS) Parameters. Which of them 5 names is inferred.
_RECORD_TYPES = (
    "MAP {'1': 'A', '2': 'NS', '5': 'CNAME', '6': 'SOA', '12': 'PTR', '15': 'MX', '16': 'TXT', '28': 'AAAA'}"
)
# The process has neither path nor PID in 5.
_ASKED = {name: sql for name, sql in (EVENT | program("Image")).items() if name not in ("process_id", "process_path")}
DNS_QUERY = _ASKED | {
    "answer": f"list_aggregate(regexp_extract_all(QueryResults, '{_ANSWER}', 2), 'list')",
    "query": "QueryName",
    "query_count": "'1'",
    "record_type": f"""list_aggregate(list_transform(list_filter(
        regexp_extract_all(QueryResults, '{_ANSWER}', 1), lambda "#t": "#t" != ''),
        lambda "#t": coalesce({_RECORD_TYPES}["#t"], "#t")), 'list')""",
    "reply_code_id": "QueryStatus",
    "src": "computer",
}
# 10.2.0 names no more than these two; what becomes of the answers is shown nowhere.
DNS_QUERY_LEGACY = EVENT | program("Image") | {"query": "QueryName", "reply_code_id": "QueryStatus"}

PROCESSES, REGISTRY, FILESYSTEM = ("Endpoint.Processes",), ("Endpoint.Registry",), ("Endpoint.Filesystem",)
TRAFFIC, DNS = ("Network_Traffic.All_Traffic",), ("Network_Resolution.DNS",)
# 8.1.0 tags files, the registry and WMI `change endpoint`. 5 tags files and the registry `endpoint` alone; that it still tags
# WMI as a change is inferred, from a test of 5.0.1's conf files that calls WMI the way to that model.
CHANGES = ("Change.All_Changes", "Change.All_Changes.Endpoint_Changes")

_ALIKE = (
    EventMapping(SYSMON, 2, (), FILE_TIME_CHANGED),
    EventMapping(SYSMON, 6, (), DRIVER_LOADED),
    EventMapping(SYSMON, 8, (), THREAD_CREATED),
    EventMapping(SYSMON, 9, (), OF_PROCESS | {"action": "'allowed'", "os": "'Microsoft Windows'"}),
    EventMapping(SYSMON, 10, (), PROCESS_ACCESSED),
    EventMapping(SYSMON, 17, (), PIPE),
    EventMapping(SYSMON, 18, (), PIPE),
    *(EventMapping(SYSMON, event_id, CHANGES, WMI_CHANGED) for event_id in (19, 20, 21)),
)
MAPPINGS = (
    EventMapping(SYSMON, 1, PROCESSES, PROCESS_CREATED),
    EventMapping(SYSMON, 3, TRAFFIC, CONNECTION),
    EventMapping(SYSMON, 5, PROCESSES, PROCESS_ENDED),
    EventMapping(SYSMON, 7, PROCESSES, IMAGE_LOADED),
    EventMapping(SYSMON, 11, FILESYSTEM, FILE_CREATED),
    EventMapping(SYSMON, 12, REGISTRY, KEY_CHANGED),
    EventMapping(SYSMON, 13, REGISTRY, VALUE_SET),
    EventMapping(SYSMON, 14, REGISTRY, RENAMED),
    EventMapping(SYSMON, 15, PROCESSES, STREAM_CREATED),
    EventMapping(SYSMON, 22, DNS, DNS_QUERY),
    EventMapping(SYSMON, 23, FILESYSTEM, FILE_DELETED),
    EventMapping(SYSMON, 26, (), FILE_DELETED),
    *_ALIKE,
)
# It tags no image as a process, and knows no event that Sysmon 11 and later write.
MAPPINGS_LEGACY = (
    EventMapping(SYSMON, 1, PROCESSES, PROCESS_CREATED_LEGACY),
    EventMapping(SYSMON, 3, (*TRAFFIC, "Endpoint.Ports"), CONNECTION_LEGACY),
    EventMapping(SYSMON, 5, PROCESSES, OTHER_PROCESS_LEGACY),
    EventMapping(SYSMON, 11, (*FILESYSTEM, *CHANGES), FILE_CREATED_LEGACY),
    EventMapping(SYSMON, 12, (*REGISTRY, *CHANGES), KEY_CHANGED_LEGACY),
    EventMapping(SYSMON, 13, (*REGISTRY, *CHANGES), VALUE_SET_LEGACY),
    EventMapping(SYSMON, 14, (*REGISTRY, *CHANGES), _REGISTRY_LEGACY),
    EventMapping(SYSMON, 15, PROCESSES, OTHER_PROCESS_LEGACY),
    EventMapping(SYSMON, 22, DNS, DNS_QUERY_LEGACY),
    *_ALIKE,
)
# An event without a mapping of its own.
OTHER_EVENTS = {SYSMON.provider: OF_PROCESS}
