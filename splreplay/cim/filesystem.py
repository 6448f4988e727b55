"""Endpoint.Filesystem: which file was made, changed or deleted, and by what.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Endpoint.json, "Filesystem".
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, name_of, of_assets, of_endpoints, unknown

COLUMNS = {
    "action": unknown("action"),
    "dest": unknown("dest"),
    **as_extracted("file_access_time", "file_create_time", "file_modify_time"),
    "file_acl": unknown("file_acl"),
    "file_hash": unknown("file_hash"),
    "file_name": unknown("file_name"),
    "file_path": unknown("file_path"),
    "file_size": "CASE WHEN try_cast(file_size AS DOUBLE) IS NOT NULL THEN file_size END",
    "parent_process": unknown("parent_process"),
    "parent_process_name": name_of("parent_process_name", "parent_process"),
    **as_extracted("parent_process_exec", "parent_process_guid", "parent_process_hash", "parent_process_id"),
    **as_extracted("parent_process_path"),
    "process": unknown("process"),
    "process_name": name_of("process_name", "process"),
    **as_extracted("process_exec", "process_guid", "process_hash", "process_id", "process_path", "image"),
    **as_extracted("vendor_product"),
    "user": unknown("user"),
    **of_assets("dest", "user"),
    **of_endpoints("dest"),
}
