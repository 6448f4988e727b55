"""Where every value is kept, the table holds every value that another parser finds in the log."""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from splreplay.logs import names
from splreplay.logs.names import Wanted
from tests.conftest import REPO
from tests.logs.conftest import COMMON, Loaded, event

REAL = [
    "corpus_evtx_mdecrevoisier.xml",
    "corpus_evtx_omerbenamram.xml",
    "corpus_evtx_dfirmuseum.xml.gz",
    "installutil_security_otrf_2020-09-19.xml",
]
SHARED = REPO.parent / "shared" / "data"
EVERY = Wanted(every=True, raw=True)
ALONE = ("Provider", "TimeCreated", "Correlation", "Execution", "Security", "EventID", "Computer", "Channel")


def local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition("}")[2]


def values(root: ET.Element) -> dict[str, str]:
    """Return the named values of an event, as the standard library's parser sees them."""
    found: dict[str, str] = {}
    for element in root.iterfind("{*}System/*"):
        for name, text in element.attrib.items():
            if (local(element.tag), name) != ("Provider", "Name"):
                found[f"System/{name}"] = text
        if local(element.tag) not in ALONE:
            found[f"System/{local(element.tag)}"] = "".join(element.itertext())
    for element in root.iterfind("{*}EventData/*[@Name]"):
        found.setdefault(element.attrib["Name"], "".join(element.itertext()))
    for element in root.iterfind("{*}UserData//*"):
        if not len(element):
            found.setdefault(element.get("Name") or local(element.tag), element.text or "")
    for element in root.iterfind("{*}RenderingInfo/*"):
        found.setdefault(f"RenderingInfo/{local(element.tag)}", "".join(element.itertext()))
    return found


def held(log: Loaded) -> list[dict[str, str]]:
    """Return the named values of each event of the table."""
    rows = log.connection.sql("SELECT * FROM event")
    columns = rows.columns
    return [
        {names.name_of(name): cell for name, cell in zip(columns, row, strict=True) if "#" in name and cell is not None}
        for row in rows.fetchall()
    ]


@pytest.mark.parametrize(
    "path",
    [*sorted((REPO / "tests" / "recordings").glob("*.xml")), *(SHARED / name for name in REAL)],
    ids=lambda path: path.name,
)
def test_every_value_of_every_event(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each (event, name, value) is found, and no other, wherever blocks end; the text is that of the log."""
    if not path.exists():
        pytest.skip("the recorded attacks (../shared/data) are not on this machine")
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", 100_000)
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    texts = [match[0].decode() for match in re.finditer(rb"<Event[\s>].*?</Event>", content, re.DOTALL)]
    log = Loaded(path, fields=EVERY)
    raw = [text for (text,) in log.connection.sql("SELECT raw FROM event").fetchall()]
    assert (texts, [values(ET.fromstring(text)) for text in texts]) == (raw, held(log))


def test_names_that_come_late_begin_a_new_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What earlier events lack is empty there, and the order stays."""
    monkeypatch.setattr("splreplay.logs.table.GROUP_ROWS", 1)
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", 1)
    monkeypatch.setattr("splreplay.logs.formats.xml.SMALL_BYTES", 0)
    path = tmp_path / "log"
    path.write_text("\n".join(event({name: name}) for name in ("a", "b", "a", "A")), encoding="utf-8")
    log = Loaded(path, fields=EVERY)
    parts = sorted(file.name for file in Path(log.folder.name).rglob("*.parquet"))
    assert (["0000.parquet", "0001.parquet", "0002.parquet"], [*"aba", "A"]) == (
        parts,
        [next(value for value in row if value) for row in log.select("a", "b", "A")],
    )


def test_too_many_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those beyond the bound are left out, which is said; the events are there."""
    monkeypatch.setattr("splreplay.logs.events.MAX_NAMES", 20)
    path = tmp_path / "log"
    path.write_text("\n".join(event({f"Name{n}": "x", "n" * 200: "y"}) for n in range(50)), encoding="utf-8")
    log = Loaded(path, fields=EVERY)
    kept = Counter(name for row in held(log) for name in row if name.startswith("Name"))
    told = "its events have more names of values than the 2,000 that are kept"
    assert (50, 19, told) == (
        len(log.values("time")),
        len(kept),
        log.report.warnings[0].partition(": ")[2][: len(told)],
    )


def test_a_record_that_is_no_xml_has_its_text_made(tmp_path: Path) -> None:
    """As Windows would render its values, escaped."""
    path = tmp_path / "log"
    path.write_text(
        '{"SourceName": "P", "EventID": 4624, "SystemTime": "2025-06-17T08:00:00Z", "Computer": "h", "Line": "a<b> \\"c\\""}\n',
        encoding="utf-8",
    )
    log = Loaded(path, fields=EVERY)
    [(text,)] = log.connection.sql("SELECT raw FROM event").fetchall()
    root = ET.fromstring(text)
    assert ("P", "4624", "h", 'a<b> "c"') == (
        root.find("{*}System/{*}Provider").attrib["Name"],
        root.findtext("{*}System/{*}EventID"),
        root.findtext("{*}System/{*}Computer"),
        values(root)["Line"],
    )


def test_the_common_columns_are_no_values(tmp_path: Path) -> None:
    """A value named as one of them is another column."""
    path = tmp_path / "log"
    path.write_text(event(dict.fromkeys((*COMMON, "source", "raw", "filename"), "x")), encoding="utf-8")
    log = Loaded(path, fields=EVERY)
    assert [("Microsoft-Windows-Sysmon", 1, str(path))] == log.select("provider", "event_id", "source")
