"""The fast reader gives what the exact one gives, and does not need it for usual events."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from splreplay.logs.formats.xml import exact, fast
from splreplay.logs.report import BadEvents
from tests.conftest import REPO
from tests.logs.conftest import event
from tests.logs.fuzz import FIELDS, outcome

pytestmark = pytest.mark.slow

RECORDINGS = sorted((REPO / "tests" / "recordings").glob("*.xml"))
REAL = sorted((REPO.parent / "shared" / "data").glob("*.xml*"))
DATA = {"Image": r"C:\Windows\a.exe", "CommandLine": "@", "User": "u"}
SYSTEM = "<Execution ProcessID='1100' ThreadID='17'/><Security UserID='S-1-5-18'/></System>"


def usual(line: str = "a", **system: str) -> str:
    """Return an event with what Windows writes into System."""
    return event(DATA | {"CommandLine": line}, **system).replace("</System>", SYSTEM)


@pytest.fixture
def exact_events(monkeypatch):
    """The events for which the fast reader asks the exact one."""
    asked = []
    rows = exact.rows

    def counted(parser, path, offset, content):
        asked.extend(exact.END.split(content)[:-1])
        return rows(parser, path, offset, content)

    monkeypatch.setattr(exact, "rows", counted)
    return asked


def same(path) -> tuple:
    """Return what both readers make of a log, having checked that it is the same."""
    expected = outcome(exact.read, path)
    assert expected == outcome(fast.read, path)
    return expected


@pytest.mark.parametrize("block_bytes", [5000, 100_000, 8 << 20])
@pytest.mark.parametrize("path", [*RECORDINGS, *REAL], ids=lambda path: path.name)
def test_a_recording_is_read_the_same(monkeypatch, path, block_bytes):
    """Every row of every recording, real ones too, wherever blocks end."""
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", block_bytes)
    rows, bad, error = same(path)
    assert (True, BadEvents(), "") == (len(rows) > 0, bad, error)


@pytest.mark.parametrize(
    "path",
    [path for path in REAL if "corpus_otrf" in path.name or "_all" in path.name or "dfir" in path.name],
    ids=lambda path: path.name,
)
def test_most_real_events_need_no_parser(exact_events, path):
    """One in forty is left to the exact reader, mostly because of its references."""
    rows, _, _ = outcome(fast.read, path)
    assert len(exact_events) < len(rows) / 40


# Where a row has its command line, behind what every event has.
LINE = 5 + FIELDS.index("CommandLine")
USUAL = [usual(f"line {number}") for number in range(20)]
EVENT = usual()


@pytest.mark.parametrize("separator", ["\n", "\r\n", "", "\nJun 17 host: ", " & \x01 "])
def test_what_lies_between_events_does_not_matter(tmp_path, exact_events, separator):
    """All events but the last, which nothing follows, are read by their shape."""
    path = tmp_path / "log"
    path.write_bytes(separator.join(USUAL).encode())
    rows, _, _ = outcome(fast.read, path)
    assert ([f"line {number}" for number in range(20)], 1) == ([row[LINE] for row in rows], len(exact_events))


def test_a_dtd_between_events_is_refused(tmp_path):
    """Wherever it stands, as the exact reader refuses it."""
    path = tmp_path / "log"
    path.write_bytes("\n".join([*USUAL, "<!DOCTYPE x>", *USUAL]).encode())
    assert f"{path}, offset" in outcome(fast.read, path)[2] and "this file has a DTD" in outcome(fast.read, path)[2]


@pytest.mark.parametrize(
    "old, new",
    [
        # Values
        (">a<", "><"),
        (">a<", ">\n\tb\n<"),
        (">a<", ">a\rb\r\nc<"),
        (">a<", ">é 漢 😀 \x85\x7f<"),
        (">a<", ">&lt;&#10;&quot;<"),
        (">a<", ">a&b<"),
        (">a<", ">&x;<"),
        (">a<", ">\x01\x00<"),
        (">a<", ">\ufffe\uffff\ufffd<"),
        (">a<", ">a]]>b<"),
        (">a<", ">a]] >b]<"),
        (">a<", ">a>b<"),
        (">a<", ">a<!-- b -->c<"),
        (">a<", "><![CDATA[a</Data>]]><"),
        (">a<", ">a<b>c</b>d<"),
        (">a<", f">{'x' * 100_000}<"),
        (">a<", ">123456789012<"),
        (">a<", ">1234567890123<"),
        # The time
        ("08:00:00.1234567Z", "08:00:00Z"),
        ("08:00:00.1234567Z", "08:00:00.123456789Z"),
        ("08:00:00.1234567Z", "24:00:00.1234567Z"),
        ("08:00:00.1234567Z", "08:60:00.1234567Z"),
        ("08:00:00.1234567Z", "08:00:60.1234567Z"),
        ("08:00:00.1234567Z", "08:00:00.123456:Z"),
        ("08:00:00.1234567Z", "08:00:00.1234567z"),
        ("08:00:00.1234567Z", "08:00:00.123+0200"),
        ("2025-06-17T", "2025-06-17 "),
        ("2025-06-17", "2025-06-31"),
        ("2025-06-17", "2024-02-29"),
        ("2025-06-17", "2025-02-29"),
        ("2025-06-17", "2025-00-17"),
        ("2025-06-17", "2025-13-17"),
        ("2025-06-17", "2025-06-00"),
        ("2025-06-17", "1999-06-17"),
        ("2025-06-17", "2039-06-17"),
        # Attributes that differ
        ("'1100'", "''"),
        ("'1100'", "'1\n1'"),
        ("'1100'", "'1'1'"),
        ("'1100'", "'1&1'"),
        ("'1100'", "'1\"1'"),
        ("'1100'", '"1100"'),
        ("'1100'", "'1100' ProcessID='1'"),
        ("'1100'", "'" + "1" * 200 + "'"),
        ("'1100' ", "'1100'"),
        ("'1100' ThreadID='17'/>", "'/>"),
        ("ThreadID=", "ThreadId="),
        ("'17'/>", "'17'></Execution>"),
        ("'17'/>", "'17'>"),
        # Tags
        ("<Data Name='User'>", "<Data Name='Usen'>"),
        ("<Data Name='User'>", "<Data  Name='User'>"),
        ("<Data Name='User'>", "<Data Name='CommandLine'>"),
        ("<Data Name='User'>", "<Data>"),
        ("<Data Name='User'>u</Data>", "<Data Name='User'/>"),
        ("<Data Name='User'>u</Data>", ""),
        ("</EventData>", "</EventData><UserData><Data Name='User'>v</Data></UserData>"),
        ("<EventID>1<", "<EventID>3<"),
        ("<EventID>1<", "<EventID>x<"),
        ("<EventID>", "<EventID Qualifiers='1'>"),
        ("<TimeCreated ", "<TimeCreate "),
        ("<TimeCreated ", "<TimeCreated\n"),
        ("<Computer>", "<TimeCreated SystemTime='2020-01-01T00:00:00Z'/><Computer>"),
        ("<Computer>", "<Computer>x</Computer><Computer>"),
        ("<Event ", "<!DOCTYPE a [<!ENTITY b 'c'>]><Event "),
        ("<Event ", "<!-- a --><Event "),
        ("<Event ", "<Event>"),
        ("<Event ", "<e:Event xmlns:e='a' "),
        ("</Event>", "</Event >"),
        ("</Event>", ""),
        ("</Event>", "</Event></Event>"),
    ],
)
def test_an_unusual_event_is_read_the_same(tmp_path, old, new):
    """It is so among usual events, before and after, and if it comes first."""
    assert old in EVENT
    unusual = EVENT.replace(old, new, 1)
    for events in ([*USUAL[:5], unusual, *USUAL[5:]], [unusual, unusual, *USUAL]):
        path = tmp_path / "log"
        path.write_text("\n".join(events), encoding="utf-8", newline="")
        same(path)


@pytest.mark.parametrize("raw", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_bytes_that_are_no_utf_8_are_read_the_same(tmp_path, raw):
    """They are in a value of one event among others, which are read by their shape."""
    path = tmp_path / "log"
    path.write_bytes("\n".join([*USUAL, EVENT, *USUAL]).encode().replace(b">a<", b">a" + raw + b"<"))
    rows, _, _ = same(path)
    assert 41 == len(rows)


@pytest.mark.parametrize("pretty", ["\n  ", "\r\n\t"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_other_writers_have_shapes_too(tmp_path, exact_events, pretty, quote):
    """Events may be indented and have either quotes; carriage returns are left to the exact reader."""
    path = tmp_path / "log"
    text = "\n".join(USUAL).replace("><", f">{pretty}<").replace("'", quote)
    path.write_text(text, encoding="utf-8", newline="")
    rows, _, _ = outcome(fast.read, path)
    assert (20, 20 if "\r" in pretty else 1) == (len(rows), len(exact_events))


def test_events_that_all_differ_are_read_exactly(tmp_path, monkeypatch):
    """Learning stops, and so memory does not grow, however many shapes a log has."""
    monkeypatch.setattr(fast, "MAX_SHAPES", 3)
    path = tmp_path / "log"
    path.write_text("\n".join(event({f"Field{n}": "a", "User": f"u{n}"}) for n in range(200)), encoding="utf-8")
    rows, _, _ = same(path)
    assert [f"u{n}" for n in range(200)] == [row[12] for row in rows]


def test_events_of_very_many_tags_are_read_exactly(tmp_path, monkeypatch):
    """No shape is learned from them: that takes longer the more tags there are, and the parser refuses deep nesting."""
    monkeypatch.setattr(fast, "learn", lambda *_: pytest.fail("learned"))
    path = tmp_path / "log"
    nested = event({"User": "u"}).replace("</EventData>", "<a>" * 1000 + "</a>" * 1000 + "</EventData>")
    path.write_text(f"{nested}\n{nested}", encoding="utf-8")
    rows, _, _ = same(path)
    assert ["u", "u"] == [row[12] for row in rows]


MUTATION = st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(min_size=0, max_size=3))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(range(len(REAL) or 1)), st.floats(0, 1), st.lists(MUTATION, min_size=1, max_size=4))
def test_a_mutated_recording_is_read_the_same(tmp_path, shared_data, which, start, mutations):
    """Twenty events from anywhere in a real recording, a few bytes cut, put in or replaced."""
    content = REAL[which].read_bytes()
    content = gzip.decompress(content) if REAL[which].suffix == ".gz" else content
    events = content.split(b"\n")
    first = int(start * len(events))
    content = b"\n".join(events[first : first + 20])
    for place, cut, put in mutations:
        at = int(place * len(content))
        content = content[:at] + put + content[at + cut :]
    path = tmp_path / "log"
    path.write_bytes(content or b"<")
    same(path)


@pytest.mark.parametrize("text", ["</Event>", "<Event>", EVENT, "", "a"])
@pytest.mark.parametrize(
    "open_, close", [("<![CDATA[", "]]>"), ("<![CDATA[", ""), ("", "]]>"), ("<![CDATA[<![CDATA[", "]]>")]
)
def test_a_cdata_section_is_read_the_same(tmp_path, text, open_, close):
    """Whether it ends or not, the fast reader cuts events as the exact one does, and keeps those around it."""
    path = tmp_path / "log"
    path.write_text(
        "\n".join([*USUAL[:9], usual("@").replace("@", open_ + text + close), *USUAL[9:]]), encoding="utf-8"
    )
    rows, _, _ = same(path)
    assert [f"line {number}" for number in range(20)] == [row[LINE] for row in rows if row[LINE].startswith("line")]


def test_a_cdata_section_that_holds_no_end_leaves_the_others_fast(tmp_path, exact_events):
    """Only its event and the last are read exactly."""
    path = tmp_path / "log"
    path.write_text("".join([*USUAL, usual("@").replace("@", "<![CDATA[<Event>]]>"), *USUAL]), encoding="utf-8")
    rows, bad, _ = outcome(fast.read, path)
    assert (41, BadEvents(), 2) == (len(rows), bad, len(exact_events))


@pytest.mark.parametrize("opened", ["<!--", "<Event><!--", "<!-- <a>", "<!-- <![CDATA["])
@pytest.mark.parametrize("closed", ["-->", "--></Event>", "]]>-->", ""])
def test_a_comment_is_read_the_same(tmp_path, opened, closed):
    """Whether or not it holds whole events, the fast reader leaves out what the exact one leaves out, and no more."""
    path = tmp_path / "log"
    path.write_text("\n".join([*USUAL[:9], opened, *[EVENT] * 3, closed, *USUAL[9:]]), encoding="utf-8")
    rows, _, _ = same(path)
    assert [f"line {number}" for number in range(20)] == [row[LINE] for row in rows if row[LINE].startswith("line")]


def test_a_comment_leaves_the_events_around_it_fast(tmp_path, exact_events):
    """Only the last event is read exactly."""
    path = tmp_path / "log"
    path.write_text("".join([*USUAL, f"<!-- {EVENT} -->", *USUAL]), encoding="utf-8")
    rows, bad, _ = outcome(fast.read, path)
    assert (40, BadEvents(), 1) == (len(rows), bad, len(exact_events))


def test_an_event_is_not_looked_for_behind_the_end_of_the_block(tmp_path):
    """An event with as many tags as another, whose text would reach beyond the log, does not have that shape."""
    system, data = USUAL[0].removesuffix("</Event>").split("<EventData>")
    start, system = system.split("<System>")
    late = f"{start}<EventData>{data}<System>{system}".replace("/Operational", "/" * 3000) + "</Event>"
    path = tmp_path / "log"
    path.write_text("\n".join([late, *USUAL]), encoding="utf-8")
    rows, bad, _ = same(path)
    assert ([f"line {number}" for number in (0, *range(20))], BadEvents()) == ([row[LINE] for row in rows], bad)
