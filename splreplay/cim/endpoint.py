"""The data model Endpoint: files, open ports, processes, the registry and services.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Endpoint.json.
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, name_of, of_assets, of_endpoints, or_unknown, unknown, zero

# Of the process that did something, and of its parent.
_PARENT = {
    **or_unknown("parent_process"),
    "parent_process_name": name_of("parent_process_name", "parent_process"),
    **as_extracted("parent_process_exec", "parent_process_guid", "parent_process_hash", "parent_process_id"),
    **as_extracted("parent_process_path"),
}
_PROCESS = {
    **or_unknown("process"),
    "process_name": name_of("process_name", "process"),
    **as_extracted("process_exec", "process_guid", "process_hash", "process_id", "process_path", "image"),
}

# Which file was made, changed or deleted, and by what.
FILESYSTEM = {
    **or_unknown("action", "dest"),
    **as_extracted("file_access_time", "file_create_time", "file_modify_time"),
    **or_unknown("file_acl", "file_hash", "file_name", "file_path"),
    "file_size": "CASE WHEN try_cast(file_size AS DOUBLE) IS NOT NULL THEN file_size END",
    **_PARENT,
    **_PROCESS,
    **as_extracted("vendor_product"),
    **or_unknown("user"),
    **of_assets("dest", "user"),
    **of_endpoints("dest"),
}

# Which port is open where.
PORTS = {
    **as_extracted("creation_time", "process_guid", "process_id", "state", "vendor_product"),
    **or_unknown("dest"),
    "dest_port": zero("dest_port"),
    **or_unknown("src"),
    "src_port": zero("src_port"),
    **or_unknown("transport"),
    "transport_dest_port": f"{unknown('transport')} || '/' || {zero('dest_port')}",
    **or_unknown("user"),
    **of_assets("dest", "src", "user"),
    **of_endpoints("dest", "src"),
}

# Which process started where, by whom, from what.
PROCESSES = {
    **as_extracted("action", "cpu_load_percent", "mem_used", "os"),
    **or_unknown("dest", "loaded_file", "original_file_name"),
    **_PARENT,
    **or_unknown("parent_user", "process"),
    "process_name": name_of("process_name", "process"),
    **as_extracted("process_current_directory", "process_exec", "process_guid", "process_hash", "process_id"),
    # The root search of the dataset: `eval process_integrity_level=lower(process_integrity_level)`.
    "process_integrity_level": "lower(process_integrity_level)",
    **as_extracted("process_path", "user_id", "vendor_product"),
    **or_unknown("user"),
    **of_assets("dest", "user"),
    **of_endpoints("dest"),
    **as_extracted("dest_is_expected"),
}

# Which key or value of the registry was changed, and by what.
REGISTRY = {
    **or_unknown("action", "dest"),
    **_PARENT,
    **_PROCESS,
    **as_extracted("registry_hive", "registry_value_text", "status", "vendor_product"),
    **or_unknown("registry_key_name", "registry_path", "registry_value_data", "registry_value_name"),
    **or_unknown("registry_value_type", "user"),
    **of_assets("dest", "user"),
    **of_endpoints("dest"),
}

# Which service is installed or runs where.
SERVICES = {
    **or_unknown("dest"),
    **as_extracted("description", "process_guid", "process_id", "vendor_product"),
    **or_unknown("service", "service_id", "service_name"),
    **as_extracted("service_exec", "service_hash", "service_path"),
    **as_extracted("service_signature_exists", "service_signature_verified"),
    **as_extracted("service_dll", "service_dll_hash", "service_dll_path"),
    **as_extracted("service_dll_signature_exists", "service_dll_signature_verified"),
    **or_unknown("start_mode", "status", "user"),
    **of_assets("dest", "user"),
    **of_endpoints("dest"),
    **as_extracted("dest_is_expected"),
}
