"""What is reported about a load."""

from __future__ import annotations

from splreplay.logs import BadEvent, FileReport, LoadReport


def test_warnings() -> None:
    """They say what there is to say of each file, where each listed bad event is, and the number of the others."""
    bad = (BadEvent("offset 10", "no time"), BadEvent("line 3", "no JSON"))
    files = (
        FileReport("a.xml", "xml", {("Sysmon", 1): 5}, 1_234, bad, "it is strange"),
        FileReport("b.xml", "xml", {("Sysmon", 1): 5}, 0, ()),
        FileReport("c.xml", "xml", {("Sysmon", 1): 5}, 1, bad[:1]),
    )
    expected = [
        "a.xml: it is strange",
        "a.xml, offset 10: no time; skipped",
        "a.xml, line 3: no JSON; skipped",
        "a.xml: 1,232 more bad events were skipped",
        "c.xml, offset 10: no time; skipped",
    ]
    assert expected == LoadReport(files).warnings


def test_the_same_of_several_files() -> None:
    """What is said of several files is said once, with the first of their names."""
    of_clock = [FileReport(f"{name}.xml", "xml", {("Sysmon", 1): 5}, 0, (), "odd times") for name in "abcde"]
    other = FileReport("x.xml", "xml", {("Sysmon", 1): 5}, 0, (), "it is strange")
    assert ["a.xml, b.xml, c.xml: odd times"] == LoadReport(tuple(of_clock[:3])).warnings
    assert ["a.xml, b.xml, c.xml and 2 more: odd times", "x.xml: it is strange"] == LoadReport(
        (*of_clock[:4], other, of_clock[4])
    ).warnings
