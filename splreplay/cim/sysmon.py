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
Rules that none of them shows are marked "inferred". Events 6, 8 to 10, 17 and 18, which add-ons also tag as processes,
are not mapped, nor is event 2, a file.
"""

from __future__ import annotations

from splreplay.cim.mapping import EventMapping, Source, last, of_every_event, program

SYSMON = Source(
    "Microsoft-Windows-Sysmon",
    "Sysmon",
    "Microsoft-Windows-Sysmon/Operational",
    (
        *("UtcTime", "ProcessGuid", "ProcessId", "Image", "OriginalFileName", "CommandLine", "CurrentDirectory"),
        *("User", "IntegrityLevel", "Hashes"),
        *("ParentProcessGuid", "ParentProcessId", "ParentImage", "ParentCommandLine"),
        *("Protocol", "Initiated", "SourceIp", "SourceHostname", "SourcePort"),
        *("DestinationIp", "DestinationHostname", "DestinationPort"),
        *("ImageLoaded", "TargetFilename", "CreationUtcTime"),
        *("EventType", "TargetObject", "Details"),
        *("QueryName", "QueryStatus", "QueryResults"),
    ),
)

EVENT = of_every_event("Microsoft Sysmon") | {
    "process_guid": "ProcessGuid",
    "process_id": "ProcessId",
    # 8.1.0 keeps the domain; that 10.6.2 drops it, as 5 does, is inferred.
    "user": last("User"),
}

# An event about what a process does.
OF_PROCESS = EVENT | {"dest": "computer"} | program("Image")

PROCESS_CREATED = OF_PROCESS | {
    "action": "'allowed'",
    # 5: the placeholder is dropped.
    "original_file_name": "nullif(OriginalFileName, '-')",
    "os": "'Microsoft Windows'",
    "parent_process": "ParentCommandLine",
    "parent_process_guid": "ParentProcessGuid",
    "parent_process_id": "ParentProcessId",
    **program("ParentImage", "parent_process"),
    "process": "CommandLine",
    "process_current_directory": "CurrentDirectory",
    "process_hash": "Hashes",
    "process_integrity_level": "IntegrityLevel",
    # user_id is System/Security/@UserID, and comes from Splunk_TA_windows, which is no part of a profile.
}
# 8.1.0 maps neither.
PROCESS_CREATED_LEGACY = PROCESS_CREATED | {"original_file_name": "NULL::VARCHAR", "os": "NULL::VARCHAR"}

PROCESS_ENDED = OF_PROCESS | {"action": "'blocked'", "os": "'Microsoft Windows'", "process": "Image"}
# 8.1.0 sets dest for some events only, neither for the end of a process nor for a stream.
OTHER_PROCESS_LEGACY = OF_PROCESS | {"dest": "NULL::VARCHAR"}

# The process is the one that loads; inferred from the field names, as the value of each is shown nowhere.
IMAGE_LOADED = OF_PROCESS | {
    "action": "'success'",
    "loaded_file": last("ImageLoaded"),
    "os": "'Microsoft Windows'",
    "process_hash": "Hashes",
}

# A process, not a file: 8.1.0 tags it so, and 5 fills `os`, which it does for processes alone (inferred).
STREAM_CREATED = OF_PROCESS | {"os": "'Microsoft Windows'"}

CONNECTION = EVENT | {
    "action": "'allowed'",
    "app": "Image",
    # 5: no host name, no dest, although the address is known (stix-shifter: null where the name is "-").
    "dest": "nullif(DestinationHostname, '-')",
    "dest_ip": "DestinationIp",
    "dest_port": "DestinationPort",
    # Both add-ons: whatever is not true is inbound.
    "direction": "CASE WHEN Initiated = 'true' THEN 'outbound' ELSE 'inbound' END",
    "dvc": "computer",
    "protocol": "'ip'",
    "src": "nullif(SourceHostname, '-')",
    "src_ip": "SourceIp",
    "src_port": "SourcePort",
    "transport": "Protocol",
}
CONNECTION_LEGACY = CONNECTION | {
    # 8.1.0 sets it for other events only.
    "action": "NULL::VARCHAR",
    # 8.1.0 asks for a missing name; that 10.6.2 takes "-" for missing is inferred.
    "dest": "coalesce(nullif(DestinationHostname, '-'), DestinationIp)",
    "src": "coalesce(nullif(SourceHostname, '-'), SourceIp)",
    # 8.1.0 takes the port's name (DestinationPortName), which Sysmon has long left "-".
    "protocol": "NULL::VARCHAR",
    "creation_time": "UtcTime",
    "state": "'listening'",
}

_FILE = OF_PROCESS | {"file_name": last("TargetFilename"), "file_path": "TargetFilename"}
FILE_CREATED = _FILE | {
    # 5: the same moment is a new file, another is one that was overwritten.
    "action": "CASE WHEN UtcTime = CreationUtcTime THEN 'created' ELSE 'modified' END",
    "file_create_time": "CreationUtcTime",
}
FILE_CREATED_LEGACY = FILE_CREATED | {"action": "'created'"}
# That the action is deleted, and the time that of the event, is inferred: their names alone are shown.
FILE_DELETED = _FILE | {"action": "'deleted'", "file_hash": "Hashes", "file_modify_time": "UtcTime"}

_KEY_ACTION = """CASE EventType
        WHEN 'CreateKey' THEN 'created' WHEN 'DeleteKey' THEN 'deleted' WHEN 'DeleteValue' THEN 'deleted' END"""
_REGISTRY = OF_PROCESS | {
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
VALUE_SET = _REGISTRY | {
    "action": "'modified'",
    # The key that holds the value: the last but one.
    "registry_key_name": r"nullif(regexp_extract(TargetObject, '([^\\]*)\\[^\\]*$', 1), '')",
    # 5: what stands in the parentheses of `DWORD (0x00000001)`, else all of it.
    "registry_value_data": r"coalesce(nullif(regexp_extract(Details, '^\w+\s\((.+)\)$', 1), ''), Details)",
    "registry_value_name": last("TargetObject"),
    # 5 extracts it; that it names the type as the CIM does is inferred.
    "registry_value_type": r"'REG_' || nullif(regexp_extract(Details, '^(\w+)\s\(.+\)$', 1), '')",
}
_REGISTRY_LEGACY = OF_PROCESS | {"registry_key_name": last("TargetObject"), "registry_path": "TargetObject"}
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
DNS_QUERY = of_every_event("Microsoft Sysmon") | {
    "answer": f"list_aggregate(regexp_extract_all(QueryResults, '{_ANSWER}', 2), 'list')",
    "query": "QueryName",
    "record_type": f"""list_aggregate(list_transform(list_filter(
        regexp_extract_all(QueryResults, '{_ANSWER}', 1), lambda "#t": "#t" != ''),
        lambda "#t": coalesce({_RECORD_TYPES}["#t"], "#t")), 'list')""",
    "reply_code_id": "QueryStatus",
    "src": "computer",
}
# 10.2.0 names no more than these two; what becomes of the answers is shown nowhere.
DNS_QUERY_LEGACY = of_every_event("Microsoft Sysmon") | {"query": "QueryName", "reply_code_id": "QueryStatus"}

PROCESSES, REGISTRY, FILESYSTEM = ("Endpoint.Processes",), ("Endpoint.Registry",), ("Endpoint.Filesystem",)
TRAFFIC, DNS = ("Network_Traffic.All_Traffic",), ("Network_Resolution.DNS",)

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
)
# It tags no image as a process, and knows no event that Sysmon 11 and later write.
MAPPINGS_LEGACY = (
    EventMapping(SYSMON, 1, PROCESSES, PROCESS_CREATED_LEGACY),
    EventMapping(SYSMON, 3, (*TRAFFIC, "Endpoint.Ports"), CONNECTION_LEGACY),
    EventMapping(SYSMON, 5, PROCESSES, OTHER_PROCESS_LEGACY),
    EventMapping(SYSMON, 11, FILESYSTEM, FILE_CREATED_LEGACY),
    EventMapping(SYSMON, 12, REGISTRY, KEY_CHANGED_LEGACY),
    EventMapping(SYSMON, 13, REGISTRY, VALUE_SET_LEGACY),
    EventMapping(SYSMON, 14, REGISTRY, _REGISTRY_LEGACY),
    EventMapping(SYSMON, 15, PROCESSES, OTHER_PROCESS_LEGACY),
    EventMapping(SYSMON, 22, DNS, DNS_QUERY_LEGACY),
)
