"""The chunked protocol: what is sent comes back, and a command that misbehaves is an error with its own words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splreplay import limits
from splreplay.errors import DataError, UsageError
from splreplay.run.chunked import Answer, Command, decode, encode

FIELDS = ("a", "B", "c d", "_time")
TEXT = st.text(st.characters(codec="utf-8"), min_size=1)
VALUE = TEXT | st.lists(st.text(st.characters(codec="utf-8")), min_size=2)
ECHO = r"""
import re, sys
while header := sys.stdin.buffer.readline():
    metadata, body = map(int, re.findall(rb"\d+", header)[2:])
    sys.stdin.buffer.read(metadata)
    sent = sys.stdin.buffer.read(body)
    answer = b'{"finished": true, "inspector": {"messages": [["WARN", "careful"]]}}'
    sys.stdout.buffer.write(b"chunked 1.0,%d,%d\n" % (len(answer), len(sent)) + answer + sent)
    sys.stdout.buffer.flush()
"""


def command(tmp_path: Path, code: str) -> list[str]:
    """Return the command line of a fake command."""
    script = tmp_path / "fake.py"
    script.write_text(code, encoding="utf-8")
    return [sys.executable, str(script)]


@given(st.lists(st.fixed_dictionaries({"a": VALUE}, optional=dict.fromkeys(FIELDS[1:], VALUE)), min_size=1))
def test_round_trip(rows: list[dict[str, str | list[str]]]) -> None:
    """Any text, with line breaks, quotes or dollar signs, alone or among several values, comes back as it was."""
    fields, found = decode(encode(FIELDS, rows), "fake")
    assert list(FIELDS) == fields
    assert rows == [{name: value for name, value in row.items() if value is not None} for row in found]


def test_encode() -> None:
    """A value travels in its column; several also travel in the __mv_ column, with dollar signs doubled."""
    expected = b'"a","b","__mv_a","__mv_b"\n"1","x\n$y","","$x$;$$$y$"\n'
    assert expected == encode(("a", "b"), [{"a": "1", "b": ["x", "$y"]}])


def test_nothing() -> None:
    """No rows make an empty body, and an empty body has no rows."""
    assert b"" == encode(FIELDS, [])
    assert ([], []) == decode(b"", "fake")


@pytest.mark.parametrize(
    ("error", "body"),
    [
        ("fake answered a row of 1 cells under 2 fields", b"a,b\n1\n"),
        ("fake answered a body that is not CSV: unexpected end of data", b'a\n"1'),
        (
            "fake answered a body that is not CSV: "
            "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
            b"\xff",
        ),
    ],
)
def test_bad_bodies(error: str, body: bytes) -> None:
    """A body that is not CSV, or is ragged, is an error that names the command."""
    with pytest.raises(DataError) as refused:
        decode(body, "fake")
    assert error == str(refused.value)


def test_a_command_that_answers(tmp_path: Path) -> None:
    """Rows go to the command and come back in order over several chunks; its messages come with them."""
    rows = [{"a": str(number)} for number in range(10_001)]
    answer = Command(command(tmp_path, ECHO), "fake").call(["x"], ["a"], rows, {})
    assert Answer(["a"], [dict(row) for row in rows], [("WARN", "careful")] * 3) == answer


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("fake ended without an answer\nno!", "import sys; sys.stdin.buffer.readline(); sys.exit('no!')"),
        ("fake answered b'hello\\n', not a chunk", "print('hello')"),
        ("fake ended in the middle of an answer", "print('chunked 1.0,50,0')"),
    ],
)
def test_a_command_that_misbehaves(tmp_path: Path, error: str, code: str) -> None:
    """A command that dies, writes nonsense or stops midway ends the search with what it last said."""
    with pytest.raises(DataError) as refused:
        Command(command(tmp_path, code), "fake").call([], ["a"], [{"a": "1"}], {})
    assert error == str(refused.value)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("fake: broken", "print('chunked 1.0,19,0'); print('{\"error\": \"broken\"}', end='')".replace("19", "19")),
        (
            "fake: bad",
            't = \'{"inspector": {"messages": [["ERROR", "bad"]]}}\'; print(f\'chunked 1.0,{len(t)},0\'); print(t)',
        ),
    ],
)
def test_a_command_that_refuses(tmp_path: Path, error: str, code: str) -> None:
    """A command that reports an error while the search is parsed objects to how it is called."""
    with pytest.raises(UsageError) as refused:
        Command(command(tmp_path, code), "fake").call([], ["a"], [{"a": "1"}], {})
    assert error == str(refused.value)


def test_a_command_that_fails(tmp_path: Path) -> None:
    """A command that reports an error once it has results objects to those."""
    answers = "chunked 1.0,2,0\\n{}chunked 1.0,16,0\\n" + r"{\"error\": \"bad\"}"
    code = f'import sys; print("{answers}", end="", flush=True); sys.stdin.read()'
    with pytest.raises(DataError, match="fake: bad"):
        Command(command(tmp_path, code), "fake").call([], ["a"], [{"a": "1"}], {})


def test_a_command_that_dies_while_it_is_fed(tmp_path: Path) -> None:
    """A command that answers getinfo and dies under megabytes of rows is an error, not a hang."""
    code = "import sys; sys.stdin.buffer.readline(); print('chunked 1.0,2,0'); print('{}', end=''); sys.exit('gone')"
    with pytest.raises(DataError) as refused:
        Command(command(tmp_path, code), "fake").call([], ["a"], [{"a": "x" * 1000}] * 5000, {})
    assert "gone" == str(refused.value).splitlines()[-1]


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    """A command that cannot be started is an error that says so."""
    with pytest.raises(DataError, match="the command fake could not be started"):
        Command([str(tmp_path / "nothing")], "fake").call([], [], [], {})


def test_a_command_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that never answers is ended, and the error says so; here, its time limit is zero."""
    monkeypatch.setattr(limits, "COMMAND_S", 0)
    with pytest.raises(DataError) as refused:
        Command(command(tmp_path, "import time; time.sleep(1e6)"), "fake").call([], ["a"], [{"a": "1"}], {})
    assert "fake had not answered after 0 seconds, so replay ended it" == str(refused.value)


FLOOD = """
while True:
    sys.stdout.buffer.write(b"x" * 65536)
"""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (f"fake answered {b'x' * 60!r}, not a chunk", "import sys" + FLOOD),
        (
            "fake announced an answer of 2 and 9,999,999,999 bytes; "
            "replay reads at most 10,000,000 of metadata, and 1,000,000,000 of results in all",
            "import sys; sys.stdout.write('chunked 1.0,2,9999999999\\n{}')" + FLOOD,
        ),
        (
            "fake announced an answer of 9,999,999,999 and 0 bytes; "
            "replay reads at most 10,000,000 of metadata, and 1,000,000,000 of results in all",
            "import sys; sys.stdout.write('chunked 1.0,9999999999,0\\n')" + FLOOD,
        ),
        (
            "fake answered metadata that replay cannot read: maximum recursion depth exceeded",
            "import sys; sys.stdout.write('chunked 1.0,200000,0\\n' + '[' * 200000)" + FLOOD,
        ),
    ],
)
def test_a_command_that_floods(tmp_path: Path, error: str, code: str) -> None:
    """A command that answers without end, or says that it will, is an error before its answer fills the memory."""
    with pytest.raises(DataError) as refused:
        Command(command(tmp_path, code), "fake").call([], ["a"], [{"a": "1"}], {})
    assert str(refused.value).startswith(error)


def test_a_command_that_floods_when_it_has_answered(tmp_path: Path) -> None:
    """What a command writes after its last answer is not read, and does not keep the search waiting."""
    code = ECHO.replace("while header :=", "for _ in range(2):\n    header =").replace(".readline():", ".readline()")
    answer = Command(command(tmp_path, code + FLOOD), "fake").call(["x"], ["a"], [{"a": "1"}], {})
    assert Answer(["a"], [{"a": "1"}], [("WARN", "careful")] * 2) == answer


def test_a_command_that_complains_without_end(tmp_path: Path) -> None:
    """Only the end of what a command writes on standard error is kept."""
    with pytest.raises(DataError) as refused:
        Command(command(tmp_path, "import sys; sys.exit('x' * 1_000_000)"), "fake").call([], ["a"], [], {})
    assert f"fake ended without an answer\n{'x' * 4095}" == str(refused.value)


def test_a_process_that_holds_the_pipe_of_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command leaves running is ended with it when its time is over."""
    monkeypatch.setattr(limits, "COMMAND_S", 1)
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1e6)'])"
    with pytest.raises(DataError, match="fake had not answered after 1 seconds, so replay ended it"):
        Command(command(tmp_path, code), "fake").call([], ["a"], [], {})


@pytest.mark.parametrize(
    ("error", "name", "most"),
    [
        ("fake answered more than 5 values in all", "COMMAND_VALUES", 5),
        ("fake answered 2 fields; replay takes 1", "COMMAND_FIELDS", 1),
        ("fake announced an answer of 68 and 20 bytes; replay reads at most 10,000,000 of metadata, and 40 of results in all",
         "COMMAND_BYTES", 40),
    ],
)  # fmt: skip
def test_large_answers(tmp_path: Path, error: str, name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of fields, values and bytes in all answers of a command together are bounded."""
    monkeypatch.setattr(limits, name, most)
    monkeypatch.setattr("splreplay.run.chunked.CHUNK_ROWS", 1)
    with pytest.raises(DataError) as refused:
        Command(command(tmp_path, ECHO), "fake").call([], ["a"], [{"a": "1"}] * 6, {})
    assert error == str(refused.value)


def test_many_messages(tmp_path: Path) -> None:
    """A hundred messages of a command are kept, each with its level and a thousand characters."""
    code = ECHO.replace('["WARN", "careful"]', ", ".join(['["WARN", "' + "x" * 2000 + '"]'] * 150))
    answer = Command(command(tmp_path, code), "fake").call([], ["a"], [{"a": "1"}], {})
    assert [("WARN", "x" * 1000)] * 100 == answer.messages


def test_dollars_without_end() -> None:
    """A column of values that holds none is skipped at once; trying from each of its dollars would take hours."""
    assert (["a"], [{"a": "1"}]) == decode(b"a,__mv_a\n1," + b"$" * 1_000_001 + b"x\n", "fake")
