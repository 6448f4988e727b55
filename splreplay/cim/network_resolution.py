"""The data model Network_Resolution: who asked for which name, and what came back.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Network_Resolution.json, "DNS".
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, of_assets, or_unknown

# What the lookup cim_dns_reply_code_lookup is known to hold: the examples that the model gives.
REPLY_CODES = {"0": "No Error", "1": "Format Error", "2": "Server Failure", "3": "Non-Existent Domain"}
_CASES = " ".join(f"WHEN '{number}' THEN '{name}'" for number, name in REPLY_CODES.items())

DNS = {
    **as_extracted("additional_answer_count", "authority_answer_count"),
    # These two can have several values: a query has several answers, and each its type.
    "answer": "coalesce(answer, ['unknown'])",
    "answer_count": "CAST(len(coalesce(answer, ['unknown'])) AS VARCHAR)",
    **or_unknown("dest"),
    **as_extracted("dest_ip", "dest_port", "duration"),
    **or_unknown("message_type"),
    **as_extracted("name", "query_type"),
    **or_unknown("query"),
    "query_count": "'1'",
    "reply_code": f"CASE reply_code_id {_CASES} END",
    **or_unknown("reply_code_id"),
    **as_extracted("record_type", "response_time", "src", "src_ip", "src_port", "transport", "transaction_id", "ttl"),
    **as_extracted("vendor_product"),
    **of_assets("dest", "src"),
}
