"""What came of a detection: its messages by the rules of rbaenrich, whom it puts at risk, and when."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splreplay.detections.source import Detection, RiskObject
from splreplay.hunt.outcome import Entity, Outcome, Place, fired, message, spread
from splreplay.located import Text
from splreplay.output import Results
from splreplay.sql.values import Value
from tests.conftest import REPO

sys.path.insert(0, str(REPO / "bin"))
from installutil_rba_rules import message as of_rbaenrich

SEARCH = Text("x", "x", 0)
FIELDS = st.sampled_from(["user", "dest", "process"])
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="$"), max_size=6) | st.sampled_from(
    ["unknown", "-", "N/A", "null", " ", "m.lopez"]
)
ROWS = st.dictionaries(FIELDS, VALUES | st.lists(VALUES, max_size=13))
TEMPLATES = st.lists(
    st.sampled_from(["$user$", "$dest$", "$process$", "$ $", "5$ and 6$", "a", " ", "$user", "$x y$"]), max_size=6
)


@given(template=TEMPLATES.map("".join), row=ROWS)
def test_a_message_is_that_of_rbaenrich(template: str, row: dict[str, Value]) -> None:
    """A risk message is filled in as rbaenrich fills it in, but for the dollar signs that it changes for Enterprise Security."""
    expected = of_rbaenrich(template, row, "unknown")
    assert expected.replace("\uff04", "$") == message(template, row)


def test_a_token_of_a_result() -> None:
    """`$result.field$` is the field, as in an alert's message; a value is put in once, and never scanned."""
    assert "$dest$ on a" == message("$result.user$ on $dest$", {"user": "$dest$", "dest": "a"})


def outcome(rows: list[dict[str, Value]], *risk_objects: RiskObject, template: str = "") -> Outcome:
    """Return the outcome of a detection that has these results."""
    messages = (Text(template, template, 0),) if template else ()
    detection = Detection(Path("x.yml"), "x", SEARCH, messages, risk_objects=risk_objects)
    return fired(detection, Results([], rows), Place())


@pytest.mark.parametrize(
    ("expected", "rows"),
    [
        ([(Entity("user", "A"), 20.0)], [{"user": "A"}]),
        ([(Entity("user", "A"), 40.0)], [{"user": "A"}, {"user": "a"}]),
        ([(Entity("user", "A"), 20.0), (Entity("user", "b"), 20.0)], [{"user": ["A", "a", "b"]}]),
        ([], [{"user": "unknown"}, {"user": " - "}, {"dest": "x"}, {"user": []}]),
    ],
)
def test_entities(expected: list[tuple[Entity, float]], rows: list[dict[str, Value]]) -> None:
    """Each result adds its score once to each of its entities, whatever the case; a placeholder is none."""
    assert expected == list(outcome(rows, RiskObject("user", "user", 20.0)).entities)


def test_an_entity_of_two_fields() -> None:
    """A value that two fields name counts once in a result, with the score of the first."""
    both = (RiskObject("user", "user", 20.0), RiskObject("owner", "user", 50.0))
    found = outcome([{"user": "a", "owner": "A"}], *both)
    assert [(Entity("user", "a"), 20.0)] == list(found.entities)


@pytest.mark.parametrize(
    ("expected", "rows"),
    [
        (None, [{"a": "1750151042"}]),
        ((1750151042.5, 1750151042.5), [{"_time": "1750151042.5"}]),
        ((1750151042.0, 1750151043.0), [{"firstTime": "1750151042", "lastTime": "1750151043"}]),
        ((1750151042.0, 1750151043.0), [{"_time": "1750151042"}, {"_time": "1750151043"}]),
        ((1750151042.0, 1750151043.0), [{"start_time": "1750151042", "end_time": "1750151043"}]),
        ((1750151042.0, 1750151042.0), [{"firstTime": "2025-06-17T09:04:02"}]),
        ((1750151042.0, 1750151042.0), [{"firstTime": "2025-06-17T11:04:02+02:00", "_time": "0"}]),
        (None, [{"firstTime": "2025-99-99T09:04:02"}, {"firstTime": "soon"}, {"firstTime": "1e999"}]),
        ((1750151042.0, 1750151043.0), [{"_time": ["1750151042", "1750151043"]}]),
    ],
)
def test_moments(expected: tuple[float, float] | None, rows: list[dict[str, Value]]) -> None:
    """The first and last time are those that results show, as epoch seconds or as a date."""
    assert expected == outcome(rows).moments


def test_spread() -> None:
    """One result counts whole; each doubling takes as much as the first."""
    assert [1.0, 0.5, 1 / 3, 0.1] == [spread(count) for count in (1, 2, 4, 512)]
