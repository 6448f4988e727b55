"""Turn the checkout into the Splunk app: render, vendor, check, pack, inspect; one module a step."""

from __future__ import annotations

# The app's id: the archive's top folder, app.conf [package] id, app.manifest info.id.name.
APP = "DA-ESS-InstallUtilRBA"
