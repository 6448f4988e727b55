"""What a run says of a field that a command reads and that no result has."""

from __future__ import annotations

import pytest

from splreplay.app import App
from splreplay.output import Blind, Notice
from splreplay.recording import Recording, record
from tests.conftest import REPO
from tests.replay.searches import replay

RECORDING = str(REPO / "tests/recordings/installutil_attack.xml")


@pytest.fixture(scope="module")
def recording() -> Recording:
    """The recording that ships."""
    return record([RECORDING])


def notices(recording: Recording, search: str) -> list[Notice]:
    """Return what a run says of a search, without what every search of events is told."""
    found = replay(recording, App(REPO), search).results.notices
    return [one for one in found if not one.text.startswith("search reads")]


@pytest.mark.parametrize(
    ("pipe", "fields", "command"),
    [
        ("stats count by NoSuchField", "NoSuchField", "stats"),
        ("stats values(Nope) by Image", "Nope", "stats"),
        ("where Nope=1 AND Image=2", "Nope", "where"),
        ("eval a=lower(Nope), b=a, c=Nein", "Nope, Nein", "eval"),
        ("search Nope=1 Image=2", "Nope", "search"),
        ("table Image Nope | sort Nope", "Nope", "table"),
        ("rename Nope.* as *", "Nope.*", "rename"),
        ("eval a=if(match(Nope, 1), Nein, Image)", "Nope", "eval"),
    ],
)
def test_blind(recording: Recording, pipe: str, fields: str, command: str) -> None:
    """A field of events that no result has blinds the first command that reads it, and is told once."""
    said = Blind(f"{fields}, which {command} reads", "no result has it")
    assert [Notice("blind", said)] == notices(recording, f"search EventCode=1 | {pipe}")


def test_fields_that_never_stand_together(recording: Recording) -> None:
    """Where each field that stats groups by is there, but never all in one result, no group is left, and that is why."""
    said = Blind("", "no result has all of ParentImage, DestinationIp, by which stats groups")
    search = "search EventCode IN (1, 3) | stats count by {}"
    assert ([Notice("blind", said)], []) == (
        notices(recording, search.format("ParentImage DestinationIp")),
        notices(recording, search.format("ParentImage Image")),
    )


@pytest.mark.parametrize(
    "pipe",
    [
        "stats count by Image",
        "eval a=coalesce(Nope, Image), b=if(isnull(Nope), 1, Nein), c=mvappend(Nope, Image), d=case(true(), Nope)",
        "search NOT Nope=1",
        "fields - Nope",
        "fillnull Nope",
        "search Image=nothing.exe | stats count by Nope",
    ],
)
def test_not_blind(recording: Recording, pipe: str) -> None:
    """Nothing is said of a field that some result has, may be missing by intent, or is read where there is no result."""
    assert [] == notices(recording, f"search EventCode=1 | {pipe}")


def test_made(recording: Recording) -> None:
    """A field that the search itself makes, but of which nothing came, is told without a word of the log."""
    expected = [Notice("doubt", "no result has dll, which where reads")]
    assert expected == notices(recording, 'search EventCode=1 | rex field=Image "(?<dll>zzz)" | where dll="x"')


def test_made_and_renamed(recording: Recording) -> None:
    """A rename of such a field does nothing, so nothing is said of it."""
    assert [] == notices(recording, 'search EventCode=1 | rex field=Image "(?<dll>zzz)" | rename dll as a')


@pytest.mark.parametrize(
    ("search", "missing", "there"),
    [
        ("search eventcode=1", "eventcode", "EventCode"),
        ("search EventCode=1 OR eventcode=1", "eventcode", "EventCode"),
        ("search EventCode=1 | stats count by image", "image", "Image"),
        ("search EventCode=1 | rename Image as What | where what=1", "what", "What"),
        ("| makeresults | eval A=1 | where a=1", "a", "A"),
        (
            "| tstats count from datamodel=Endpoint.Processes by Processes.Dest",
            "Processes.Dest",
            "Processes.dest",
        ),
    ],
)
def test_another_case(recording: Recording, search: str, missing: str, there: str) -> None:
    """Where a field is not there, but one whose name differs by its case alone, a note says so."""
    said = f"names of fields are case-sensitive: there is no {missing}, but there is {there}"
    assert [said] == replay(recording, App(REPO), search).results.notes


@pytest.mark.parametrize(
    "search",
    [
        "search NoSuchField=1",
        "search EventCode=1 | eval image=1 | where image=1",
        "| makeresults | where image=1",  # of events, which it does not read
    ],
)
def test_no_other_case(recording: Recording, search: str) -> None:
    """Where no other field has the name, or the field is there, nothing is said of its case."""
    assert [] == replay(recording, App(REPO), search).results.notes
