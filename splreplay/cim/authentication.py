"""The data model Authentication: who logged on where, and who failed to.

Source: aplura/splunk-sa-cim@733c1a28 default/data/models/Authentication.json.
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, of_assets, or_unknown

AUTHENTICATION = {
    **or_unknown("action"),
    "app": "coalesce(app, 'XmlWinEventLog')",
    **as_extracted("authentication_method", "authentication_service"),
    **or_unknown("dest"),
    **as_extracted("dest_nt_domain", "duration", "process", "reason", "reason_id", "response_time"),
    **or_unknown("result"),
    **as_extracted("session_id", "signature", "signature_id"),
    **or_unknown("src"),
    **as_extracted("src_nt_domain"),
    **or_unknown("src_user"),
    **as_extracted("src_user_id", "src_user_role", "src_user_type"),
    **or_unknown("user"),
    **as_extracted("user_agent", "user_id", "user_role", "user_type", "vendor_account", "vendor_product"),
    **of_assets("dest", "src", "src_user", "user"),
}
# The root's constraint: `NOT (action=success user=*$)`, so no computer that logs on is in it.
CONSTRAINT = "NOT coalesce(lower(action) = 'success' AND ends_with(user, '$'), false)"
# What takes the tags `default`, `insecure` or `privileged` is not known of each event, so these children are not here.
CHILDREN = {
    "Failed_Authentication": "lower(action) = 'failure'",
    "Successful_Authentication": "lower(action) = 'success'",
}
