"""Broken and hostile input: the right answer or one clear error, never a hang or a changed cell."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.command.splunkd import (
    Outcome,
    Reply,
    build_app,
    execute,
    frame,
    getinfo,
    read_reply,
    run,
    splunk_csv,
    start,
)

pytestmark = pytest.mark.slow

INPUT_COLUMNS_END = "risk_score"  # the first of the columns that the command adds


def error_of(outcome: Outcome) -> str:
    """Return the only error of a command that ends with it, having checked that it is one line and not a traceback."""
    assert "Traceback" not in outcome.stderr
    assert (1, 1) == (outcome.status, len(outcome.errors()))
    assert "\n" not in outcome.errors()[0]
    return outcome.errors()[0]


def own_cells(reply: Reply) -> list[list[str]]:
    """Return the table that came back without the columns that the command added at its end."""
    table = reply.table()
    width = table[0].index(INPUT_COLUMNS_END)
    return [row[:width] for row in table]


@pytest.mark.parametrize(
    ("request_bytes", "error"),
    [
        (b"", "expected a chunk of getinfo, found one of None"),
        (b"chunked 1.0,1", "expected a header 'chunked 1.0,<length>,<length>', found b'chunked 1.0,1'"),
        (
            b"GET / HTTP/1.0\r\n\r\n",
            "expected a header 'chunked 1.0,<length>,<length>', found b'GET / HTTP/1.0\\r\\n'",
        ),
        (
            b"chunked 1.0,-1,0\n",
            "expected a header 'chunked 1.0,<length>,<length>', found b'chunked 1.0,-1,0\\n'",
        ),
        (
            b"chunked 2.0,2,0\n{}",
            "expected a header 'chunked 1.0,<length>,<length>', found b'chunked 2.0,2,0\\n'",
        ),
        (b"chunked 1.0,20,0\n{}", "the metadata of a chunk ends 18 bytes short of 20"),
        (
            b"chunked 1.0,999999999999,0\n{}",
            "the metadata of a chunk ends 999999999997 bytes short of 999999999999",
        ),
        (
            b"chunked 1.0,4,0\nnone",
            "the metadata of a chunk is no JSON: Expecting value: line 1 column 1 (char 0)",
        ),
        (b"chunked 1.0,2,0\n[]", "the metadata of a chunk is no JSON object"),
        (frame({"action": "execute"}), "expected a chunk of getinfo, found one of 'execute'"),
        (frame({"action": "getinfo"}, "a\n1\n"), "expected a chunk of getinfo, found one of 'getinfo'"),
        (getinfo() + getinfo(), "expected a chunk of execute, found one of 'getinfo'"),
        (getinfo() + frame({}), "expected a chunk of execute, found one of None"),
        (getinfo() + execute("user\nbob\n")[:-1], "the body of a chunk ends 1 bytes short of 9"),
        (
            getinfo() + b"chunked 1.0",
            "expected a header 'chunked 1.0,<length>,<length>', found b'chunked 1.0'",
        ),
        (
            getinfo() + execute(finished=False) + b"x",
            "expected a header 'chunked 1.0,<length>,<length>', found b'x'",
        ),
        (getinfo() + execute('user\n"bob\n'), "a chunk is no CSV at its line 2: unexpected end of data"),
        (getinfo() + execute("a,b\n1,2\n1,2,3\n"), "result 2 of a chunk has 3 cells under 2 columns"),
    ],
)
def test_broken_frames(app: Path, python: str, request_bytes: bytes, error: str) -> None:
    """What is not the protocol, or not a table, ends the search with one line that says what was found."""
    assert error == error_of(run(app, python, request_bytes))


def test_metadata_that_is_not_utf8(app: Path, python: str) -> None:
    """Metadata that is not UTF-8 is one clear error."""
    assert "the metadata of a chunk is no JSON" in error_of(run(app, python, b"chunked 1.0,2,0\n\xff\xfe"))


def test_metadata_that_is_nested_without_end(app: Path, python: str) -> None:
    """Metadata that would exhaust the stack is one clear error."""
    deep = b"[" * 100_000
    assert "the metadata of a chunk is no JSON" in error_of(run(app, python, b"chunked 1.0,100000,0\n" + deep))


def test_an_error_comes_after_the_answers_before_it(app: Path, python: str) -> None:
    """The chunks before a broken one are answered as if nothing were wrong."""
    outcome = run(app, python, getinfo(), execute("user\nbob\n", finished=False), b"torn")
    assert ["bob"] == [result["risk_user"] for result in outcome.results()]


CELLS = {
    "NUL": "a\0b",
    "CR": "\r",
    "CR inside": "a\rb",
    "line breaks": "a\r\nb\n\n",
    "quote": '"',
    "quotes and commas": 'a"",""b',
    "not UTF-8": "\udcff\udcfe",
    "byte order mark": "\ufeffa",
    "line ends of other kinds": "\u2028\x85\x0b\x0c",
    "beyond the basic plane": "😀",
    "encoded like several values": "$a$;$b$",
    "formats": "{0} %s \\",
    "a megabyte": "x" * 1_000_000,
    "a megabyte of $": "$" * 1_000_000,
}
COLUMNS = {
    "duplicate names": [["user", "a", "user", "a"], ["bob", "1", "eve", "2"]],
    "empty names": [["", "user", ""], ["1", "bob", "2"]],
    "__mv_ without its field": [["__mv_x", "user"], ["$a$;$b$", "bob"]],
    "malformed __mv_": [["user", "__mv_user"], ["a\nb", "no such form"]],
    "__mv_ of nothing": [["__mv_", "user"], ["$a$;$b$", "bob"]],
    "10,000 columns": [[f"f{n}" for n in range(10_000)], ["x"] * 10_000],
    "one column with empty cells": [["user"], [""], ["bob"], [""]],
    "names that need quotes": [["a\nb", 'c"d', "e,f", "g\0h"], ["1", "2", "3", "4"]],
    "internal fields": [["_time", "_raw", "_chunked_idx"], ["1", "raw", "0"]],
    "a cell of more than splunklib takes": [["user", "other"], ["bob", "x" * 11_000_000], ["eve", "y"]],
}
TABLES = COLUMNS | {
    name: [["user", "other", "__mv_user"], [cell, "x", cell], ["bob", cell, ""]] for name, cell in CELLS.items()
}


@pytest.fixture(scope="module")
def answers(app: Path, python: str) -> dict[str, Reply]:
    """The answers to the tables, from one process that gets them chunk by chunk."""
    bodies = [splunk_csv(header, rows) for header, *rows in TABLES.values()]
    outcome = run(app, python, getinfo(), *(execute(body, finished=False) for body in bodies), execute())
    return dict(zip(TABLES, outcome.replies[1:], strict=False))


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_never_changed(answers: dict[str, Reply], name: str) -> None:
    """Whatever a cell holds, it comes back as it was, under its column, in every row and on every Python."""
    assert TABLES[name] == own_cells(answers[name])


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_never_changed(answers: dict[str, Reply], name: str) -> None:
    """Whatever the columns are called, every cell stays under its own."""
    assert TABLES[name] == own_cells(answers[name])


def test_fields_named_like_our_own(app: Path, python: str) -> None:
    """A field that has the name of one of ours is replaced, with its values, and is there only once."""
    body = splunk_csv(
        ["risk_score", "user", "risk_user", "__mv_risk_user", "__mv_risk_score", "risk_status"],
        [["0", "bob", "x", "$x$;$y$", "$1$;$2$", "scored"]],
    )
    outcome = run(app, python, getinfo(), execute(body))
    header = outcome.replies[1].table()[0]
    assert len(set(header)) == len(header)
    assert [("80", "bob", None)] == [
        (result["risk_score"], result["risk_user"], result.get("__mv_risk_user")) for result in outcome.results()
    ]


@pytest.mark.parametrize("body", ["", "user\n", "user,dest\r\n"])
def test_no_results(app: Path, python: str, body: str) -> None:
    """A chunk without results gets a reply without results."""
    outcome = run(app, python, getinfo(), execute(body))
    assert (0, "") == (outcome.status, outcome.replies[1].body)


def test_a_row_that_ends_early(app: Path, python: str) -> None:
    """The cells that a short row lacks are empty, and ours stand under our columns."""
    outcome = run(app, python, getinfo(), execute("user,dest,other\nbob\n\neve,ws5,x\n"))
    expected = [["user", "dest", "other"], ["bob", "", ""], ["", "", ""], ["eve", "ws5", "x"]]
    assert expected == own_cells(outcome.replies[1])
    assert ["80", "80", "80"] == [result["risk_score"] for result in outcome.results()]


def test_a_carriage_return_outside_quotes(app: Path, python: str) -> None:
    """A CR that could be a line's end or a part of a cell is refused, because either reading could be wrong."""
    assert "a chunk is no CSV at its line 2" in error_of(run(app, python, getinfo(), execute("a,b\n1\r2,3\n")))


def test_many_values_in_one_field(app: Path, python: str) -> None:
    """Thirty thousand values are read in a moment; the first hundred are scored, and the others are counted."""
    values = [f"user{n}$" for n in range(30_000)]
    encoded = [";".join("$" + value.replace("$", "$$") + "$" for value in some) for some in (values, values[:100])]
    body = splunk_csv(["dest", "__mv_dest"], [["\n".join(values), encoded[0]]])
    (result,) = run(app, python, getinfo(), execute(body)).results()
    status = "scored; left out: 29900 of 30000 risk objects"
    assert (*encoded, status) == (result["__mv_dest"], result["__mv_risk_system"], result["risk_status"])


def test_a_value_that_would_stop_a_regular_expression(tmp_path: Path, python: str) -> None:
    """A pattern with several * is matched against a megabyte in a moment."""
    app = build_app(tmp_path, local={"ignored_objects": ["system,*a*a*a*a*a*b*c,r,,"]})
    outcome = run(app, python, getinfo(), execute("dest\n" + "a" * 1_000_000 + "\n"))
    assert 1_000_000 == len(outcome.results()[0]["risk_system"])


def test_splunkd_goes_away_while_we_read(app: Path, python: str) -> None:
    """A pipe that closes in the middle of a chunk ends the command, with an error and without a traceback."""
    request = getinfo() + execute(splunk_csv(["user"], [["bob"]] * 1000))[:-500]
    assert "the body of a chunk ends 500 bytes short of 4005" == error_of(run(app, python, request))


def test_splunkd_goes_away_while_we_write(app: Path, python: str) -> None:
    """If nobody reads any more, the command ends quietly."""
    with start(app, python) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write(getinfo() + execute(splunk_csv(["user"], [["bob"]] * 1000)))
        process.stdin.close()
        assert (b"", 1) == (process.stderr.read(), process.wait(timeout=60))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals to catch")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal(app: Path, python: str, number: signal.Signals) -> None:
    """SIGTERM, or Ctrl-C, in the middle of a chunk ends the command at once and silently."""
    with start(app, python) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(getinfo() + execute("user\nbob\n")[:-3])
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(number)
        assert (b"", -number) == (process.stderr.read(), process.wait(timeout=60))


def test_an_argument_that_is_no_text(app: Path, python: str) -> None:
    """An argument of another kind is refused like an unknown one."""
    request = frame({"action": "getinfo", "searchinfo": {"args": [{"output": 1}]}})
    assert "{'output': 1} is no option" in error_of(run(app, python, request))


def test_command_line_arguments(app: Path, python: str) -> None:
    """Nothing on the command line changes the protocol."""
    script = app / "bin" / "rbaenrich.py"
    output = subprocess.run(
        [python, str(script), "__GETINFO__", "output=modifiers"],
        input=getinfo(),
        capture_output=True,
        timeout=60,
    ).stdout
    assert b'chunked 1.0,19,0\n{"type":"stateful"}' == output


def test_lookup_linked_out_of_the_app(tmp_path: Path, python: str) -> None:
    """A local lookup that links out of the app is not read; a warning says so."""
    app = build_app(tmp_path / "app")
    (tmp_path / "secret.csv").write_text("object_type,pattern,reason,expires,disabled\nuser,bob,r,,\n")
    (app / "lookups" / "installutil_rba_ignored_objects_local.csv").symlink_to(tmp_path / "secret.csv")
    outcome = run(app, python, getinfo(), execute("user\nbob\n"))
    warning = (
        "installutil_rba_ignored_objects_local.csv cannot be used: it links to a file outside the app; "
        "it is left out, and what ships stays in force"
    )
    assert ([["WARN", warning]], "bob") == (outcome.replies[1].messages(), outcome.results()[0]["risk_user"])


def test_lookup_linked_within_the_app(tmp_path: Path, python: str) -> None:
    """A link that stays in the app is followed, even if the app's own folder is a link."""
    app = build_app(tmp_path / "checkout")
    (app / "other.csv").write_text("object_type,pattern,reason,expires,disabled\nuser,bob,r,,\n")
    (app / "lookups" / "installutil_rba_ignored_objects_local.csv").symlink_to(app / "other.csv")
    (tmp_path / "app").symlink_to(app)
    outcome = run(tmp_path / "app", python, getinfo(), execute("user\nbob\n"))
    assert [None] == [result.get("risk_user") for result in outcome.results()]


def test_folder_of_lookups_linked_out_of_the_app(tmp_path: Path, python: str) -> None:
    """Not even the lookups folder can lead out of the app."""
    app = build_app(tmp_path / "app")
    (app / "lookups").rename(tmp_path / "elsewhere")
    (app / "lookups").symlink_to(tmp_path / "elsewhere")
    assert error_of(run(app, python, getinfo())).startswith(
        "installutil_rba_detections.csv cannot be used: it links to a file outside the app;"
    )


@pytest.mark.parametrize("kind", ["pipe", "folder", "dangling link"])
def test_lookup_that_is_no_file(tmp_path: Path, python: str, kind: str) -> None:
    """A local lookup that is not a regular file is left out; above all, a pipe must not be waited on."""
    app = build_app(tmp_path)
    path = app / "lookups" / "installutil_rba_ignored_objects_local.csv"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(app / "absent.csv")
    warning = (
        "installutil_rba_ignored_objects_local.csv cannot be used: there is no such file; "
        "it is left out, and what ships stays in force"
    )
    outcome = run(app, python, getinfo(), execute("user\nbob\n"))
    assert ([["WARN", warning]], "bob") == (outcome.replies[1].messages(), outcome.results()[0]["risk_user"])


def test_lookup_that_is_missing(tmp_path: Path, python: str) -> None:
    """A shipped lookup that is missing ends the search."""
    app = build_app(tmp_path)
    (app / "lookups" / "installutil_rba_entities.csv").unlink()
    error = (
        "installutil_rba_entities.csv cannot be used: there is no such file; put the file back as the app "
        "ships it; changes belong in installutil_rba_entities_local.csv"
    )
    assert error == error_of(run(app, python, getinfo()))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("\udcff", "it is no UTF-8 at byte 0"),
        ("x" * 2_000_000, "it is larger than 1048576 bytes"),
        ("a\0b,c\n", "it holds a NUL"),
    ],
)
def test_lookup_with_broken_content(tmp_path: Path, python: str, content: str, problem: str) -> None:
    """A local lookup that is not CSV, or is too large, is left out."""
    app = build_app(tmp_path, files={"installutil_rba_ignored_objects_local.csv": content})
    messages = run(app, python, getinfo(), execute("user\nbob\n")).replies[1].messages()
    assert [f"installutil_rba_ignored_objects_local.csv cannot be used: {problem}"] == [
        text.partition(";")[0] for _, text in messages
    ]


def test_lookup_that_is_replaced_while_we_run(tmp_path: Path, python: str) -> None:
    """A search keeps the lookups that it began with, so that all its results are scored alike."""
    app = build_app(tmp_path)
    with start(app, python) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(getinfo())
        process.stdin.flush()
        read_reply(process.stdout)
        (app / "lookups" / "installutil_rba_detections.csv").write_text("broken")
        output = process.communicate(execute("user\nbob\n"), timeout=60)[0]
    assert b",80,80,100," in output


def test_memory_does_not_grow(app: Path, python: str) -> None:
    """After ten chunks, a hundred and fifty more take no more memory."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("the size of a process is read from /proc, which this system does not have")
    chunk = execute(splunk_csv(["user", "x"], [[f"u{n}", "y" * 100] for n in range(50)]), finished=False)
    sizes = []
    with start(app, python) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(getinfo())
        process.stdin.flush()
        read_reply(process.stdout)
        for number in range(160):
            unknown = frame({"action": "execute", "finished": False, f"key{number}": "v" * 100})
            for request in (chunk, unknown):
                process.stdin.write(request)
                process.stdin.flush()
                read_reply(process.stdout)
            if number in (10, 159):
                text = Path(f"/proc/{process.pid}/status").read_text()
                sizes.append(int(text.partition("VmRSS:")[2].split()[0]))
        process.stdin.close()
    assert sizes[1] - sizes[0] < 500, f"resident kB after 10 and 160 chunks: {sizes}"
