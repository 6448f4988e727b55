"""Endpoint.Services: which service is installed or runs where.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Endpoint.json, "Services".
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, of_assets, of_endpoints, unknown

COLUMNS = {
    "dest": unknown("dest"),
    **as_extracted("description", "process_guid", "process_id", "vendor_product"),
    "service": unknown("service"),
    "service_id": unknown("service_id"),
    "service_name": unknown("service_name"),
    **as_extracted("service_exec", "service_hash", "service_path"),
    **as_extracted("service_signature_exists", "service_signature_verified"),
    **as_extracted("service_dll", "service_dll_hash", "service_dll_path"),
    **as_extracted("service_dll_signature_exists", "service_dll_signature_verified"),
    "start_mode": unknown("start_mode"),
    "status": unknown("status"),
    "user": unknown("user"),
    **of_assets("dest", "user"),
    **of_endpoints("dest"),
    **as_extracted("dest_is_expected"),
}
