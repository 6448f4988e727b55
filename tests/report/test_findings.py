"""Which findings the report shows, how they are grouped, and how their risk adds up."""

from __future__ import annotations

from splreplay.report.findings import Findings
from splreplay.report.picture import Ends, Picture
from splreplay.report.records import Records
from splreplay.report.risk import Risk, RiskObject
from splreplay.sql.values import Value
from tests.report.pages import FINDING

FIELDS = list(FINDING)


def gather(*rows: dict[str, Value]) -> Findings:
    """Return the findings in some rows."""
    return Findings.of(rows, FIELDS)


def test_one() -> None:
    """A finding has its message, its score, its picture, and all fields that these do not show."""
    (card,) = gather(FINDING).cards
    picture = Picture(
        {
            "parent": "cmd.exe",
            "process": "InstallUtil.exe",
            "pid": "100",
            "command": "InstallUtil.exe /U payload.dll",
            "user": "alice",
            "host": "WS1",
        },
        frozenset({"parent_process_name", "process_name", "process_id", "process", "user", "dest"}),
        [Ends(("203.0.113.10",), "443", ())],
        0,
    )
    facts = [
        ("_time", ["2025-06-15T15:07:40.000+00:00"]),
        ("process_guid", ["{1}"]),
        ("connection_to_CNC", ["203.0.113.10"]),
        ("dest_port", ["443"]),
        ("risk_user", ["alice"]),
    ]
    assert ("cmd.exe spawned InstallUtil.exe", "80", picture, facts, Records([], [[]], 0)) == (
        card.title,
        card.score,
        card.picture,
        card.facts,
        card.differences,
    )


def test_far_ends_of_a_process() -> None:
    """Findings of one process are one card, with each one's far end and differences; the highest score leads."""
    other = FINDING | {"connection_to_CNC": "198.51.100.7", "risk_score": "90", "risk_message": "worse"}
    (card,) = gather(FINDING, other).cards
    expected = Records(
        ["connection_to_CNC", "risk_score", "risk_message"],
        [
            [("connection_to_CNC", ["198.51.100.7"]), ("risk_score", ["90"]), ("risk_message", ["worse"])],
            [
                ("connection_to_CNC", ["203.0.113.10"]),
                ("risk_score", ["80"]),
                ("risk_message", ["cmd.exe spawned InstallUtil.exe"]),
            ],
        ],
        0,
    )
    ends = [Ends(("198.51.100.7",), "443", ()), Ends(("203.0.113.10",), "443", ())]
    assert card.picture is not None
    assert ("worse", "90", ends, expected) == (card.title, card.score, card.picture.ends, card.differences)


def test_two_hosts() -> None:
    """The same PID on another host, without a GUID, is another process."""
    row = {name: value for name, value in FINDING.items() if name != "process_guid"}
    assert 2 == gather(row, row | {"dest": "WS2"}).processes


def test_no_process() -> None:
    """Each finding without GUID and PID stands alone, because nothing says that they are of one process."""
    row: dict[str, Value] = {"risk_score": "1", "risk_message": "m"}
    found = Findings.of([row, row], list(row))
    assert (2, [None, None]) == (found.processes, [card.picture for card in found.cards])


def test_order() -> None:
    """The highest score is first, equal ones stay in the order of the search, and what is not a number is last."""
    scores = ("5", "none", "100", "20", "100.0")
    rows = [FINDING | {"process_guid": score, "risk_score": score} for score in scores]
    assert ["100", "100.0", "20", "5", "none"] == [card.score for card in gather(*rows).cards]


def test_many_processes() -> None:
    """Only those of many processes with the highest scores are shown, and the other findings are counted."""
    rows = [FINDING | {"process_guid": str(n // 2), "risk_score": str(n)} for n in range(10_000)]
    found = gather(*rows)
    assert (10_000, 5_000, 100, 9_800) == (found.count, found.processes, len(found.cards), found.left)
    assert ("9999", "9801") == (found.cards[0].score, found.cards[-1].score)


def test_many_far_ends() -> None:
    """Some of a process's many far ends are drawn, some findings are listed, and the others are counted."""
    (card,) = gather(*(FINDING | {"connection_to_CNC": f"203.0.113.{n}"} for n in range(50))).cards
    assert card.picture is not None
    assert (12, 38, 20, 30) == (
        len(card.picture.ends),
        card.picture.left,
        len(card.differences.rows),
        card.differences.left,
    )


def test_several_values() -> None:
    """The far ends of one result stay together, with all its ports and times: nothing tells which belongs to which."""
    row = FINDING | {"connection_to_CNC": ["a", "b"], "dest_port": ["80", "443"], "firstTime": "one", "lastTime": "two"}
    picture = Picture.of([row])
    assert picture is not None
    assert [Ends(("a", "b"), "80, 443", ("one", "two"))] == picture.ends


def test_very_many_values() -> None:
    """Twelve far ends of one result are drawn, and the others are counted."""
    picture = Picture.of([FINDING | {"connection_to_CNC": [f"h{n}" for n in range(60_000)]}])
    assert picture is not None
    assert [(12, 59_988)] == [(len(ends.addresses), ends.left) for ends in picture.ends]


def test_risk() -> None:
    """Risk adds up in order of time, by risk object; what is not a number or has no time is left out."""
    rows: list[dict[str, Value]] = [
        {"_time": "30", "risk_score": "10.5", "risk_user": ["a", "b"], "risk_system": "a"},
        {"_time": "20", "risk_score": "40", "risk_user": "a"},
        {"_time": "soon", "risk_score": "90"},
        {"_time": "40", "risk_score": "nan", "risk_other": "x"},
        {"_time": "1e300", "risk_score": "1"},
    ]
    objects = [
        RiskObject("user", "a", 2, "50.5", "40"),
        RiskObject("system", "a", 1, "10.5", "10.5"),
        RiskObject("user", "b", 1, "10.5", "10.5"),
        RiskObject("other", "x", 1, "0", "0"),
    ]
    assert Risk("90", [(20.0, 40.0), (30.0, 50.5)], objects, 0) == Risk.of(rows)


def test_risk_events() -> None:
    """A risk event has one risk object, and names its type."""
    rows: list[dict[str, Value]] = [
        {"risk_score": "5", "risk_object": "WS1", "risk_object_type": "system"},
        {"risk_score": "7", "risk_object": "WS1", "risk_object_type": "system"},
    ]
    assert [RiskObject("system", "WS1", 2, "12", "7")] == Risk.of(rows).objects


def test_many_risk_objects() -> None:
    """Only those of many risk objects with the highest sums are listed."""
    risk = Risk.of([{"risk_score": str(n), "risk_user": f"u{n}"} for n in range(1_000)])
    assert ("u999", 20, 980) == (risk.objects[0].name, len(risk.objects), risk.objects_left)


def test_no_risk() -> None:
    """Without scores there is no risk to show."""
    assert Risk("", [], [], 0) == Risk.of([{"risk_message": "m"}])
