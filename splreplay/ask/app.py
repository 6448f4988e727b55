"""What is asked of the app, where it is installed: nothing of what its searches find at the site is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from splreplay.app import App
from splreplay.ask.asking import Task

OURS = "DA-ESS-InstallUtilRBA"
SECURITY = "SplunkEnterpriseSecuritySuite"
# What the app can lean on. That one is not there is no fault; the answer says which are.
APPS = (OURS, SECURITY, "Splunk_SA_CIM", "DA-ESS-ContentUpdate", "Splunk_TA_microsoft_sysmon", "Splunk_TA_windows")
# Those without an action; the others have one, and are only parsed.
RUN = (" - Hunt", " - As Published")
LOOKUPS = (
    "installutil_rba_detections",
    "installutil_rba_entities",
    "installutil_rba_score_modifiers",
    "installutil_rba_ignored_objects",
)
ENRICHED = """| makeresults | eval dest="host-1", user="user-1", connection_to_CNC="198.51.100.7", process_name="InstallUtil.exe"
| rbaenrich detection="Windows InstallUtil Remote Network Connection" | eval scored=if(isnum(risk_score), "yes", "no") | table scored"""


def of_app(app: App, installed: Mapping[str, str]) -> Iterator[Task]:
    """Yield what is asked of the app; nothing where it is not *installed*."""
    if OURS not in installed:
        return
    for name, saved in app.saved_searches.items():
        yield Task("app", f"the parser takes: {name}", saved.search, "parses", OURS)
        if name.endswith(RUN):
            yield Task("app", f"runs: {name}", saved.search, "runs", OURS)
    yield Task("app", "rbaenrich scores a result", ENRICHED, "rows", OURS)
    macros = ", ".join(sorted(name for name, macro in app.macros.items() if name.startswith("installutil_")))
    for other in ("search", SECURITY):
        if other == "search" or other in installed:
            yield Task("app", f"macros, seen from {other}", f"configs/conf-macros: {macros}", "sees", other)
            yield Task(
                "app", f"lookups, seen from {other}", f"data/transforms/lookups: {', '.join(LOOKUPS)}", "sees", other
            )
    yield Task("app", "the dashboard is there", "data/ui/views: installutil_risk", "sees", OURS)
