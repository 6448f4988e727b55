"""Cases for tests of the hunt's report: detections, what came of them, and logs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from splreplay.detections.source import Detection, RiskObject
from splreplay.hunt.case import Case, case
from splreplay.hunt.outcome import Category, Outcome, Place, fired
from splreplay.located import Text
from splreplay.logs.report import FileReport, LoadReport, Passed
from splreplay.output import Notice, Results
from splreplay.sql.values import Value

Hunted = tuple[Detection, Outcome]

REPORT = LoadReport(
    (FileReport("a.xml", "xml", {("Microsoft-Windows-Sysmon", 1): 7, ("Microsoft-Windows-Sysmon", 3): 2}, 0, ()),),
    (Passed("b.txt", "no event log"),),
)
IN_A = Place(("a.xml",))
SPAN = (1_750_000_000.0, 1_750_000_600.0)
PROCESS: dict[str, Value] = {
    "_time": "1750000060",
    "dest": "WS1",
    "user": "alice",
    "parent_process_name": "cmd.exe",
    "process_name": "InstallUtil.exe",
    "process": "InstallUtil.exe /U payload.dll",
    "process_guid": "{1}",
    "process_id": "100",
    "count": "1",
}


def detection(
    name: str, *techniques: str, kind: str = "TTP", score: float = 80, message: str = "$process_name$ on $dest$"
) -> Detection:
    """Return a detection that puts `dest` and `user` at risk."""
    objects = (RiskObject("dest", "system", score), RiskObject("user", "user", score))
    text = Text("search *", 1, 1)
    messages = (Text(message, 1, 1),) if message else ()
    return Detection(Path(f"{name[:20]}.yml"), name, text, messages, (), None, kind, techniques, objects)


def found(one: Detection, *rows: dict[str, Value], warnings: Sequence[str] = (), place: Place = IN_A) -> Hunted:
    """Return a detection and its results."""
    fields = list(dict.fromkeys(name for row in rows for name in row))
    notices = [Notice("blind", warning) for warning in warnings]
    return one, fired(one, Results(fields, rows, notices), place)


def unseen(name: str, category: Category, reason: str) -> Hunted:
    """Return a detection that could see nothing."""
    return detection(name), Outcome(category, reason)


def doubtful(name: str, *warnings: str) -> Hunted:
    """Return a detection that found nothing, and what its run was warned of."""
    return detection(name), Outcome(results=Results((), (), [Notice("doubt", warning) for warning in warnings]))


def made(*hunted: Hunted, report: LoadReport = REPORT) -> Case:
    """Return the case of what came of some detections."""
    return case(report, SPAN, hunted)
