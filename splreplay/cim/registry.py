"""Endpoint.Registry: which key or value of the registry was changed, and by what.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Endpoint.json, "Registry".
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, name_of, of_assets, of_endpoints, unknown

COLUMNS = {
    "action": unknown("action"),
    "dest": unknown("dest"),
    "parent_process": unknown("parent_process"),
    "parent_process_name": name_of("parent_process_name", "parent_process"),
    **as_extracted("parent_process_exec", "parent_process_guid", "parent_process_hash", "parent_process_id"),
    **as_extracted("parent_process_path"),
    "process": unknown("process"),
    "process_name": name_of("process_name", "process"),
    **as_extracted("process_exec", "process_guid", "process_hash", "process_id", "process_path", "image"),
    **as_extracted("registry_hive", "registry_value_text", "status", "vendor_product"),
    "registry_key_name": unknown("registry_key_name"),
    "registry_path": unknown("registry_path"),
    "registry_value_data": unknown("registry_value_data"),
    "registry_value_name": unknown("registry_value_name"),
    "registry_value_type": unknown("registry_value_type"),
    "user": unknown("user"),
    **of_assets("dest", "user"),
    **of_endpoints("dest"),
}
