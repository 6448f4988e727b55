"""The data model Web, which no event that replay reads fills: its fields are here, and no rows. Proxies and web servers fill it.

Source: aplura/splunk-sa-cim@42a3807b default/data/models/Web.json.
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, of_assets, or_unknown

WEB = {
    **or_unknown("action"),
    **as_extracted("app", "bytes", "bytes_in", "bytes_out", "cached", "category", "cookie"),
    **or_unknown("dest"),
    **as_extracted("dest_ip", "dest_port", "duration"),
    **or_unknown("http_content_type", "http_method", "http_referrer"),
    **as_extracted("http_referrer_domain"),
    **or_unknown("http_user_agent"),
    **as_extracted("http_user_agent_length", "response_time", "site"),
    **or_unknown("src"),
    **as_extracted("src_ip"),
    **or_unknown("status"),
    **as_extracted("uri_path", "uri_query"),
    **or_unknown("url"),
    **as_extracted("url_domain", "url_length"),
    **or_unknown("user"),
    **as_extracted("vendor_product"),
    **{f"Storage.{field}": f'"{field}"' for field in ("error_code", "operation", "storage_name")},
    **of_assets("dest", "src", "user"),
}
