"""Endpoint.Ports: which port is open where.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Endpoint.json, "Ports".
"""

from __future__ import annotations

from replay.cim.fill import unknown, zero

COLUMNS = {
    "creation_time": "creation_time",
    "dest": unknown("dest"),
    "dest_port": zero("dest_port"),
    "process_guid": "process_guid",
    "process_id": "process_id",
    "src": unknown("src"),
    "src_port": zero("src_port"),
    "state": "state",
    "transport": unknown("transport"),
    "transport_dest_port": f"{unknown('transport')} || '/' || {zero('dest_port')}",
    "user": unknown("user"),
    "vendor_product": "vendor_product",
}
