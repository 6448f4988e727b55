"""The page as a parser sees it: what it says of a run, and what it does with hostile text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html as parser

from splreplay import report
from splreplay.report import text
from splreplay.sql.values import Value
from tests.report.hostile import findings, payloads
from tests.report.pages import FINDING, RUN, page, read, texts, words

URL = "http://canary.invalid/"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "article", "h1", "h2", "h3"),
    *("p", "a", "br", "div", "span", "strong", "code", "pre", "img", "dl", "dt", "dd", "ol", "ul", "li"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "id", "class", "href", "src", "alt", "scope"),
    *("role", "aria-label", "aria-labelledby"),
}


def test_finding() -> None:
    """A finding shows its message, its score, the path from parent to far end, and its other fields."""
    (article,) = read(page(FINDING)).xpath("//article")
    expected = (
        "cmd.exe spawned InstallUtil.exe Score 80 "
        "Parent cmd.exe "
        "Process InstallUtil.exe InstallUtil.exe /U payload.dll PID 100 by alice on WS1 "
        "Far end 203.0.113.10 port 443 "
        "_time 2025-06-15T15:07:40.000+00:00 process_guid {1} connection_to_CNC 203.0.113.10 dest_port 443 "
        "risk_user alice"
    )
    assert expected.replace(" ", "") == words(article).replace(" ", "")


def test_what_was_run() -> None:
    """The report says what was run on what."""
    document = read(page(FINDING))
    assert ["A saved search"] == texts(document, "//h1")
    assert ["app some_app 1.2.3", "mapping of Sysmon current", "time range all time"] == [
        " ".join(texts(fact, "*")) for fact in document.xpath("//dl[@class='run']/div")
    ]
    assert ["a.xml Sysmon 1 (2)", "1,234 bytes", "2", "2025-06-15 15:06:40 UTC", "2025-06-15 15:16:40 UTC"] == [
        " ".join(cell.itertext()).strip() if cell.xpath("*") else words(cell)
        for cell in document.xpath("//table[caption='1 log, 2 events']/tbody//td")
    ]
    assert ["| tstats count"] == texts(document, "//pre")


def test_search_text() -> None:
    """A search without a name is shown, too, line by line."""
    document = read(page(FINDING, run=replace(RUN, name="", search="| tstats count\n| where count > 1")))
    assert ["A search given as text"] == texts(document, "//h1")
    assert "| tstats count\n| where count > 1\n" == document.xpath("string(//pre)")


def test_sections() -> None:
    """A page with everything has these headings, in this order, and skips no level."""
    document = read(page(FINDING, {"count": "1"}, warnings=["beware"], notes=["by the way"]))
    expected = [
        ("h1", "A saved search"),
        ("h2", "What was run on what"),
        ("h2", "Warnings"),
        ("h2", "Notes"),
        ("h2", "Risk over time"),
        ("h2", "Findings"),
        ("h3", "cmd.exe spawned InstallUtil.exe"),
        ("h2", "Other results"),
        ("h2", "The search"),
    ]
    assert expected == [(heading.tag, words(heading)) for heading in document.xpath("//h1|//h2|//h3")]


@pytest.mark.parametrize(
    ("expected", "rows", "warnings"),
    [
        ("1 finding, the highest score is 80.", [FINDING], []),
        ("2 findings of 1 process, the highest score is 80.", [FINDING, FINDING | {"dest_port": "80"}], []),
        ("1 finding. 1 result without a risk score.", [{"risk_message": "m"}, {"a": "1"}], []),
        ("The search found nothing.", [], []),
        ("The search found nothing. 2 warnings, below.", [], ["a", "b"]),
    ],
)
def test_summary(expected: str, rows: list[dict[str, Value]], warnings: list[str]) -> None:
    """The first lines say what was found, and whether there are warnings."""
    assert [expected] == texts(read(page(*rows, warnings=warnings)), "//p[@class='summary']")


def test_warnings() -> None:
    """Warnings about logs come before those of the search; the first are listed, and the others are counted."""
    run = replace(RUN, warnings=["a.xml, line 3: no event; skipped"])
    document = read(page(warnings=[f"w{number}" for number in range(200)], run=run))
    listed = texts(document, "//section[@class='warnings']//li")
    expected = [*run.warnings, *(f"w{number}" for number in range(99)), "and 101 more; the run printed all of them"]
    assert expected == listed


def test_notes() -> None:
    """A note is listed by itself, and is neither counted nor listed as a warning."""
    document = read(page(warnings=["beware"], notes=["by the way"]))
    assert ["The search found nothing. 1 warning, below."] == texts(document, "//p[@class='summary']")
    listed = [texts(document, f"//section[@class='{name}']//li") for name in ("warnings", "notes")]
    assert [["beware"], ["by the way"]] == listed


def test_few_fields() -> None:
    """Results without score and message are a table; `_time` is a date, and several values have a line each."""
    document = read(page({"_time": "0", "count": "2", "user": ["a", "b"]}, {"count": "3"}))
    rows = [[cell.xpath("div/text()") for cell in row] for row in document.xpath("//section[h2='Results']//tbody/tr")]
    assert [[["1970-01-01T00:00:00.000+00:00"], ["2"], ["a", "b"]], [[], ["3"], []]] == rows
    assert ["_time", "count", "user"] == texts(document, "//section[h2='Results']//th")


@pytest.mark.parametrize(("unbroken", "fields"), [(["b"], "ab"), (["b", "c", "d"], "abcd"), ([], "abcde")])
def test_short_values(unbroken: list[str], fields: str) -> None:
    """In a table of at most four columns, a value that is no longer than a time is not broken; a longer one, in *a* here, is."""
    row = dict.fromkeys(fields, "x" * 29) | {"a": "x" * 30}
    cells = read(page(row)).xpath("//section[h2='Results']//tbody/tr/td")
    assert unbroken == [name for name, cell in zip(fields, cells, strict=True) if cell.get("class") == "short"]


def test_many_fields() -> None:
    """Results with more fields than fit side by side are lists, without the empty fields."""
    document = read(page({f"f{n}": str(n) for n in range(9)}, {"f0": "", "f8": "x"}))
    lists = [texts(each, "div/dt") for each in document.xpath("//article/dl")]
    assert [[f"f{n}" for n in range(9)], ["f8"]] == lists


def test_many_results() -> None:
    """The first of many results are shown, and the page says how many are not."""
    document = read(page(*({"count": str(n)} for n in range(10_000))))
    said = "The first 1,000 are shown; 9,000 more are left out. The formats json and csv have all of them."
    assert ([said], 1_000) == (
        texts(document, "//p[@class='left']"),
        len(document.xpath("//section[h2='Results']//tbody/tr")),
    )


def test_many_findings() -> None:
    """Ten thousand findings give a page of those with the highest scores, which says what it leaves out."""
    rows = [FINDING | {"process_guid": str(n), "risk_score": str(n % 100), "risk_user": f"u{n}"} for n in range(10_000)]
    whole = page(*rows)
    document = read(whole)
    said = [
        "9,980 more risk objects have a lower sum.",
        "The 100 processes with the highest scores are shown. Left out of 10,000 findings: 9,900, of 9,900 processes. "
        "The formats json and csv have all of them.",
    ]
    assert (said, 100) == (texts(document, "//p[@class='left']"), len(document.xpath("//article")))
    assert len(whole) < 500_000


def test_many_far_ends() -> None:
    """A process with many far ends takes the page space of one finding, which says what it leaves out."""
    document = read(page(*(FINDING | {"connection_to_CNC": f"203.0.113.{n}"} for n in range(250))))
    assert ["and 238 more far ends"] == texts(document, "//li[@class='more']")
    assert ["230 more findings of this process are not shown."] == texts(document, "//article//p[@class='left']")


def test_many_logs() -> None:
    """The first of many logs are listed, and the page says how many are not."""
    document = read(page(run=replace(RUN, logs=RUN.logs * 50, logs_left=7)))
    assert ["7 more logs are not listed; the sums count them."] == texts(document, "//p[@class='left']")


def test_same() -> None:
    """The same results give the same page, byte for byte."""
    assert page(FINDING, {"a": "1"}) == page(FINDING, {"a": "1"})


def test_accessible() -> None:
    """Every table has a caption and column headers, every image a text, and every section a heading."""
    document = read(page(FINDING, FINDING | {"dest_port": "80"}, {"count": "1"}, warnings=["w"]))
    assert (4, []) == (len(document.xpath("//table")), document.xpath("//table[not(caption)]|//thead//th[not(@scope)]"))
    assert (1, []) == (len(document.xpath("//img")), document.xpath("//img[not(string(@alt))]"))
    labels = document.xpath("//section/@aria-labelledby")
    assert labels == document.xpath("//section/h2/@id")
    assert len(labels) == len(set(labels))


# Hostile text: in every field, in names of fields, and outside fields.

HOSTILE = payloads(URL)


def hostile_page(value: str) -> str:
    """Return a page that has *value* wherever foreign text can be."""
    row = dict.fromkeys(FINDING, value)
    run = replace(
        RUN,
        name=value,
        search=value,
        app=value,
        options=[(value, value)],
        logs=[replace(RUN.logs[0], path=value, kinds=value)],
        warnings=[value],
    )
    many = [FINDING | dict.fromkeys(("process", "user", "dest", value), value), FINDING | {"user": [value, "x"]}]
    return page(row, *many, {value: value}, {value: [value, value]}, warnings=[value], notes=[value], run=run)


def structure(document: parser.HtmlElement) -> list[tuple[str, list[str]]]:
    """Return the elements of a page in order, with the names of their attributes."""
    return [(element.tag, sorted(element.keys())) for element in document.iter()]


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile(value: str) -> None:
    """Whatever a value or a field's name holds stays text: the page has the same elements as a harmless one."""
    assert structure(read(hostile_page("harmless"))) == structure(read(hostile_page(value)))


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text(value: str) -> None:
    """It is shown as it is; what is not printable is spelt out."""
    document = read(hostile_page(value))
    assert text.shown(value) == document.xpath("string(//h1)")
    assert text.shown(value) in [*document.xpath("//article//code/text()")]
    assert text.shown(value) in document.xpath("string(//title)")


def test_elements() -> None:
    """The page has no element and no attribute but these: nothing that runs, loads, submits or frames."""
    document = read(page(*findings(URL), warnings=list(HOSTILE.values())))
    assert set() == {element.tag for element in document.iter()} - ELEMENTS
    assert set() == {name for element in document.iter() for name in element.attrib} - ATTRIBUTES
    assert {"#warnings"} == set(document.xpath("//@href"))
    assert {"data:image/svg+xml;base64"} == {source.partition(",")[0] for source in document.xpath("//@src")}


def test_policy() -> None:
    """The policy comes before anything that it must govern, and is exact."""
    head = read(page(*findings(URL))).xpath("/html/head/*")
    assert [("charset", "utf-8"), ("http-equiv", "Content-Security-Policy")] == [each.items()[0] for each in head[:2]]
    assert POLICY == head[1].get("content")


def test_printable() -> None:
    """No character of the page hides or moves another: all but its own line ends are printable, and can be written."""
    whole = page(*findings(URL), warnings=list(HOSTILE.values()))
    assert set() == {character for character in whole if not character.isprintable()} - {"\n"}
    assert whole.encode().decode() == whole


def test_bounded() -> None:
    """Even with values of a megabyte everywhere, a browser can open the page."""
    row = dict.fromkeys((*FINDING, *(f"f{n}" for n in range(20))), "\u202e" * 1000000)
    assert len(page(*(row | {"process_guid": str(n), "risk_score": "1"} for n in range(3)))) < 3_000_000


# Colours: (ratio of luminances + 0.05), as in WCAG 2.2, 1.4.3.


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rgb` or `#rrggbb`."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast() -> None:
    """Every text colour has a contrast of at least 4.5 with both backgrounds, in light and in dark."""
    styles = (Path(report.__file__).parent / "page.css").read_text(encoding="utf-8")
    looks = [dict(re.findall(r"--(\w+): (#\w+);", line)) for line in styles.splitlines() if "--ink:" in line]
    poor = [
        (look[ink], look[ground])
        for look in looks
        for ink in ("ink", "soft", "risk", "warn")
        for ground in ("paper", "tint")
        if contrast(look[ink], look[ground]) < 4.5
    ]
    assert (2, [], 21) == (len(looks), poor, round(contrast("#000", "#ffffff")))
