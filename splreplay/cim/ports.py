"""Endpoint.Ports: which port is open where.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Endpoint.json, "Ports".
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, of_assets, of_endpoints, unknown, zero

COLUMNS = {
    **as_extracted("creation_time", "process_guid", "process_id", "state", "vendor_product"),
    "dest": unknown("dest"),
    "dest_port": zero("dest_port"),
    "src": unknown("src"),
    "src_port": zero("src_port"),
    "transport": unknown("transport"),
    "transport_dest_port": f"{unknown('transport')} || '/' || {zero('dest_port')}",
    "user": unknown("user"),
    **of_assets("dest", "src", "user"),
    **of_endpoints("dest", "src"),
}
