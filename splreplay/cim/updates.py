"""The data model Updates, which no event that replay reads fills: its fields are here, and no rows.

Splunk_TA_windows tags as updates the events of the System channel whose text says "Windows Update Agent" (8.4.0 eventtypes.conf,
windows_system_update), which an event in XML does not.

Source: aplura/splunk-sa-cim@642ad83a default/data/models/Updates.json.
"""

from __future__ import annotations

from splreplay.cim.fill import as_extracted, of_assets, or_unknown

UPDATES = {
    **or_unknown("dest"),
    **as_extracted("dest_should_update", "dvc", "file_hash", "file_name", "severity", "severity_id"),
    **or_unknown("signature", "signature_id", "status"),
    **as_extracted("vendor_product"),
    **of_assets("dest"),
}
