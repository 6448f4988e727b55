"""Results as text: whole outputs."""

from __future__ import annotations

import json

import pytest

from splreplay.columns import cut
from splreplay.output import Results, as_csv, as_json, as_safe_csv, as_table, printable

RESULTS = Results(
    ("_time", "name", "empty", "values"),
    [{"_time": "0", "name": 'a "b", c', "values": ["x", "y"]}, {"_time": "1750000000.5", "name": "ä"}],
)
HOSTILE = "\x1b[31m\r\n\t\u202e\x00\x9b"


def test_json() -> None:
    """JSON is one array; absent values are left out, several values are an array, `_time` is a date."""
    expected = """[
  {
    "_time": "1970-01-01T00:00:00.000+00:00",
    "name": "a \\"b\\", c",
    "values": [
      "x",
      "y"
    ]
  },
  {
    "_time": "2025-06-15T15:06:40.500+00:00",
    "name": "ä"
  }
]
"""
    assert expected == as_json(RESULTS)


def test_csv() -> None:
    """CSV has every field; several values share one cell, a line each."""
    expected = (
        "_time,name,empty,values\n"
        '1970-01-01T00:00:00.000+00:00,"a ""b"", c",,"x\ny"\n'
        "2025-06-15T15:06:40.500+00:00,ä,,\n"
    )
    assert expected == as_csv(RESULTS)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("'=cmd|'/c calc'!A0", "=cmd|'/c calc'!A0"),
        ("'+1", "+1"),
        ("'-1", "-1"),
        ("'@SUM(A1)", "@SUM(A1)"),
        ("'\t=1", "\t=1"),
        ("'\r=1", "\r=1"),
        ("'\n=1", "\n=1"),
        ("'\n=1", ["", "=1"]),
        ("a;'=1", "a;=1"),
        ("a=1; b-c@d", "a=1; b-c@d"),
        ("'=1", "'=1"),
        ('1""2', '1"2'),
        ("", ""),
    ],
)
def test_safe_csv(cell: str, value: str | list[str]) -> None:
    """A single quote comes before what a spreadsheet would take for a formula, in values and in names of fields."""
    name = value if isinstance(value, str) else "="
    header = cell if isinstance(value, str) else "'="
    assert f'"{header}"\n"{cell}"\n' == as_safe_csv(Results((name,), [{name: value}]))


def test_table() -> None:
    """The table leaves out fields that no result has, gives each value a line, and counts."""
    expected = """_time                          name      values
-----------------------------  --------  ------
1970-01-01T00:00:00.000+00:00  a "b", c  x
                                         y

2025-06-15T15:06:40.500+00:00  ä

2 results
"""
    assert expected == as_table(RESULTS)


def test_blocks() -> None:
    """Results too wide for a terminal are blocks with a line for each field that has a value."""
    wide = "x" * 200
    expected = f"a     {wide}\nname  1\n\na     y\n\n2 results\n"
    assert expected == as_table(Results(("a", "name"), [{"a": wide, "name": "1"}, {"a": "y"}]))


def test_one_value_is_not_two() -> None:
    """A value that looks like several stays on one line, and an empty value among several is shown."""
    results = Results(("a", "b"), [{"a": "x | y", "b": ["p", "", "q"]}, {"a": ["x", "y"]}])
    expected = 'a      b\n-----  --\nx | y  p\n       ""\n       q\n\nx\ny\n\n2 results\n'
    assert expected == as_table(results)


def test_block_of_several_values() -> None:
    """In a block, the values of a field stand below each other."""
    wide = "x" * 200
    assert f"a   {wide}\n    y\nbc  1\n\n1 result\n" == as_table(Results(("a", "bc"), [{"a": [wide, "y"], "bc": "1"}]))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (30, "a  b\n-  ------------------------\n1  xxxxxxxxxxxxxxxxxxxxxxxx\n\n1 result\n"),
        (26, "a  1\nb  xxxxxxxxxxxxxxxxxxxxxxx\n > x\n\n1 result\n"),
        (23, "a  1\nb  xxxxxxxxxxxxxxxxxxxx\n > xxxx\n\n1 result\n"),
        (5, "a  1\nb  xxxxxxxxxxxxxxxxxxxx\n > xxxx\n\n1 result\n"),
    ],
)
def test_terminal(width: int, expected: str) -> None:
    """On a terminal, what is wider goes on in the next line, behind a mark that stands where no value does."""
    assert expected == as_table(Results(("a", "b"), [{"a": "1", "b": "x" * 24}]), width)


def test_wide_characters() -> None:
    """Wide characters take two columns and combining ones none, so that columns stay aligned."""
    results = Results(("a", "b"), [{"a": "日本", "b": "1"}, {"a": "e\u0301", "b": "2"}])
    assert "a     b\n----  -\n日本  1\ne\u0301     2\n\n2 results\n" == as_table(results)


def test_wide_characters_go_on() -> None:
    """A wide character is never split between lines."""
    assert f"a  {'日' * 10}\n > 日\n\n1 result\n" == as_table(Results(("a",), [{"a": "日" * 11}]), 21)


@pytest.mark.parametrize(
    ("expected", "text", "width"), [("abc", "abc", 3), ("ab…", "abcd", 3), ("日…", "日本日", 4), ("abcd", "abcd", None)]
)
def test_cut(expected: str, text: str, width: int | None) -> None:
    """A line that is wider than the terminal ends in an ellipsis; where there is no terminal, it is whole."""
    assert expected == cut(text, width)


@pytest.mark.parametrize(
    ("expected", "write"),
    [("no results\n", as_table), ("[]\n", as_json), ("a\n", as_csv)],
    ids=("table", "json", "csv"),
)
def test_nothing(expected: str, write: object) -> None:
    """Without results, the output says so, or is an empty array, or a header."""
    assert callable(write)
    assert expected == write(Results(("a",), []))


def test_one_result() -> None:
    """A single result is not called results."""
    assert "a\n-\n1\n\n1 result\n" == as_table(Results(("a",), [{"a": "1"}]))


def test_control_characters() -> None:
    """Nothing reaches a terminal that it would obey: escape sequences, line breaks and overrides are spelt out."""
    shown = r"\x1b[31m\r\n\t\u202e\x00\x9b"
    assert shown == printable(HOSTILE)
    width = len(shown)
    expected = f"{'a'.ljust(width).rstrip()}\n{'-' * width}\n{shown}\n\n1 result\n"
    assert expected == as_table(Results(("a",), [{"a": HOSTILE}]))


def test_control_characters_in_field_names() -> None:
    """A field's name is no more to be trusted than its value."""
    assert "\\x1b[0m\n-------\n1\n\n1 result\n" == as_table(Results(("\x1b[0m",), [{"\x1b[0m": "1"}]))


def test_json_holds_what_the_log_holds() -> None:
    """JSON is for programs: its values come back as they were, control characters escaped on the way."""
    text = as_json(Results(("a",), [{"a": HOSTILE}]))
    assert [{"a": HOSTILE}] == json.loads(text)
    assert "\x1b" not in text
