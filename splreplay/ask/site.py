"""What the site has of that which is asked about: apps, data models and whether they are accelerated, and the time zone.

That it lacks something is no fault. The answer names it, and what needs it is not asked.

Source: REST API Reference Manual, "Knowledge endpoint descriptions" (datamodel/model, whose `acceleration` is JSON with `enabled`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from splreplay.ask.client import WHO, RefusedError, SlowError, Splunk
from splreplay.errors import UsageError

OURS = "DA-ESS-InstallUtilRBA"
SECURITY = "SplunkEnterpriseSecuritySuite"
CIM = "Splunk_SA_CIM"
SYSMON = "Splunk_TA_microsoft_sysmon"
# What the app can lean on, each with what is not asked without it.
APPS = {
    OURS: "nothing of it is asked",
    SECURITY: "it is not asked what it sees of the app",
    CIM: "no search of its data models is asked, and no recording sent",
    SYSMON: "no recording is sent",
    "Splunk_TA_windows": "unless another add-on maps the Security channel, it is in no data model",
    "DA-ESS-ContentUpdate": "nothing there has a macro of the same name as ours",
}
MODELS = ("Endpoint", "Network_Traffic")
# Offsets in winter and in summer, and at the start of 1970: UTC has none at any time.
ZONE = '| makeresults | eval z=strftime(0,"%z")." ".strftime(1735689600,"%z")." ".strftime(1751328000,"%z") | table z'
UTC = [{"z": "+0000 +0000 +0000"}]
# What depends on the time zone: dates as text, and spans of time, which begin with the day.
ZONED = re.compile(
    r"\b(strftime|strptime|relative_time|convert|timechart|timewrap|sparkline)\b|\bspan *= *\d*[a-z]|\b(bin|bucket)\b[^|]*\b_time\b",
    re.I,
)


@dataclass(frozen=True)
class Site:
    """What was found there.

    Attributes:
        apps: The version of each app.
        models: Whether each data model that is there is accelerated; None where that is not said.
        utc: Whether the user's time zone is UTC, as it is replay's.
    """

    apps: Mapping[str, str]
    models: Mapping[str, bool | None]
    utc: bool

    @property
    def addon(self) -> str:
        """How replay is to map Sysmon for it: before version 6.4, the CIM has no GUID in Network_Traffic."""
        version = tuple(map(int, re.findall(r"\d{1,4}", self.apps.get(CIM, ""))[:2]))
        return "cim5" if version and version < (6, 4) else "current"

    @property
    def lacks(self) -> list[str]:
        """What is not there, and what that means here."""
        found = [f"the app {name} is not installed: {what}" for name, what in APPS.items() if name not in self.apps]
        for name in MODELS:
            if name not in self.models:
                found.append(
                    f"the data model {name} is not there, or this user does not see it: no search of it is asked"
                )
            elif not self.models[name]:
                said = "is not accelerated" if self.models[name] is False else "does not say whether it is accelerated"
                found.append(f"the data model {name} {said}: without summaries, searches read every event")
        if not self.utc:
            found.append("the user's time zone is not UTC: what depends on it is not asked")
        return found

    def lacking(self, search: str, models: Collection[str] = ()) -> str:
        """Return which data model a search needs that is not there; an empty text if none. *models* are those that it does not name.

        A search with `summariesonly=true` asks what there is without summaries.
        """
        named = {*re.findall(r"\bdatamodel[=:]\"?(\w+)", search), *models}
        if absent := named - self.models.keys():
            return f"the data model {', '.join(sorted(absent))}"
        if "summariesonly=true" in search and any(self.models[name] is not False for name in named):
            return "a data model without acceleration"
        return ""

    def lacking_for(self, search: str) -> str:
        """Return the same of a search whose rows are compared: they may depend on the time zone, too."""
        return self.lacking(search) or ("the time zone UTC" if ZONED.search(search) and not self.utc else "")


def look(splunk: Splunk) -> Site:
    """Return what a Splunk has; UsageError if this user may not list its apps, or not search."""
    apps, models = splunk.apps(), {}
    for name in MODELS:
        try:
            models[name] = accelerated(splunk.content(f"datamodel/model/{name}", "search"))
        except (RefusedError, SlowError):
            continue
    try:
        return Site(apps, models, utc=splunk.search(ZONE) == UTC)
    except (RefusedError, SlowError) as error:
        raise UsageError("Splunk does not run the simplest search for this user", WHO) from error


def accelerated(content: Mapping[str, Any]) -> bool | None:
    """Return whether a data model is accelerated, by its content; None if that does not say.

    `acceleration` is an object, as JSON within the JSON. Splunk 6.1 writes 1 for true (splunk-sdk-java, DataModel.java).
    """
    value = content.get("acceleration")
    try:
        value = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None
    enabled = value.get("enabled") if isinstance(value, dict) else value
    return {"true": True, "1": True, "false": False, "0": False}.get(str(enabled).lower())
