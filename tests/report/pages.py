"""Reports for tests: made from a run, rows and warnings, and read back as a browser would."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import html as parser

from splreplay import report
from splreplay.output import Notice, Results
from splreplay.report.about import About, LogFile
from splreplay.sql.values import Value

RUN = About(
    name="A saved search",
    search="| tstats count",
    app="some_app 1.2.3",
    options=[("mapping of Sysmon", "current"), ("time range", "all time")],
    logs=[LogFile("a.xml", 1_234, 2, "Sysmon 1 (2)", 0, "2025-06-15 15:06:40 UTC", "2025-06-15 15:16:40 UTC")],
    logs_left=0,
    events=2,
    first=1_750_000_000.0,
    last=1_750_000_600.0,
    warnings=[],
)
FINDING: dict[str, Value] = {
    "_time": "1750000060",
    "dest": "WS1",
    "user": "alice",
    "parent_process_name": "cmd.exe",
    "process_name": "InstallUtil.exe",
    "process": "InstallUtil.exe /U payload.dll",
    "process_guid": "{1}",
    "process_id": "100",
    "connection_to_CNC": "203.0.113.10",
    "dest_port": "443",
    "risk_score": "80",
    "risk_message": "cmd.exe spawned InstallUtil.exe",
    "risk_user": "alice",
}


def page(*rows: dict[str, Value], warnings: Sequence[str] = (), notes: Sequence[str] = (), run: About = RUN) -> str:
    """Return the report on some rows, with the fields that they have."""
    fields = list(dict.fromkeys(name for row in rows for name in row))
    notices = [*(Notice("doubt", warning) for warning in warnings), *(Notice("note", note) for note in notes)]
    return report.html(run, Results(fields, rows, notices))


def read(text: str) -> parser.HtmlElement:
    """Return a page parsed."""
    return parser.document_fromstring(text.encode(), parser=parser.HTMLParser(encoding="utf-8", huge_tree=True))


def words(element: parser.HtmlElement) -> str:
    """Return the text of an element, with white space as a browser lays it out."""
    return " ".join(element.text_content().split())


def texts(document: parser.HtmlElement, xpath: str) -> list[str]:
    """Return the text of each element that *xpath* names."""
    return [words(element) for element in document.xpath(xpath)]
