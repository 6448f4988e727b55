r"""What the Sysmon add-ons make of Sysmon's events 1 (process created) and 3 (network connection).

Sources:
    8.1.0: Troy-Moore/TA-microsoft-sysmon@f0c0ed8a default/props.conf, the public version nearest to legacy's
        10.6.2; for the tags `port listening`, dimarra/TA-Microsoft-Sysmon@58d8fe90 default/tags.conf.
    5: otuhault/siem-log-generator@147c05ea tests/test_sysmon_cim.py, which holds its fields against the conf
        files of Splunk_TA_microsoft_sysmon; opencybersecurityalliance/stix-shifter@db05fd13
        stix_shifter_modules/splunk/README.md, an event 3 as a Splunk with that add-on answered it;
        splunk/security_content@46e0f41d6 for the tags.
Rules that none of them shows are marked "inferred". The add-ons also tag events 5, 7 and others as processes;
these are not mapped.
"""

from __future__ import annotations

FIELDS = (
    *("UtcTime", "ProcessGuid", "ProcessId", "Image", "OriginalFileName", "CommandLine", "CurrentDirectory"),
    *("User", "IntegrityLevel", "Hashes"),
    *("ParentProcessGuid", "ParentProcessId", "ParentImage", "ParentCommandLine"),
    *("Protocol", "Initiated", "SourceIp", "SourceHostname", "SourcePort"),
    *("DestinationIp", "DestinationHostname", "DestinationPort"),
)


def _last(path: str) -> str:
    r"""What follows the last backslash: the base name of a path, a user without its domain."""
    return f"nullif(regexp_extract({path}, '[^\\\\]*$'), '')"


EVENT = {
    "_time": "time",
    "host": "computer",
    "source": "'XmlWinEventLog:' || coalesce(channel, 'Microsoft-Windows-Sysmon/Operational')",
    "sourcetype": "'XmlWinEventLog'",
    "index": "'main'",
    "process_guid": "ProcessGuid",
    "process_id": "ProcessId",
    # 8.1.0 keeps the domain; that 10.6.2 drops it, as 5 does, is inferred.
    "user": _last("User"),
    "vendor_product": "'Microsoft Sysmon'",
}

PROCESS_CREATED = EVENT | {
    "action": "'allowed'",
    "dest": "computer",
    # 5: the placeholder is dropped.
    "original_file_name": "nullif(OriginalFileName, '-')",
    # Inferred from an event 5 of that add-on, which has it.
    "os": "'Microsoft Windows'",
    "parent_process": "ParentCommandLine",
    "parent_process_exec": _last("ParentImage"),
    "parent_process_guid": "ParentProcessGuid",
    "parent_process_id": "ParentProcessId",
    "parent_process_name": _last("ParentImage"),
    "parent_process_path": "ParentImage",
    "process": "CommandLine",
    "process_current_directory": "CurrentDirectory",
    "process_exec": _last("Image"),
    "process_hash": "Hashes",
    "process_integrity_level": "IntegrityLevel",
    "process_name": _last("Image"),
    "process_path": "Image",
    # It is System/Security/@UserID, and comes from Splunk_TA_windows, which is no part of a profile.
    "user_id": "NULL::VARCHAR",
}
# 8.1.0 maps neither.
PROCESS_CREATED_LEGACY = PROCESS_CREATED | {"original_file_name": "NULL::VARCHAR", "os": "NULL::VARCHAR"}

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


def processes(addon: str) -> str:
    """Return the query of what is tagged `process report`."""
    return _events(1, PROCESS_CREATED_LEGACY if addon == "legacy" else PROCESS_CREATED)


def network(addon: str) -> str:
    """Return the query of what is tagged `network communicate`."""
    return _events(3, CONNECTION_LEGACY if addon == "legacy" else CONNECTION)


def ports(addon: str) -> str:
    """Return the query of what is tagged `port listening`: every connection on legacy, else nothing."""
    return _events(3, CONNECTION_LEGACY) + ("" if addon == "legacy" else " WHERE false")


def _events(event_id: int, mapping: dict[str, str]) -> str:
    """Map the events of one id; an empty value is none, as Splunk extracts no field from it."""
    fields = ", ".join(f"nullif({field}, '') AS {field}" for field in FIELDS)
    columns = ",\n    ".join(f"{expression} AS {field}" for field, expression in mapping.items())
    return f"""
SELECT
    {columns}
FROM (
    SELECT time, computer, channel, {fields}
    FROM event WHERE provider = 'Microsoft-Windows-Sysmon' AND event_id = {event_id}
)"""
