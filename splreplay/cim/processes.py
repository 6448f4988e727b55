"""Endpoint.Processes: which process started where, by whom, from what.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Endpoint.json, "Processes".
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, name_of, of_assets, of_endpoints, unknown

COLUMNS = {
    **as_extracted("action", "cpu_load_percent", "mem_used", "os"),
    "dest": unknown("dest"),
    "loaded_file": unknown("loaded_file"),
    "original_file_name": unknown("original_file_name"),
    "parent_process": unknown("parent_process"),
    "parent_process_name": name_of("parent_process_name", "parent_process"),
    **as_extracted("parent_process_exec", "parent_process_guid", "parent_process_hash", "parent_process_id"),
    **as_extracted("parent_process_path"),
    "parent_user": unknown("parent_user"),
    "process": unknown("process"),
    "process_name": name_of("process_name", "process"),
    **as_extracted("process_current_directory", "process_exec", "process_guid", "process_hash", "process_id"),
    # The root search of the dataset: `eval process_integrity_level=lower(process_integrity_level)`.
    "process_integrity_level": "lower(process_integrity_level)",
    **as_extracted("process_path", "user_id", "vendor_product"),
    "user": unknown("user"),
    **of_assets("dest", "user"),
    **of_endpoints("dest"),
    **as_extracted("dest_is_expected"),
}
