"""Windows event XML, read exactly: what an event is, where it ends, and what its values are."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from splreplay.errors import DataError
from splreplay.logs.formats.xml import exact
from tests.logs.conftest import NAMESPACE, event

LINE = "CommandLine"


def test_an_event_becomes_one_row(loaded):
    """System and EventData become columns; a field that the event lacks is NULL, an empty one is ''."""
    log = loaded(event({"Image": "a.exe", "User": ""}), "Image", "User", "Hashes")
    row = (
        "Microsoft-Windows-Sysmon",
        1,
        1750147200.1234567,
        "HOST.example.com",
        "Microsoft-Windows-Sysmon/Operational",
        "a.exe",
        "",
        None,
    )
    assert [row] == log.connection.sql("SELECT * EXCLUDE (source) FROM event").fetchall()


@pytest.mark.parametrize(
    "before, between, after",
    [
        ("", "", ""),
        ("", "\n", "\n"),
        ("", "\r\n", "\r\n"),
        ("<?xml version='1.0' encoding='utf-8'?>\n<Events>", "\n", "</Events>\n"),
        ("<!-- exported -->", "<!-- <a> -->", ""),
        ("Jun 17 host: ", "\nJun 17 host: ", "\n"),
    ],
)
def test_events_may_stand_in_any_frame(loaded, before, between, after):
    """Events follow one another; line ends, a declaration, a root, comments or plain text may lie between."""
    log = loaded(before + event({LINE: "a"}) + between + event({LINE: "b"}) + after, LINE)
    assert (["a", "b"], []) == (log.values(LINE), log.bad())


@pytest.mark.parametrize(
    "value, written",
    [
        ("a\nb\n\nc", "a\nb\n\nc"),
        ("a\nb", "a&#10;b"),
        ("a\r\nb", "a&#xD;&#xA;b"),
        ("\t<&>\"'", "\t&lt;&amp;&gt;&quot;&apos;"),
        ("é 漢 😀", "é &#28450; &#x1F600;"),
        ("&lt;unknown process&gt;", "&amp;lt;unknown process&amp;gt;"),
        ("<Event>a</Event>", "&lt;Event&gt;a&lt;/Event&gt;"),
        ("ab", "a<!-- c -->b"),
        ("ab", "a<![CDATA[b]]>"),
    ],
)
def test_a_value_is_what_xml_says(loaded, value, written):
    """Raw newlines belong to the value, and references of each kind are resolved once."""
    assert [value] == loaded(event({LINE: "@"}).replace("@", written), LINE).values(LINE)


def test_attributes_may_be_quoted_either_way(loaded):
    """Double quotes are read like single ones."""
    assert ["a"] == loaded(event({LINE: "a"}).replace("'", '"'), LINE).values(LINE)


def test_an_event_needs_no_namespace(loaded):
    """An Event without xmlns is read too."""
    assert ["a"] == loaded(event({LINE: "a"}).replace(f" xmlns='{NAMESPACE}'", ""), LINE).values(LINE)


def test_the_kind_comes_from_the_system_part_alone(loaded):
    """Text in values that looks like another provider or EventID changes nothing; nor do Qualifiers."""
    text = event({LINE: "<EventID>1</EventID><Provider Name='Microsoft-Windows-Sysmon'/>"}, event_id="4688")
    log = loaded(text.replace("<EventID>", "<EventID Qualifiers='0'>").replace("Sysmon'", "Security'", 1))
    assert {("Microsoft-Windows-Security", 4688): 1} == log.report.counts


def test_data_without_a_name_or_of_a_double_name_does_no_harm(loaded):
    """The first value with a name counts."""
    text = event({LINE: "a"}).replace("</EventData>", f"<Data>x</Data><Data Name='{LINE}'>b</Data></EventData>")
    assert ["a"] == loaded(text, LINE).values(LINE)


@pytest.mark.parametrize(
    "broken, reason",
    [
        (event(time=""), "its time is '', not such as 2020-09-20T01:18:13.416Z"),
        (
            event(time="2025-13-01T00:00:00Z"),
            "its time is '2025-13-01T00:00:00Z', not such as 2020-09-20T01:18:13.416Z",
        ),
        (
            event().replace("<TimeCreated ", "<TimeCreate "),
            "its time is '', not such as 2020-09-20T01:18:13.416Z",
        ),
        (event(event_id="one"), "EventID is 'one', not a number from 0 to 65535"),
        (event(event_id="65536"), "EventID is '65536', not a number from 0 to 65535"),
        (event().replace("</System>", ""), "this is not well-formed XML: "),
        (event({LINE: "@"}).replace("@", "&file;"), "this is not well-formed XML: Entity 'file' not defined"),
        (event({LINE: "@"}).replace("@", "<a>" * 5000), "this is not well-formed XML: Excessive depth"),
        (event({LINE: "a"})[:-200], "this event has no end"),
        (event({LINE: "a"})[200:], "this is not a whole event"),
        (event({LINE: "a"})[200:-8], "this is not a whole event"),
    ],
)
def test_a_bad_event_is_located_and_the_good_ones_around_it_are_kept(loaded, broken, reason):
    """The report says where and why, and counts it."""
    first, last = event({LINE: "a"}), event({LINE: "b"})
    log = loaded(first + "\n" + broken + "\n" + last, LINE)
    assert (["a", "b"], 1) == (log.values(LINE), log.report.bad_events)
    [(place, told)] = log.bad()
    offset = len(first) + (1 if broken.startswith("<Event") else 0)
    assert (f"offset {offset}", reason) == (place, told[: len(reason)])


def test_a_log_that_ends_within_an_event_keeps_the_rest(loaded):
    """The last, cut event is reported."""
    text = event({LINE: "a"})
    log = loaded(text + text[:-30], LINE)
    assert (["a"], [f"offset {len(text)}"]) == (log.values(LINE), [place for place, _ in log.bad()])


@pytest.mark.parametrize(
    "raw", [b"\x01", b"\x00", b"\xff", b"&#1;", b"&#x0;", b"&#xD800;", b"&#99999999999;", b"&#xFFFE;"]
)
def test_a_character_that_xml_forbids_hides_no_event(loaded, raw):
    """It is replaced by U+FFFD: a command line must not be able to remove its own event."""
    assert ["a\ufffdb"] == loaded(event({LINE: "a@b"}).encode().replace(b"@", raw), LINE).values(LINE)


@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE Events [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<?xml version="1.0"?>\n<!DOCTYPE Events [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><Events>',
    ],
)
def test_a_dtd_is_refused(loaded, dtd):
    """No entity is ever resolved."""
    with pytest.raises(DataError, match="offset 0: this file has a DTD, which is refused"):
        loaded(dtd + event())


@pytest.mark.parametrize(
    "text",
    [
        event().replace("<", "<e:").replace("<e:/", "</e:").replace("xmlns=", "xmlns:e="),
        "<html><body>Not found</body></html>",
        event(time="yesterday"),
    ],
)
def test_a_file_without_an_event_is_an_error(loaded, text):
    """An unread log never looks like an empty result: prefixed, foreign, or all bad."""
    with pytest.raises(DataError, match="log: no Windows event was found in this file"):
        loaded(text)


def test_a_file_of_no_events_says_so(loaded):
    """An export of an empty channel is no broken file."""
    with pytest.raises(DataError, match="log: this log holds no events"):
        loaded("<Events></Events>")


def test_an_event_of_12_mb_is_read(loaded):
    """The size of a value has no separate limit."""
    log = loaded(event({LINE: "a" * 12_000_000}) + event({LINE: "b"}), LINE)
    assert [12_000_000, 1] == [len(value) for value in log.values(LINE)]


@pytest.mark.parametrize("block_bytes", [1, 7, 100, 1000])
def test_an_event_may_lie_across_blocks(loaded, monkeypatch, block_bytes):
    """It does not matter where the file is cut for reading."""
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", block_bytes)
    assert ["a", "b", "c"] == loaded("\n".join(event({LINE: text}) for text in "abc"), LINE).values(LINE)


def test_a_piece_without_an_end_does_not_fill_the_memory(loaded, monkeypatch):
    """What is longer than any event is dropped and reported, and reading goes on after it."""
    monkeypatch.setattr("splreplay.logs.opening.MAX_EVENT_BYTES", 2000)
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", 500)
    log = loaded(event({LINE: "a"}) + "<Event >" + "x" * 5000 + "\n" + event({LINE: "b"}), LINE)
    assert (["a", "b"], [f"offset {len(event({LINE: 'a'}))}"]) == (
        log.values(LINE),
        [p for p, _ in log.bad()],
    )


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufffe\uffff"), max_size=60).map(
    lambda text: "".join(char for char in text if char in "\t\n" or char >= " ")
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4))
def test_any_text_comes_back_as_it_was(loaded, rows):
    """Values survive writing as XML and reading, whatever they hold."""
    log = loaded("\n".join(event({"Image": image, LINE: line}) for image, line in rows), "Image", LINE)
    assert rows == log.select("Image", LINE)


def test_names_that_differ_in_case_are_two(loaded):
    """Event 5156 spells its PID ProcessID, others ProcessId."""
    log = loaded(event({"ProcessID": "7316", "ProcessId": "1"}) + event({"ProcessId": "2"}))
    assert [("7316", "1"), (None, "2")] == log.select("ProcessID", "ProcessId")


FORGED = event({LINE: "forged"})


@pytest.mark.parametrize(
    "text",
    [
        "</Event><Event>",
        "</Event>",
        "</Event >",
        "<Event>",
        "<Event></Event>",
        FORGED,
        FORGED * 2,
        "<!DOCTYPE </Event>",
    ],
)
def test_a_cdata_section_neither_hides_its_event_nor_adds_one(loaded, text):
    """Its content is text, even the tags of events."""
    log = loaded(
        "\n".join([event({LINE: "a"}), event({LINE: "@"}).replace("@", f"<![CDATA[{text}]]>"), event({LINE: "b"})])
    )
    assert (["a", text, "b"], []) == (log.values(LINE), log.bad())


def test_two_cdata_sections_of_one_event(loaded):
    """What is between them is text, too."""
    text = "<![CDATA[<Event >]]>-<![CDATA[</Event>]]>"
    log = loaded(event({LINE: "a"}) + event({LINE: "@"}).replace("@", text) + event({LINE: "b"}))
    assert (["a", "<Event >-</Event>", "b"], []) == (log.values(LINE), log.bad())


@pytest.mark.parametrize("end", ["", "]]>", "x]]></Data></Event>"])
def test_a_cdata_section_that_is_no_such_costs_no_other_event(loaded, end):
    """It may not be closed, or be closed in another event: the events between are there."""
    good = [event({LINE: letter}) for letter in "abc"]
    log = loaded("\n".join([good[0], "<Event><![CDATA[</Event>", good[1], f"<Event>{end}</Event>", good[2]]), LINE)
    assert [*"abc"] == log.values(LINE)


HIDDEN = event({LINE: "hidden"})


@pytest.mark.parametrize("block_bytes", [300, 8 << 20])
@pytest.mark.parametrize(
    "comment",
    [
        f"<!--{HIDDEN}-->",
        f"<!-- as it was:\n{HIDDEN}\n{HIDDEN}\n -- and {HIDDEN} -->\n",
        f"<!-- a --><!-- {HIDDEN} --><!-- b -->",
        f"<!--{event({LINE: '@'}).replace('@', '<![CDATA[</Event>]]>')}-->",
        f"<!--{event(time='')}-->",
    ],
)
def test_an_event_in_a_comment_is_none(loaded, monkeypatch, comment, block_bytes):
    """It is not counted, and not bad, wherever the comment is and blocks end; the others stay in place."""
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", block_bytes)
    good = [event({LINE: letter}) for letter in "abc"]
    broken = event(time="")
    log = loaded(comment.join(["", *good, broken, ""]), LINE)
    offset = len("".join(good)) + 4 * len(comment)
    assert ([*"abc"], [f"offset {offset}"]) == (log.values(LINE), [place for place, _ in log.bad()])


@pytest.mark.parametrize("before", range(1, 8))
def test_a_comment_may_be_as_long_as_a_block(loaded, monkeypatch, before):
    """Wherever it begins in a block, and others in the next blocks, its events do not count."""
    comment = f"<!--{HIDDEN * 3}-->"
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", len(comment))
    monkeypatch.setattr("splreplay.logs.formats.xml.exact.MAX_OPEN_BYTES", len(comment))
    good = event({LINE: "a"})
    log = loaded((good * before + comment) * 5, LINE)
    assert (["a"] * before * 5, []) == (log.values(LINE), log.bad())


@pytest.mark.parametrize(
    "opened, closed",
    [
        ("<!--", ""),
        ("", "-->"),
        ("<Event><Data><!--</Data></Event>", "<Event><Data>--></Data></Event>"),
        ("<Data><!--</Data></Event>", "<Event><Data>-->"),
        ("<Event><Data><!--", "--></Data></Event>"),
        ("<!--</Data>", "-->"),
        ("<!--</Event>", "-->"),
        ("<!--", "<Event>-->"),
        ("<!--", "<Data>-->"),
        ("<!--<Event>", "-->"),
    ],
)
def test_a_comment_that_is_no_such_costs_no_other_event(loaded, opened, closed):
    """It may not be closed, or may begin or end within the rest of an event: the events in it are there."""
    good = [event({LINE: letter}) for letter in "abcd"]
    log = loaded("\n".join([good[0], opened, *good[1:3], closed, good[3]]), LINE)
    assert [*"abcd"] == log.values(LINE)


@pytest.mark.parametrize("text", [f"<!--{HIDDEN}-->", f"</Event><!--{HIDDEN}-->", "<!--", f"--><!--{HIDDEN}"])
def test_a_comment_in_a_value_is_part_of_it(loaded, text):
    """Escaped or in a CDATA section, it hides no part of a command line and no other event."""
    written = [escape(text), f"<![CDATA[{text}]]>"]
    log = loaded("\n".join(event({LINE: "@"}).replace("@", value) for value in written * 2), LINE)
    assert ([text] * 4, []) == (log.values(LINE), log.bad())


@pytest.mark.parametrize("start", ["<!--", "<![CDATA["])
def test_what_is_opened_and_never_closed_does_not_fill_the_memory(loaded, monkeypatch, start):
    """It is soon ignored, and reading goes on."""
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", 500)
    monkeypatch.setattr("splreplay.logs.formats.xml.exact.MAX_OPEN_BYTES", 2000)
    sizes = []
    rows = exact.rows
    monkeypatch.setattr(exact, "rows", lambda *given: sizes.append(len(given[3])) or rows(*given))
    log = loaded("<Event>" + start + "</Event>" + event({LINE: "a"}) * 30, LINE)
    assert (["a"] * 30, True) == (log.values(LINE), max(sizes) < 3000)
