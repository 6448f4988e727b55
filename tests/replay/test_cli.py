"""The command line: in this process, or in a separate one if that is the claim."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from splreplay import cli
from splreplay.cli import run, writing
from tests.conftest import REPO
from tests.program import splreplay
from tests.replay.deep import DEEP

SAMPLE = "tests/recordings/installutil_attack.xml"
TOO_LONG = "x" * 5000  # no file system has such a name
ONE = "| makeresults | eval a=1 | table a"


def process(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Return exit status, standard output and standard error of a separate process."""
    command = [sys.executable, "-m", "splreplay", *arguments]
    done = subprocess.run(command, cwd=REPO, input=stdin, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_json() -> None:
    """With --format json, standard output is one array of objects, every value a string, and nothing else."""
    status, out, error = process("run", SAMPLE, "--spl", ONE, "--format", "json")
    assert (0, [{"a": "1"}], "") == (status, json.loads(out), error)


def test_standard_input() -> None:
    """A dash reads the log from standard input."""
    status, out, _ = process("run", "-", "--format", "json", stdin=(REPO / SAMPLE).read_bytes())
    assert (0, ["203.0.113.10"]) == (status, [row["connection_to_CNC"] for row in json.loads(out)])


@pytest.mark.parametrize(
    ("expected", "arguments"),
    [
        ("splreplay: the following arguments are required: command\nsplreplay --help says how it is called\n", []),
        (
            "splreplay hunt: the following arguments are required: --log\nsplreplay hunt --help says how it is called\n",
            ["hunt", "detections", "logs"],
        ),
    ],
)
def test_wrong_call(expected: str, arguments: list[str]) -> None:
    """A wrong call is told in two lines: what is wrong, and where to read on."""
    assert (2, "", expected) == splreplay(*arguments)


def test_search_file(tmp_path: Path) -> None:
    """An @ takes the search from a file."""
    (tmp_path / "search.spl").write_text(ONE)
    assert (0, "a\n1\n", "") == splreplay("run", SAMPLE, "--spl", f"@{tmp_path / 'search.spl'}", "--format", "csv")


def test_output_file(tmp_path: Path) -> None:
    """--output writes the results into a file, and nothing to standard output."""
    status, out, _ = splreplay("run", SAMPLE, "--spl", ONE, "--format", "csv", "--output", str(tmp_path / "out.csv"))
    assert (0, "", "a\n1\n") == (status, out, (tmp_path / "out.csv").read_text())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("out.json", '[\n  {\n    "a": "1"\n  }\n]\n'),
        ("out.csv", "a\n1\n"),
        ("OUT.CSV", "a\n1\n"),
        ("out.txt", "a\n-\n1\n\n1 result\n"),
        ("csv", "a\n-\n1\n\n1 result\n"),
    ],
)
def test_format_of_the_name(tmp_path: Path, name: str, expected: str) -> None:
    """The name of --output tells the format; a name that tells none is a table."""
    status, _, _ = splreplay("run", SAMPLE, "--spl", ONE, "--output", str(tmp_path / name))
    assert (0, expected) == (status, (tmp_path / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["out.html", "out.htm"])
def test_report_of_the_name(tmp_path: Path, name: str) -> None:
    """A name that ends as a page's does is a report."""
    status, _, _ = splreplay("run", SAMPLE, "--spl", ONE, "--output", str(tmp_path / name))
    assert (0, True) == (status, (tmp_path / name).read_bytes().startswith(b"<!DOCTYPE html>"))


def test_format_before_the_name(tmp_path: Path) -> None:
    """--format goes before what the name tells."""
    splreplay("run", SAMPLE, "--spl", ONE, "--format", "csv", "--output", str(tmp_path / "out.json"))
    assert "a\n1\n" == (tmp_path / "out.json").read_text(encoding="utf-8")


def test_several_outputs(tmp_path: Path) -> None:
    """--output takes the format before its name, and more than one file."""
    outputs = ("--output", f"csv={tmp_path}/a=b.txt", "--output", str(tmp_path / "out.json"))
    status, out, _ = splreplay("run", SAMPLE, "--spl", ONE, *outputs)
    written = [(tmp_path / name).read_text(encoding="utf-8") for name in ("a=b.txt", "out.json")]
    assert (0, "", ["a\n1\n", '[\n  {\n    "a": "1"\n  }\n]\n']) == (status, out, written)


def test_what_is_no_format(tmp_path: Path) -> None:
    """What stands before a `=` and is no format is a part of the name."""
    log, app = str(REPO / SAMPLE), str(REPO)
    splreplay("run", log, "--spl", ONE, "--app", app, "--output", "cvs=out.csv", cwd=tmp_path)
    assert "a\n1\n" == (tmp_path / "cvs=out.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (("--format", "csv", "--output", "a", "--output", "b"), "--format csv does not say which --output it is for"),
        (("--format", "csv", "--output", "json=a"), "--format csv does not say which --output it is for"),
        (
            ("--output", "a.csv", "--output", "json=a.csv"),
            "--output names a.csv twice, and one would replace the other",
        ),
        (("--output", "a.csv", "--output", "./b/../a.csv"), "--output names b/../a.csv twice"),
        (("--output", "a.csv", "--output", "no/folder/b"), "--output no/folder/b cannot be written"),
        (("--output", "json="), "name a file"),
    ],
)
def test_outputs_that_cannot_be(outputs: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    """What cannot be written is refused before anything is."""
    log, app = str(REPO / SAMPLE), str(REPO)
    status, _, error = splreplay("run", log, "--spl", ONE, "--app", app, *outputs, cwd=tmp_path)
    assert (2, True, []) == (status, expected in error, list(tmp_path.iterdir()))


@pytest.mark.parametrize(
    ("to", "outputs", "expected"),
    [
        ("a.json", ("a.json", "link"), "--output names link twice"),
        ("no/folder/b", ("link",), "--output link cannot be written"),
    ],
)
def test_outputs_that_are_links(to: str, outputs: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    """An output is the file that a link leads to."""
    link = tmp_path / "link"
    link.symlink_to(to)
    arguments = [argument for output in outputs for argument in ("--output", str(tmp_path / output))]
    status, _, error = splreplay("run", SAMPLE, "--spl", ONE, *arguments)
    assert (2, True, [link]) == (status, expected in error.replace(f"{tmp_path}/", ""), list(tmp_path.iterdir()))


@pytest.mark.parametrize("output", ["log.xml", "csv=link", "json=other", "json=detection.yml"])
def test_an_output_that_is_read(output: str, tmp_path: Path) -> None:
    """Results replace no log and no detection that they come from, under none of its names; a log may be the only one."""
    log, detection = tmp_path / "log.xml", tmp_path / "detection.yml"
    content = (REPO / SAMPLE).read_bytes()
    log.write_bytes(content)
    detection.write_text("name: d\nsearch: '| makeresults | eval a=1'\n", encoding="utf-8")
    (tmp_path / "link").symlink_to(log)
    (tmp_path / "other").hardlink_to(log)
    arguments = ("--app", str(REPO), "--output", output)
    ran = splreplay("run", str(log), "--detection", str(detection), *arguments, cwd=tmp_path)
    hunted = splreplay("hunt", str(detection), "--log", str(log), "--jobs", "1", *arguments, cwd=tmp_path)
    error = f"--output {output.partition('=')[2] or output} would replace {detection if 'yml' in output else log}, which is read\nname another file\n"
    assert ((2, "", error), (2, "", error), content) == (ran, hunted, log.read_bytes())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here is full at will")
def test_the_other_outputs_are_written(tmp_path: Path) -> None:
    """Where one of several outputs is refused by the file system, the others are written, and it is told."""
    outputs = ("--output", "json=/dev/full", "--output", str(tmp_path / "a.csv"))
    refused = "/dev/full: the results cannot be written: No space left on device\n"
    assert (3, "", refused) == splreplay("run", SAMPLE, "--spl", ONE, *outputs)
    assert "a\n1\n" == (tmp_path / "a.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(closed: str, tmp_path: Path) -> None:
    """A stream that the caller has closed is as one that goes nowhere."""
    arguments = [
        "-m",
        "splreplay",
        "run",
        SAMPLE,
        "--spl",
        ONE,
        "--output",
        str(tmp_path / "a.csv"),
        "--output",
        "table=/dev/null",
    ]
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, *arguments]
    assert 0 == subprocess.run(command, cwd=REPO, check=False).returncode
    assert 0 == subprocess.run([*command[:-4]], cwd=REPO, check=False, capture_output=True).returncode
    assert "a\n1\n" == (tmp_path / "a.csv").read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here is full at will")
@pytest.mark.parametrize("to", ["2>/dev/full", "2>&1 >&3 | true"])
def test_messages_that_cannot_be_written(to: str) -> None:
    """Where standard error is full, or its reader is gone, its messages are lost, and not the results or the status."""
    search = f"no_such_field=x | append [{ONE}] | table a"
    run_it = f'exec 3>&1; {{ "$@"; echo status $? >&3; }} {to}'
    command = [
        "sh",
        "-c",
        run_it,
        "sh",
        sys.executable,
        "-m",
        "splreplay",
        "run",
        SAMPLE,
        "--spl",
        search,
        "--format",
        "csv",
    ]
    assert b"a\n1\nstatus 0\n" == subprocess.run(command, cwd=REPO, capture_output=True, check=False).stdout


@pytest.mark.parametrize("missing", ["jinja2", "vl_convert"])
def test_a_report_without_its_extra(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what a report needs is not installed, that is said before a log is read."""
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == missing else find(name))
    said = f"a report needs {missing}\ninstall it: pip install 'splreplay[report]'\n"
    assert (2, "", said) == splreplay("run", "no/such/log", "--spl", ONE, "--output", str(tmp_path / "x.html"))
    assert 3 == splreplay("run", "no/such/log", "--spl", ONE, "--output", str(tmp_path / "x.csv")).status


def test_collect(tmp_path: Path) -> None:
    """--collect names the folder that collect writes into; standard error names the file."""
    search = "Windows InstallUtil Remote Network Connection - Risk Modifiers"
    status, out, error = splreplay("run", SAMPLE, "--search", search, "--collect", str(tmp_path), "--format", "json")
    path = tmp_path / "1_events.stash_hec"
    told = f"note: collect wrote 2 events for the index risk into {path}\n"
    assert (0, 2, told) == (status, len(json.loads(out)), error)
    assert ["m.lopez", "WKS-014.corp.example.com"] == [
        json.loads(line)["event"]["risk_object"] for line in path.read_text(encoding="utf-8").splitlines()
    ]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((SAMPLE, "--spl", "| transaction a"), 2),
        ((SAMPLE, "--spl", "| makeresults | where ("), 2),
        ((SAMPLE, "--search", "nope"), 2),
        ((SAMPLE, "--macro", "nope"), 2),
        ((SAMPLE, "--spl", "| makeresults | collect index=risk"), 2),
        ((SAMPLE, "--earliest", "soon"), 2),
        (("no/such/file", "--earliest", "soon"), 2),
        (("no/such/file", "--latest", " "), 2),
        (("no/such/file", "--earliest", "2025-06-18", "--latest", "2025-06-17"), 2),
        (("no/such/file", "--earliest", "-1h", "--latest", "-2h@h"), 2),
        ((SAMPLE, "--spl", "| makeresults | rbaenrich nope=1"), 2),
        ((SAMPLE, "--spl", "| makeresults | rbaenrich output=all"), 2),
        ((SAMPLE, "--app", "tests"), 2),
        ((SAMPLE, "--addon", "nope"), 2),
        (("no/such/file",), 3),
        ((SAMPLE, "--spl", ONE, "--output", "tests"), 2),
        (("no/such/file", "--output", "no/such/folder/x"), 2),
        ((SAMPLE, "--app", TOO_LONG), 3),
        ((SAMPLE, "--output", TOO_LONG), 3),
        ((SAMPLE, "--spl", "| makeresults | collect index=s", "--collect", TOO_LONG), 2),
        (("README.md",), 3),
        (("default",), 3),
        (("no/such/*",), 3),
        ((SAMPLE, "no/such/file", "--strict"), 3),
    ],
)
def test_exit_status(arguments: tuple[str, ...], status: int) -> None:
    """Usage and unsupported searches give 2, unreadable input gives 3, with words and without a traceback."""
    found, out, error = splreplay("run", *arguments)
    assert (status, "", True, False) == (found, out, bool(error), "Traceback" in error)


@pytest.mark.parametrize("subcommand", ["check", "test"])
def test_name_that_is_too_long(subcommand: str) -> None:
    """A detection's name that the file system refuses is an error in words."""
    assert (3, "", f"{TOO_LONG} cannot be used: File name too long\n") == splreplay(subcommand, TOO_LONG)


def test_an_output_that_is_not_there_collects_nothing(tmp_path: Path) -> None:
    """An output that cannot be written is reported before collect writes."""
    arguments = ("--spl", "| makeresults | collect index=s", "--collect", str(tmp_path / "c"), "--output")
    assert 2 == splreplay("run", SAMPLE, *arguments, str(tmp_path / "no" / "x"))[0]
    assert [] == list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here is full at will")
def test_an_output_that_the_file_system_refuses() -> None:
    """A full disk is not the caller's mistake: it has another exit status, and an error in words."""
    refused = splreplay("run", SAMPLE, "--spl", ONE, "--output", "/dev/full")
    assert (3, "", "/dev/full: the results cannot be written: No space left on device\n") == refused


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end(number: int, tmp_path: Path) -> None:
    """A run that is told to end says so, and removes its temporary folder."""
    command = [sys.executable, "-m", "splreplay", "run", "-"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=REPO, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        # Its temporary folder, not the file with which tempfile tests whether a folder is writable.
        while process.poll() is None and not any(path.is_dir() for path in tmp_path.iterdir()):
            time.sleep(0.01)
        process.send_signal(number)
        _, told = process.communicate()
    assert (130, b"interrupted\n", []) == (process.returncode, told, list(tmp_path.iterdir()))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("Query interrupted")], ids=["python", "duckdb"])
def test_interrupt(error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends a run with a word, not with a traceback, while Python runs or while DuckDB does."""

    def interrupted(options: object, defaults: object) -> None:
        raise error

    monkeypatch.setattr(run, "app_of", interrupted)
    assert (130, ("", "interrupted\n")) == (cli.main(["run", SAMPLE]), tuple(capsys.readouterr()))


def test_explain() -> None:
    """--explain shows the stored text, the expanded one, and each command's tree, SQL and rows."""
    _, _, error = splreplay("run", SAMPLE, "--explain")
    parts = ["`installutil_loopback`", "| tstats summariesonly=false", "tree: Tstats(", "SQL:  CREATE", "rows: "]
    assert [] == [part for part in parts if part not in error]


def test_time_range() -> None:
    """--earliest and --latest cut the events: of 23 processes, three start in the second of the attack."""
    spl = "| tstats count from datamodel=Endpoint.Processes where Processes.parent_process_id=*"
    times = ("--earliest", "2025-06-17T09:04:02", "--latest", "2025-06-17T09:04:03")
    _, out, _ = splreplay("run", SAMPLE, "--spl", spl, "--format", "json", *times)
    assert [{"count": "3"}] == json.loads(out)


def test_time_range_in_the_search() -> None:
    """If a search that reads events has its own time range, that replaces the one of the command line."""
    spl = "search EventCode=1 earliest=2025-06-17T09:04:02 latest=2025-06-17T09:04:03 | stats count"
    times = ("--earliest", "2025-06-17T09:04:03", "--latest", "2025-06-17T09:04:04")
    _, out, _ = splreplay("run", SAMPLE, "--spl", spl, "--format", "json", *times)
    assert [{"count": "3"}] == json.loads(out)


def test_relative_time() -> None:
    """A relative time may follow its option after a space: its minus does not begin an option."""
    spl = "| tstats count from datamodel=Endpoint.Processes"
    status, out, _ = splreplay(
        "run", SAMPLE, "--spl", spl, "--format", "json", "--earliest", "-50y", "--latest", "-1m@m"
    )
    assert (0, [{"count": "45"}]) == (status, json.loads(out))


def test_apps(tmp_path: Path) -> None:
    """--app names the app, and, if repeated, the apps whose objects it also sees."""
    (tmp_path / "default").mkdir()
    (tmp_path / "default" / "macros.conf").write_text("[made]\ndefinition = makeresults | eval a=1\n")
    arguments = ("--spl", "| `made` | table a", "--format", "csv", "--app", ".", "--app", str(tmp_path))
    assert (0, "a\n1\n", "") == splreplay("run", SAMPLE, *arguments)


LONG = {name: f"| makeresults | {text}" for name, text in DEEP.items()} | {"long": "x" * 1_000_001}


@pytest.mark.parametrize("spl", LONG.values(), ids=LONG)
def test_deep_text(tmp_path: Path, spl: str) -> None:
    """A search that nests without end, or is a megabyte long, is refused in words."""
    (tmp_path / "deep.spl").write_text(spl)
    status, _, error = splreplay("run", SAMPLE, "--spl", f"@{tmp_path / 'deep.spl'}")
    assert (2, False) == (status, "Traceback" in error)


DETECTION = "name: Its Name\nsearch: '| makeresults | eval a=1 | table a | `its_name_filter`'\n"


def test_detection_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The search of a detection's YAML is run as it stands; its filter macro keeps all, unless --macro says otherwise."""
    file = tmp_path / "x.yml"
    file.write_text(DETECTION, encoding="utf-8")
    arguments = ["run", SAMPLE, "--format", "csv", "--detection", str(file)]
    assert (0, "a\n1\n") == (cli.main(arguments), capsys.readouterr().out)
    assert (0, "a\n") == (cli.main([*arguments, "--macro", "its_name_filter=where a=2"]), capsys.readouterr().out)


@pytest.mark.parametrize("text", ["name: X\n", "[a]\nsearch = | makeresults\n[b]\nsearch = | makeresults\n"])
def test_detection_file_of_another_number(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with no search, or several, is an error that names it."""
    file = tmp_path / ("x.conf" if text[0] == "[" else "x.yml")
    file.write_text(text, encoding="utf-8")
    assert (3, True) == (
        cli.main(["run", SAMPLE, "--detection", str(file)]),
        f"{file}: holds" in capsys.readouterr().err,
    )


def test_no_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--no-commands refuses the app's own search, which calls the app's command."""
    assert 2 == cli.main(["run", SAMPLE, "--app", str(REPO), "--no-commands"])
    assert "rbaenrich is a command of an app, and --no-commands runs none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("expected", "terminal", "output"), [(50, True, None), (None, True, Path("a.txt")), (None, False, None)]
)
def test_width(monkeypatch: pytest.MonkeyPatch, expected: int | None, terminal: bool, output: Path | None) -> None:
    """Results have the width of the terminal only where they go to one."""
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal, raising=False)
    assert expected == writing.width(output)
