"""The data model Network_Traffic: who talked to whom.

Source: aplura/splunk-sa-cim@337e5bba (CIM 6.4.0) default/data/models/Network_Traffic.json, "All_Traffic".
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, of_assets, or_unknown, unknown, zero

ALL_TRAFFIC = {
    **or_unknown("action"),
    **as_extracted("app", "bytes", "bytes_in", "bytes_out", "channel", "direction", "duration", "flow_id"),
    **or_unknown("dest"),
    "dest_port": zero("dest_port"),
    **as_extracted("dest_interface", "dest_ip", "dest_mac", "dest_translated_ip", "dest_translated_port", "dest_zone"),
    **or_unknown("dvc"),
    **as_extracted("dvc_ip", "dvc_mac", "dvc_zone", "icmp_code", "icmp_type", "packets", "packets_in", "packets_out"),
    **as_extracted("process_guid", "process_id", "protocol", "protocol_version", "response_time"),
    **or_unknown("rule"),
    **as_extracted("rule_id", "session_id"),
    **or_unknown("src"),
    "src_port": zero("src_port"),
    **as_extracted("src_interface", "src_ip", "src_mac", "src_translated_ip", "src_translated_port", "src_zone"),
    **as_extracted("ssid", "tcp_flag", "tos", "ttl", "vendor_account", "vendor_product", "vlan", "wifi"),
    "transport": f"lower({unknown('transport')})",
    **or_unknown("user"),
    **of_assets("dest", "dvc", "src", "user"),
}
