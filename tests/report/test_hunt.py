"""The hunt's report as a parser sees it: what it says of a case, and what it does with hostile text."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html as parser

from splreplay import report
from splreplay.hunt.outcome import Outcome, Place
from splreplay.logs.report import FileReport, LoadReport, Passed
from splreplay.report import hunt, text
from splreplay.report.hunt.timeline import TICKS, Axis
from splreplay.sql.values import Value
from tests.conftest import REPO
from tests.program import splreplay
from tests.report.cases import PROCESS, REPORT, Hunted, detection, doubtful, found, made, unseen
from tests.report.hostile import payloads
from tests.report.pages import read, texts, words
from tests.report.test_page import ATTRIBUTES, ELEMENTS, POLICY, contrast, structure

URL = "http://canary.invalid/"


def page(*hunted: Hunted, report: LoadReport = REPORT) -> parser.HtmlElement:
    """Return the report on what came of some detections, parsed."""
    return read(hunt.html(made(*hunted, report=report)))


def full() -> list[Hunted]:
    """Return outcomes that fill every part of the page."""
    return [
        found(detection("Loud", "T1059.001", "T1059", score=40), *([PROCESS] * 4), warnings=["no result has x"]),
        found(
            detection("Odd", "T1218.004", kind="Anomaly"),
            {"dest": "WS2", "a": "1", "c": "3"},
            {"dest": "WS2", "a": "2", "c": "3"},
        ),
        found(detection("Bare", kind="", message=""), {"count": "1"}, place=Place(("a.xml", "b.xml"), known=False)),
        (detection("Quiet"), Outcome(seconds=12.4)),
        doubtful("Unsure", "join dropped 2 matches"),
        unseen("Blind", "no such event", "EventCode=5136"),
        unseen("Dim", "no such field", "Processes.user"),
    ]


def test_sections() -> None:
    """A page with everything has these headings, in this order."""
    bad = replace(REPORT.files[0], warning="odd times")
    document = page(*full(), report=replace(REPORT, files=(bad,)))
    expected = [
        ("h1", "3 of 7 detections fired"),
        ("h2", "Warnings"),
        ("h2", "ATT&CK"),
        ("h2", "Entities by risk"),
        ("h2", "Time line"),
        ("h2", "Findings"),
        ("h3", "Bare"),
        ("h3", "Odd"),
        ("h3", "Loud"),
        ("h4", "Warnings"),
        ("h4", "Result 1"),
        ("h2", "What could not be seen"),
        ("h2", "In doubt"),
        ("h2", "Logs"),
        ("h2", "Slow detections"),
    ]
    assert expected == [(heading.tag, words(heading)) for heading in document.xpath("//h1|//h2|//h3|//h4")]


def test_nothing() -> None:
    """Where nothing fired, the page says so, and has the logs and what could not be seen."""
    document = page((detection("Quiet"), Outcome()), unseen("Blind", "no such event", "EventCode=5136"))
    assert ["0 of 2 detections fired"] == texts(document, "//h1")
    assert ["What could not be seen", "Logs"] == texts(document, "//h2")
    assert ["#unseen", "#passed", "#unseen", "#logs"] == document.xpath("//@href")


def test_no_events() -> None:
    """A case without events and detections has a page, too."""
    assert ["Logs"] == texts(read(hunt.html(replace(made(), moments=None))), "//h2")


def test_headline() -> None:
    """The first lines say over what, and what came of all detections, with bars as wide as the shares."""
    document = page(*full())
    summary = (
        "Over 1 log with 9 events, from 2025-06-15 15:06:40 UTC to 2025-06-15 15:16:40 UTC. "
        "2 detections could see nothing in these logs: why. "
        "1 that found nothing may have missed something: why. "
        "1 file was passed over: why."
    )
    assert [summary] == texts(document, "//p[@class='summary']")
    assert ["3 fired", "2 found nothing, and could have", "1 no such event", "1 no such field"] == texts(
        document, "//ul[@class='legend']/li"
    )
    assert ["flex-grow:42.857", "flex-grow:28.571", "flex-grow:14.286", "flex-grow:14.286"] == document.xpath(
        "//div[@class='parts']/i/@style"
    )


def test_attack() -> None:
    """All tactics stand in their order, with what fired; a technique is left out where its sub-technique is named."""
    rows = [texts(row, "th|td/a|td[not(a)]") for row in page(*full()).xpath("//table[@class='attack']/tbody/tr")]
    expected = [
        ["Reconnaissance", "nothing fired"],
        ["Resource Development", "nothing fired"],
        ["Initial Access", "nothing fired"],
        ["Execution", "PowerShell T1059.001 1"],
        ["Persistence", "nothing fired"],
        ["Privilege Escalation", "nothing fired"],
        ["Defense Evasion", "InstallUtil T1218.004 1"],
        ["Credential Access", "nothing fired"],
        ["Discovery", "nothing fired"],
        ["Lateral Movement", "nothing fired"],
        ["Collection", "nothing fired"],
        ["Command and Control", "nothing fired"],
        ["Exfiltration", "nothing fired"],
        ["Impact", "nothing fired"],
    ]
    assert expected == rows


def test_attack_shades() -> None:
    """What says most comes first, in the strongest colour, and leads to the first finding."""
    document = page(
        found(detection("A", "T1003", score=10), PROCESS),
        found(detection("B", "T1003", score=100), PROCESS),
        found(detection("C", "T1110", score=50), PROCESS),
        found(detection("D", "T9999", "T1003.999", score=1), PROCESS),
    )
    chips = document.xpath("//tr[th='Credential Access' or th='Not in ATT&CK']//a")
    expected = [
        ("OS Credential Dumping T1003 2", "technique shade-5", "#finding-1"),
        ("Brute Force T1110 1", "technique shade-3", "#finding-2"),
        ("T1003.999 1", "technique shade-1", "#finding-4"),
        ("T9999 1", "technique shade-1", "#finding-4"),
    ]
    assert expected == [(words(chip), chip.get("class"), chip.get("href")) for chip in chips]


def test_without_technique() -> None:
    """The page counts what fired and names no technique."""
    document = page(found(detection("A"), PROCESS), found(detection("B", "T1003"), PROCESS))
    assert ["1 detection that fired names no technique."] == texts(document, "//section[h2='ATT&CK']/p")


def test_entities() -> None:
    """Who is at risk: the highest sum first, a bar as long as its share, what fired for it, and the tactics."""
    document = page(
        found(detection("Loud", "T1059", score=40), *([PROCESS] * 4)),
        found(detection("Odd", "T1218.004"), {"dest": "ws1", "user": "bob"}),
    )
    rows = [
        (
            texts(row, "td[1]/div|td[2]/span|td[3]/*"),
            row.xpath(".//div[@class='bar']/i/@style"),
            row.xpath("count(td[i])"),
        )
        for row in document.xpath("//table[@class='entities']/tbody/tr")
    ]
    expected = [
        (["WS1", "system", "240", "2", "Odd", "and 1 more Loud"], ["width:100.0%"], 2.0),
        (["alice", "user", "160", "1", "Loud"], ["width:66.67%"], 1.0),
        (["bob", "user", "80", "1", "Odd"], ["width:33.33%"], 1.0),
    ]
    assert expected == rows


def test_detections_of_an_entity() -> None:
    """What fired for someone at risk is folded in, what says most first, each with a link to it; of very many, the first hundred."""
    hunted = [found(detection(f"D{score}", score=score), PROCESS) for score in range(1, 104)]
    (row, *_) = page(*hunted).xpath("//table[@class='entities']/tbody/tr")
    places = ((place, 104 - place) for place in range(2, 102))
    listed = [*((f"D{score}", [f"#finding-{place}"]) for place, score in places), ("and 2 more", [])]
    assert (["and 102 more"], listed) == (
        texts(row, ".//summary"),
        [(words(item), item.xpath("a/@href")) for item in row.xpath(".//li")],
    )


def test_timeline() -> None:
    """Findings stand in the order of time, from their first to their last result; dots are results."""
    late, early = PROCESS | {"_time": "1750000500"}, PROCESS | {"_time": "1750000000"}
    document = page(
        found(detection("Late"), late),
        found(detection("Wide", score=20), early, PROCESS, late),
        found(detection("Never", score=10), {"count": "1"}),
    )
    rows = [
        (
            texts(row, "td[1]//a/span|td[1]/div"),
            *(row.xpath(f".//i[@class='{mark}']/@style") for mark in ("span", "dot")),
        )
        for row in document.xpath("//table[@class='timeline']/tbody/tr")
    ]
    expected = [
        (
            ["Wide", "2025-06-15 15:06:40 to 2025-06-15 15:15:00"],
            ["left:0.0%;width:100.0%"],
            ["left:0.0%", "left:12.0%", "left:100.0%"],
        ),
        (["Late", "2025-06-15 15:15:00"], ["left:100.0%;width:0.0%"], ["left:100.0%"]),
    ]
    assert expected == rows
    assert ["15:08", "15:10", "15:12", "15:14"] == texts(document, "//table[@class='timeline']/thead//span")
    assert ["1 finding shows no time."] == texts(document, "//section[h2='Time line']/p")


@pytest.mark.parametrize(
    ("expected", "start", "end"),
    [
        ([(0.0, "00:00:00"), (50.0, "00:00:01"), (100.0, "00:00:02")], 0.0, 2.0),
        ([(25.0, "00:30"), (50.0, "01:00"), (75.0, "01:30")], 1.0, 7199.0),
        ([(25.0, "01-01 12:00"), (50.0, "01-02 00:00"), (75.0, "01-02 12:00")], 1.0, 172_799.0),
        ([(0.0, "1970-01-01"), (33.3, "1970-01-08"), (66.7, "1970-01-15"), (100.0, "1970-01-22")], 0.0, 1_814_400.0),
        ([(0.0, "1970"), (25.0, "1971"), (50.0, "1972"), (75.0, "1973"), (100.0, "1974")], 0.0, 126_230_400.0),
        ([(20.0, "2000"), (40.0, "4000"), (60.0, "6000"), (80.0, "8000")], -62_135_596_800.0, 253_402_300_799.0),
    ],
    ids=["seconds", "an hour", "days", "weeks", "years", "all times"],
)
def test_ticks(expected: list[tuple[float, str]], start: float, end: float) -> None:
    """Ticks are round times, whatever the span."""
    assert expected == Axis.of([(start, end)]).ticks


@pytest.mark.parametrize(
    "length", [0, 0.5, 3, 59, 61, 3_599, 86_399, 86_401, 10**6, 10**7, 10**8, 10**9, 10**10, 10**12]
)
def test_few_ticks(length: float) -> None:
    """There are never more ticks than fit, and they lie on the axis, in order."""
    ticks = Axis.of([(1_750_000_000.0, 1_750_000_000.0 + length)]).ticks
    assert 1 <= len(ticks) <= TICKS + 1
    assert all(0 <= one[0] < other[0] <= 100 for one, other in pairwise(ticks))


def test_finding() -> None:
    """A finding says all that is known of it; the first one is unfolded."""
    first, second = page(
        found(detection("Windows InstallUtil", "T1218.004"), PROCESS, warnings=["no result has x"]),
        found(detection("Other", score=20), PROCESS),
    ).xpath("//details[@class='finding']")
    assert ["", None] == [first.get("open"), second.get("open")]
    assert ["1", "Windows InstallUtil", "InstallUtil.exe on WS1", "TTP", "Score 80", "1 result"] == texts(
        first, "summary/span|summary//h3|summary//p[contains(@class,'message')]|summary/p/span"
    )
    facts = {words(fact[0]): texts(fact, "dd/div") for fact in first.xpath("div/dl/div|div/div[@class='paths']/dl/div")}
    expected = {
        "entities": ["WS1 (system), risk 80", "alice (user), risk 80"],
        "techniques": ["T1218.004 InstallUtil"],
        "tactics": ["Defense Evasion"],
        "time": ["2025-06-15 15:07:40 UTC"],
        "rank": ["80"],
        "logs": ["a.xml"],
        "detection": ["Windows InstallUtil.yml"],
    }
    assert expected == facts
    assert ["no result has x"] == texts(first, ".//div[@class='warnings']//li")


def test_logs_that_are_not_told_apart() -> None:
    """Logs in any of which the results may lie are named as such, and the detection counts as one that fired in none of them."""
    document = page(found(detection("A"), PROCESS, place=Place(("a.xml", "b.xml"), known=False)))
    facts = [(words(fact[0]), texts(fact, "dd/div")) for fact in document.xpath("//div[@class='paths']/dl/div")]
    assert [("any of 2 logs", ["a.xml", "b.xml"]), ("detection", ["A.yml"])] == facts
    assert ["0"] == texts(document, "//table[caption='1 log, 9 events']/tbody/tr/td[4]")


def test_results_with_process() -> None:
    """Results that name a process are drawn as in the report on a run, each under its own message."""
    rows = [PROCESS | {"process_guid": f"{{{number}}}", "dest": f"WS{number}"} for number in range(2)]
    document = page(found(detection("A"), *rows))
    assert ["InstallUtil.exe on WS0", "InstallUtil.exe on WS1"] == texts(document, "//article//h4")
    assert 2 == len(document.xpath("//article/ol[@class='picture']"))
    assert ["InstallUtil.exe on WS0", "InstallUtil.exe on WS1"] == texts(document, "//div[@class='inside']/ul/li")


def test_results_without_process() -> None:
    """Of others, what is the same in all is said once, and a table has the rest."""
    document = page(*full())
    (odd,) = document.xpath("//details[summary//h3='Odd']/div/details")
    assert ["dest WS2", "c 3"] == [" ".join(texts(fact, "*")) for fact in odd.xpath("dl/div")]
    assert [["a"], ["1"], ["2"]] == [texts(row, "th|td") for row in odd.xpath(".//tr")]


def test_many_results() -> None:
    """Of many results the first are shown, and the page says how many are not."""
    document = page(found(detection("A"), *({"dest": f"WS{number}"} for number in range(2_000))))
    (kept,) = document.xpath("//details[@class='kept']")
    assert (["2,000 results, of which the first 10 are shown"], 10, ["and 1,990 more results"]) == (
        texts(kept, "summary"),
        len(kept.xpath(".//tbody/tr")),
        texts(kept, "p"),
    )
    assert ["… and 1,980 more"] == texts(document, "//dl/div[dt='entities']/dd/div[last()]")


def test_long_results() -> None:
    """Results are shown as far as their text fits; the first is, with the middle of its values left out."""
    rows: list[dict[str, Value]] = [{"dest": "WS1", "text": f"{number}{'x' * 9_000}"} for number in range(4)]
    document = page(found(detection("A"), *rows))
    assert ["4 results, of which the first 3 are shown"] == texts(document, "//details[@class='kept']/summary")
    assert 3 * ["6,001 characters are left out here"] == [
        re.sub(r".*…(.*)….*", r"\1", cell) for cell in texts(document, "//details[@class='kept']//td")
    ]


def test_many_findings() -> None:
    """A thousand findings give a page of those that say most, which says what it leaves out."""
    hunted = [
        found(
            detection(f"D{number}", f"T{number}", score=1 + number % 99),
            PROCESS | {"dest": f"WS{number}", "_time": str(1_750_000_000 + number)},
        )
        for number in range(1_000)
    ]
    whole = hunt.html(made(*hunted))
    document = read(whole)
    assert (200, 40, 25) == tuple(
        len(document.xpath(path))
        for path in (
            "//details[@class='finding']",
            "//table[@class='timeline']/tbody/tr",
            "//table[@class='entities']/tbody/tr",
        )
    )
    said = [words(left) for left in document.xpath("//*[@class='left'][contains(., 'more')]")]
    expected = [
        "and 920 more",  # of techniques that are not in ATT&CK
        "and 976 more entities with a lower sum; the format json has all of them.",
        "The 40 that say most are drawn; 960 more are not.",
        "and 800 more detections that fired and say less; the formats json and csv have all of them.",
    ]
    assert expected[1:] == [line for line in said if not re.fullmatch(r"and \d+ more", line)]
    assert len(whole) < 1_000_000


def test_links() -> None:
    """Every link leads to a place of the page, also where a finding is not shown."""
    hunted = [found(detection(f"D{number}", f"T{number}"), PROCESS | {"dest": str(number)}) for number in range(300)]
    document = page(*hunted, *full())
    places = {f"#{place}" for place in document.xpath("//@id")}
    assert (set(), True) == ({*document.xpath("//@href")} - places, len(places) > 200)


def test_unseen() -> None:
    """What could not be seen stands by category and reason, the most frequent first, with the names of the detections."""
    document = page(
        unseen("A", "no such event", "EventCode=1"),
        unseen("B", "no such event", "EventCode=2"),
        unseen("C", "no such event", "EventCode=2"),
        unseen("D", "failed", "replay made a mistake"),
    )
    tables = [
        (
            words(table.find("caption")),
            [texts(row, "td/details/summary|td//li|td[2]") for row in table.xpath("tbody/tr")],
        )
        for table in document.xpath("//table[@class='unseen']")
    ]
    expected = [
        (
            "No such event: 3 No event of these logs is of the kind that they look for.",
            [["EventCode=2", "B", "C", "2"], ["EventCode=1", "A", "1"]],
        ),
        ("Failed: 1 They started, and ended with an error.", [["replay made a mistake", "D", "1"]]),
    ]
    assert expected == tables


def test_many_unseen() -> None:
    """The most frequent reasons and the first names are shown, and what is left out is counted."""
    many = [unseen(f"D{number}", "not supported", "a") for number in range(150)]
    others = [unseen(f"R{number}", "not supported", f"r{number:02}") for number in range(40)]
    document = page(*many, *others)
    assert ["and 50 more"] == texts(document, "//section[h2='What could not be seen']//tr[1]//li[last()]")
    assert "and 16 more reasons, of 16 detections; the format json has all of them." in texts(document, "//p")


def test_in_doubt() -> None:
    """Why detections that found nothing may have missed something stands with their names, the most frequent reason first."""
    document = page(
        (detection("Quiet"), Outcome()), doubtful("A", "x"), doubtful("B", "y", "x"), found(detection("C"), PROCESS)
    )
    section = "//section[h2='In doubt']"
    rows = [texts(row, "td/details/summary|td//li|td[2]") for row in document.xpath(f"{section}//tbody/tr")]
    said = "2 of the 3 that found nothing may have missed something."
    assert ([["x", "A", "B", "2"], ["y", "B", "1"]], [said]) == (rows, texts(document, f"{section}/p"))


def test_many_doubts() -> None:
    """The first reasons are shown, and what is left out is counted."""
    document = page(*(doubtful(f"D{number}", f"r{number:02}") for number in range(30)))
    section = document.xpath("//section[h2='In doubt']")[0]
    left = "and 5 more reasons; the format json has all of them."
    assert (25, left) == (len(section.xpath(".//tbody/tr")), texts(section, "p")[-1])


def test_logs() -> None:
    """Each log has its events and how many detections fired in it; files that were passed over are named."""
    bad = replace(REPORT.files[0], bad_events=1, warning="odd times")
    document = page(*full(), report=replace(REPORT, files=(bad,)))
    assert [["a.xml Sysmon 1 (7), Sysmon 3 (2) odd times", "xml", "9 1 bad, skipped", "2"]] == [
        [" ".join(" ".join(cell.itertext()).split()) for cell in row]
        for row in document.xpath("//table[caption='1 log, 9 events']/tbody/tr")
    ]
    assert [["b.txt", "no event log"]] == [
        texts(row, "td") for row in document.xpath("//table[caption='Passed over: 1 file']/tbody/tr")
    ]


def test_many_logs() -> None:
    """The first of many logs and passed files are listed, and the page says how many are not."""
    files = tuple(FileReport(f"{number}.xml", "xml", {("P", 1): 1}, 0, ()) for number in range(60))
    passed = tuple(Passed(f"{number}.txt", "empty") for number in range(51))
    document = page(report=LoadReport(files, passed))
    assert ["and 10 more logs; the sums count them.", "and 1 more file; the hunt named all of them."] == texts(
        document, "//section[h2='Logs']/p"
    )


def test_slow() -> None:
    """Slow detections are named, with their seconds."""
    assert [["Quiet", "12 s"]] == [
        texts(row, "td") for row in page(*full()).xpath("//section[h2='Slow detections']//tbody/tr")
    ]


def test_same() -> None:
    """The same case gives the same page, byte for byte."""
    assert hunt.html(made(*full())) == hunt.html(made(*full()))


def test_accessible() -> None:
    """Every table has a caption and column headers, every section a heading, and each id is there once."""
    document = page(*full())
    assert (11, []) == (
        len(document.xpath("//table")),
        document.xpath("//table[not(caption)]|//thead//th[not(@scope)]"),
    )
    assert document.xpath("//section/@aria-labelledby") == document.xpath("//section/h2/@id")
    assert len(document.xpath("//@id")) == len(set(document.xpath("//@id")))


# Hostile text: in names of detections, users, hosts, fields, logs and techniques, in types, messages and reasons.

HOSTILE = payloads(URL)


def hostile(value: str) -> list[Hunted]:
    """Return outcomes that have *value* wherever foreign text can be."""
    row = dict.fromkeys((*PROCESS, value), value) | {"_time": "1750000060"}
    return [
        found(
            detection(value, value, kind=value, message=f"{value} $user$"),
            row,
            warnings=[value],
            place=Place([value]),
        ),
        found(detection(value, value, kind="TTP"), {"dest": value, value: value}, place=Place([value])),
        unseen(value, "not supported", value),
        (detection(value), Outcome(seconds=99)),
        doubtful(value, value),
    ]


def hostile_page(value: str) -> str:
    """Return the report on them, over logs of that name."""
    files = (FileReport(value, value, {(value, 1): 1}, 0, (), value),)
    return hunt.html(made(*hostile(value), report=LoadReport(files, (Passed(value, value),))))


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile(value: str) -> None:
    """Whatever a name or a value holds stays text: the page has the same elements as a harmless one."""
    assert structure(read(hostile_page("harmless"))) == structure(read(hostile_page(value)))


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text(value: str) -> None:
    """It is shown as it is; what is not printable is spelt out, and a long text shows both its ends."""
    document = read(hostile_page(value))
    expected = text.shown(text.brief(value))
    assert {expected} == {heading.text_content() for heading in document.xpath("//h3")}
    assert expected in [entity.text_content() for entity in document.xpath("//table[@class='entities']//td[1]/div[1]")]
    assert expected in [name.text_content() for name in document.xpath("//table[@class='unseen']//li")]


def test_elements() -> None:
    """The page has no element and no attribute but these: nothing that runs, loads, submits or frames."""
    document = read(hunt.html(made(*(one for value in HOSTILE.values() for one in hostile(value)))))
    assert set() == {element.tag for element in document.iter()} - ELEMENTS - {
        "nav",
        "details",
        "summary",
        "h4",
        "i",
        "b",
    }
    attributes = {name for element in document.iter() for name in element.attrib}
    assert set() == attributes - ATTRIBUTES - {"style", "open", "aria-hidden"}
    assert set() == {link for link in document.xpath("//@href") if not re.fullmatch(r"#[a-z]+(-\d+)?", link)}
    styles = r"(flex-grow:\d+\.\d+|width:\d+\.\d+%|left:\d+\.\d+%(;width:\d+\.\d+%)?)"
    assert set() == {style for style in document.xpath("//@style") if not re.fullmatch(styles, style)}


def test_policy() -> None:
    """The policy comes before anything that it must govern, and is that of the other report."""
    head = page(*full()).xpath("/html/head/*")
    assert [("charset", "utf-8"), ("http-equiv", "Content-Security-Policy")] == [each.items()[0] for each in head[:2]]
    assert POLICY == head[1].get("content")


def test_printable() -> None:
    """No character of the page hides or moves another: all but its own line ends are printable, and can be written."""
    whole = hunt.html(made(*(one for value in HOSTILE.values() for one in hostile(value))))
    assert set() == {character for character in whole if not character.isprintable()} - {"\n"}
    assert whole.encode().decode() == whole


def test_bounded() -> None:
    """A thousand findings whose names and values are long and need to be escaped give a page that a browser can open."""
    long = "<\u202e" * 5_000
    row = {name: [long] * 30 for name in (*PROCESS, "a", "b", "c")} | {"process": long}
    _, outcome = found(detection(long), *([row] * 2))
    hunted = [(detection(f"{number}{long}", f"T{number}{long}"), outcome) for number in range(1_000)]
    many = [unseen(f"{number}{long}", "failed", f"{number % 50}{long}") for number in range(1_000)]
    assert len(hunt.html(made(*hunted, *many))) < 40_000_000


def test_contrast() -> None:
    """Text on each shade of a technique has a contrast of at least 4.5, in light and in dark."""
    folder = Path(report.__file__).parent
    looks = [
        dict(re.findall(r"--(\w+): (#\w+);", line))
        for line in (folder / "page.css").read_text(encoding="utf-8").splitlines()
        if "--ink:" in line
    ]
    shades = re.findall(
        r"shade-\d .*--risk\) (\d+)%, var\(--paper\)", (folder / "hunt.css").read_text(encoding="utf-8")
    )
    poor = [
        (look["ink"], shade)
        for look in looks
        for shade in shades
        if contrast(look["ink"], mixed(look["risk"], look["paper"], int(shade) / 100)) < 4.5
    ]
    assert (2, 5, []) == (len(looks), len(shades), poor)


def mixed(one: str, other: str, share: float) -> str:
    """Return two colours mixed in sRGB, as `#rrggbb`."""
    channels = [[int(digits[place : place + 2], 16) for place in (0, 2, 4)] for digits in map(digits_of, (one, other))]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in zip(*channels, strict=True))


def digits_of(colour: str) -> str:
    """Return the six digits of `#rgb` or `#rrggbb`."""
    return colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])


def test_command(tmp_path: Path) -> None:
    """`hunt --format html` writes the report."""
    out = tmp_path / "hunt.html"
    ran = splreplay(
        *("hunt", str(REPO / "package/detections"), "--log", str(REPO / "tests/recordings/installutil_attack.xml")),
        *("--output", str(out)),
    )
    assert (0, "") == (ran.status, ran.stdout)
    assert ["1 of 1 detection fired"] == texts(read(out.read_text(encoding="utf-8")), "//h1")
