"""Network_Traffic.All_Traffic: who talked to whom.

Source: aplura/splunk-sa-cim@337e5bba (CIM 6.4.0) default/data/models/Network_Traffic.json, "All_Traffic".
Fields that no Sysmon event fills (bytes, icmp_type, vlan, *_mac, *_zone …) are left out.
"""

from __future__ import annotations

from replay.cim.fill import unknown, zero

COLUMNS = {
    "action": unknown("action"),
    "app": "app",
    "dest": unknown("dest"),
    "dest_ip": "dest_ip",
    "dest_port": zero("dest_port"),
    "direction": "direction",
    "dvc": unknown("dvc"),
    "process_guid": "process_guid",
    "process_id": "process_id",
    "protocol": "protocol",
    "rule": unknown("NULL"),
    "src": unknown("src"),
    "src_ip": "src_ip",
    "src_port": zero("src_port"),
    "transport": f"lower({unknown('transport')})",
    "user": unknown("user"),
    "vendor_product": "vendor_product",
}


def columns(addon: str) -> dict[str, str]:
    """Return the dataset's fields; process_guid came with CIM 6.4.0."""
    return {field: sql for field, sql in COLUMNS.items() if field != "process_guid" or addon == "current"}
