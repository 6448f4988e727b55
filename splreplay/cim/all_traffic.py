"""Network_Traffic.All_Traffic: who talked to whom.

Source: aplura/splunk-sa-cim@337e5bba (CIM 6.4.0) default/data/models/Network_Traffic.json, "All_Traffic".
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, of_assets, unknown, zero

COLUMNS = {
    "action": unknown("action"),
    **as_extracted("app", "bytes", "bytes_in", "bytes_out", "channel", "direction", "duration", "flow_id"),
    "dest": unknown("dest"),
    "dest_port": zero("dest_port"),
    **as_extracted("dest_interface", "dest_ip", "dest_mac", "dest_translated_ip", "dest_translated_port", "dest_zone"),
    "dvc": unknown("dvc"),
    **as_extracted("dvc_ip", "dvc_mac", "dvc_zone", "icmp_code", "icmp_type", "packets", "packets_in", "packets_out"),
    **as_extracted("process_guid", "process_id", "protocol", "protocol_version", "response_time"),
    "rule": unknown("rule"),
    **as_extracted("rule_id", "session_id"),
    "src": unknown("src"),
    "src_port": zero("src_port"),
    **as_extracted("src_interface", "src_ip", "src_mac", "src_translated_ip", "src_translated_port", "src_zone"),
    **as_extracted("ssid", "tcp_flag", "tos", "ttl", "vendor_account", "vendor_product", "vlan", "wifi"),
    "transport": f"lower({unknown('transport')})",
    "user": unknown("user"),
    **of_assets("dest", "dvc", "src", "user"),
}
