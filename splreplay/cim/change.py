"""The data model Change: what was changed, and by whom: accounts and groups, audit policy and logs, endpoints.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/Change.json.
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, of_assets, or_unknown, unknown

ALL_CHANGES = {
    **or_unknown("action", "change_type", "command", "dest", "dvc"),
    **or_unknown("object", "object_attrs", "object_category", "object_id", "object_path"),
    "result": "coalesce(result, signature, 'unknown')",
    "result_id": "coalesce(signature_id, '-1')",
    **or_unknown("src", "status", "user", "user_name"),
    **as_extracted("user_agent", "user_type", "vendor_account", "vendor_product", "vendor_region"),
    **of_assets("dest", "src", "user"),
    **{
        f"Account_Management.{field}": f"CASE WHEN list_contains(nodes, 'Account_Management') THEN {unknown(field)} END"
        for field in ("dest_nt_domain", "src_nt_domain", "src_user", "src_user_name")
    },
    "Account_Management.src_user_type": '"src_user_type"',
}
_ACCOUNT = "list_contains(nodes, 'Account_Management')"
_ENDPOINT = "list_contains(nodes, 'Endpoint_Changes')"
# No event here is of a network or a virtual machine, or restarts one.
CHILDREN = {
    "Auditing_Changes": "list_contains(nodes, 'Auditing_Changes')",
    "Endpoint_Changes": _ENDPOINT,
    "Endpoint_Changes.Other_Endpoint_Changes": _ENDPOINT,
    "Account_Management": _ACCOUNT,
    "Account_Management.Accounts_Created": f"{_ACCOUNT} AND action = 'created'",
    "Account_Management.Accounts_Deleted": f"{_ACCOUNT} AND action = 'deleted'",
    "Account_Management.Account_Lockouts": f"{_ACCOUNT} AND result = 'lockout'",
    "Account_Management.Accounts_Updated": f"{_ACCOUNT} AND action IN ('updated', 'modified')",
}
