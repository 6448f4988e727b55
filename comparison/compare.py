"""Compare the published search with ours over a log, on each add-on, and show the alerts for a reader."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from splreplay import cim
from splreplay.app import App
from splreplay.engine import replay
from splreplay.logs import LoadReport
from splreplay.output import Results, as_json_row, printable
from splreplay.planning import Plan, plan
from splreplay.recording import Recording
from splreplay.run import Means
from splreplay.sql.values import Value

SCHEDULED = "Windows InstallUtil Remote Network Connection"
PUBLISHED = f"{SCHEDULED} - As Published"
SEARCHES = (PUBLISHED, SCHEDULED)
VALUES = 10  # of a field, shown


def plans(app: App) -> dict[str, dict[str, Plan]]:
    """Return the plan of each search, by its name and add-on; SplError if one cannot be run."""
    return {name: {addon: plan(app, app.saved_search(name).search, addon) for addon in cim.ADDONS} for name in SEARCHES}


def text(recording: Recording, plans: Mapping[str, Mapping[str, Plan]], means: Means) -> str:
    """Return the comparison as text: the events read, a count for each search and add-on, then each alert once.

    Raises:
        SplError: Whatever is wrong with the app's searches.
    """
    results_of = {
        name: {addon: replay(planned, recording, means).results for addon, planned in by_addon.items()}
        for name, by_addon in plans.items()
    }
    parts = [_events(recording.report), _counts(results_of)]
    message = _published_message(results_of[PUBLISHED], plans[PUBLISHED]["current"].app)
    if message:
        parts.append(f'What the published search could say of it:\n  "{printable(message)}"\n')
    alerts: dict[str, tuple[Mapping[str, Value], list[str]]] = {}
    for addon, results in results_of[SCHEDULED].items():
        for row in results.rows:
            alerts.setdefault(str(row["risk_finding_id"]), (row, []))[1].append(f"{addon} by {row['match_basis']}")
    parts += [_alert(row, seen) for row, seen in alerts.values()] or ["No alert.\n"]
    parts += [f"warning: {printable(warning)}" for warning in _warnings(results_of)]
    return "\n".join(parts).rstrip() + "\n"


def _warnings(results_of: Mapping[str, Mapping[str, Results]]) -> list[str]:
    """Return what limits dropped, and where a search without results is blind, each once with its add-ons.

    That a CIM version lacks a field is not a warning here, because it is what is compared.
    """
    warned: dict[tuple[str, str], list[str]] = {}
    for name, by_addon in results_of.items():
        for addon, results in by_addon.items():
            for warning in results.of_kind("limit", *(() if results.rows else ("blind", "partly blind"))):
                warned.setdefault((name, warning), []).append(addon)
    return [f"{name}, on {', '.join(addons)}: {warning}" for (name, warning), addons in warned.items()]


def _events(report: LoadReport) -> str:
    lines = []
    for file in report.files:
        started, connected = (
            sum(file.counts.get(kind, 0) for kind in kinds) for kinds in (cim.PROCESSES_STARTED, cim.CONNECTIONS)
        )
        shown = f"{_count(started, 'process', 'es')} started, {_count(connected, 'connection')}"
        lines.append(f"{printable(file.path)}: {_count(file.events, 'event')} ({shown})")
    return "\n".join(lines) + "\n"


def _count(number: int, name: str, plural: str = "s") -> str:
    return f"{number:,} {name}{'' if number == 1 else plural}"


def _counts(results_of: Mapping[str, Mapping[str, Results]]) -> str:
    width = max(map(len, results_of))
    head = f"{'results on each Sysmon add-on':<{width}}" + "".join(f"{addon:>9}" for addon in cim.ADDONS)
    lines = [
        f"{name:<{width}}" + "".join(f"{len(by_addon[addon].rows):>9,}" for addon in cim.ADDONS)
        for name, by_addon in results_of.items()
    ]
    return "\n".join([head, *lines]) + "\n"


def _published_message(by_addon: Mapping[str, Results], app: App) -> str | None:
    """Return the published message with the tokens that the published search can fill, from its first result."""
    rows = [row for results in by_addon.values() for row in results.rows]
    templates = [row["risk_message"] for row in app.lookup("installutil_rba_detections").rows]
    if not rows or not templates or templates[0] is None:
        return None
    return re.sub(r"\$(\w+)\$", lambda token: _one_line(rows[0].get(token[1], token[0])), templates[0])


def _alert(row: Mapping[str, Value], seen: Sequence[str]) -> str:
    shown = as_json_row(row)

    def value(name: str, missing: str = "not recorded") -> str:
        recorded = shown.get(name, "-")
        return printable(_one_line(missing if recorded == "-" else recorded))

    times = (
        value("firstTime") if row["firstTime"] == row["lastTime"] else f"{value('firstTime')} to {value('lastTime')}"
    )
    guid = value("process_guid", "GUID not recorded")
    facts = {
        "score": f"{value('risk_score')} of 100: {value('risk_score_reason')}",
        "who": f"{value('user')} on {value('dest')}",
        "started": f"{value('_time')} by {value('parent_process_name')}, PID {value('process_id')}, {guid}",
        "runs": value("process"),
        "connects": f"to {value('connection_to_CNC')} port {value('dest_port')}, {times}",
        "risk to": ", ".join(
            f"{kind} {value(f'risk_{kind}')}" for kind in ("user", "system", "other") if f"risk_{kind}" in row
        )
        or value("risk_status"),
        "threats": value("threat_objects"),
        "ATT&CK": value("annotations.mitre_attack"),
        "finding": value("risk_finding_id"),
        "matched": ", ".join(seen),
    }
    lines = [f"ALERT  {value('risk_message')}", *(f"  {name:<9} {fact}" for name, fact in facts.items())]
    return "\n".join(lines) + "\n"


def _one_line(value: Value) -> str:
    """Return the values of a field, the first of many, with how many more there are."""
    if isinstance(value, str):
        return value
    more = [f"and {len(value) - VALUES:,} more"] if len(value) > VALUES else []
    return ", ".join([*value[:VALUES], *more])
