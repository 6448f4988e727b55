"""What is asked of the app, where it is installed: nothing of what its searches find at the site is kept."""

from __future__ import annotations

from collections.abc import Iterator

from splreplay.app import App
from splreplay.ask.asking import Task
from splreplay.ask.language import may_write
from splreplay.ask.site import MODELS, OURS, SECURITY, Site

# Those without an action; the others have one, and are only parsed.
RUN = (" - Hunt", " - As Published")
LOOKUPS = (
    "installutil_rba_detections",
    "installutil_rba_entities",
    "installutil_rba_score_modifiers",
    "installutil_rba_ignored_objects",
)
VIEW = "data/ui/views: installutil_risk"
ENRICHED = """| makeresults | eval dest="host-1", user="user-1", connection_to_CNC="198.51.100.7", process_name="InstallUtil.exe"
| rbaenrich detection="Windows InstallUtil Remote Network Connection" | eval scored=if(isnum(risk_score), "yes", "no") | table scored"""


def of_app(app: App, site: Site) -> Iterator[Task]:
    """Yield what is asked of the app; nothing where it is not installed."""
    if OURS not in site.apps:
        return
    for name, saved in app.saved_searches.items():
        yield Task("app", f"the parser takes: {name}", saved.search, "parses", OURS)
        if name.endswith(RUN) and not may_write(app, saved.search):
            yield Task("app", f"runs: {name}", saved.search, "runs", OURS)
    yield Task("app", "rbaenrich scores a result", ENRICHED, "rows", OURS)
    yield Task("app", "the dashboard's searches run", VIEW, "loads", OURS, models=MODELS)
    macros = ", ".join(sorted(name for name, macro in app.macros.items() if name.startswith("installutil_")))
    lookups = f"data/transforms/lookups: {', '.join(LOOKUPS)}"
    for other in ("search", SECURITY):
        if other == "search" or other in site.apps:
            yield Task("app", f"macros, seen from {other}", f"configs/conf-macros: {macros}", "sees", other)
            yield Task("app", f"lookups, seen from {other}", lookups, "sees", other)
            # Its searches call macros by names that another app may have, so metadata/default.meta keeps it in its own.
            yield Task("app", f"the dashboard, kept out of {other}", VIEW, "hides", other)
