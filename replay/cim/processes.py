"""Endpoint.Processes: which process started where, by whom, from what.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Endpoint.json, "Processes". Fields that
no Sysmon event fills (cpu_load_percent, mem_used, *_bunit, *_category, *_priority …) are left out.
"""

from __future__ import annotations

from replay.cim.fill import name_of, unknown

COLUMNS = {
    "action": "action",
    "dest": unknown("dest"),
    "original_file_name": unknown("original_file_name"),
    "os": "os",
    "parent_process": unknown("parent_process"),
    "parent_process_exec": "parent_process_exec",
    "parent_process_guid": "parent_process_guid",
    "parent_process_id": "parent_process_id",
    "parent_process_name": name_of("parent_process_name", "parent_process"),
    "parent_process_path": "parent_process_path",
    "process": unknown("process"),
    "process_current_directory": "process_current_directory",
    "process_exec": "process_exec",
    "process_guid": "process_guid",
    "process_hash": "process_hash",
    "process_id": "process_id",
    # The root search of the dataset: `eval process_integrity_level=lower(process_integrity_level)`.
    "process_integrity_level": "lower(process_integrity_level)",
    "process_name": name_of("process_name", "process"),
    "process_path": "process_path",
    "user": unknown("user"),
    "user_id": "user_id",
    "vendor_product": "vendor_product",
}
