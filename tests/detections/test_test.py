"""`splreplay test`: what passes, fails, is skipped or cannot be run, and how that is reported."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from splreplay.cli import main
from splreplay.detections import junit
from splreplay.detections.test import Outcome
from tests.conftest import REPO

ATTACK = REPO / "tests/recordings/installutil_attack.xml"
HEAD = """name: X
search: |
  | tstats count from datamodel=Endpoint.Processes where Processes.process_name=InstallUtil.exe
      by Processes.dest Processes.process_id
  | rename Processes.* as *
"""
DATA = "  attack_data:\n  - data: log.xml\n"
# What the search finds: two processes on one host, one on another.
ROWS = [
    ("DEV-007.corp.example.com", "5120"),
    ("DEV-007.corp.example.com", "6644"),
    ("WKS-014.corp.example.com", "7316"),
]


def run(
    folder: Path, tests: str, capsys: pytest.CaptureFixture[str], *arguments: str, head: str = HEAD
) -> tuple[int, list[str], str]:
    """Run a detection's tests; return the status, the outcome of each, and all of standard output."""
    (folder / "log.xml").write_bytes(ATTACK.read_bytes())
    (folder / "x.yml").write_text(f"{head}tests:\n{tests}", encoding="utf-8")
    status = main(["test", str(folder / "x.yml"), *arguments])
    printed = capsys.readouterr().out
    lines = [
        line.removeprefix(f"{folder}/x.yml::") for line in printed.splitlines() if line.startswith(f"{folder}/x.yml::")
    ]
    return status, lines, printed


@pytest.mark.parametrize(
    ("status", "lines", "tests"),
    [
        (0, ["a[current] PASSED"], f"- name: a\n{DATA}"),
        (0, ["a[current] PASSED"], f"- name: a\n{DATA}  expected: {{count: 3}}\n"),
        (1, ["a[current] FAILED"], f"- name: a\n{DATA}  expected: {{count: 2}}\n"),
        (1, ["a[current] FAILED"], f"- name: a\n{DATA}  negative: true\n"),
        (0, ["test 1[current] PASSED"], f"- {DATA.strip()}\n  negative: false\n"),
        (0, ["a[legacy] PASSED", "a[cim5] PASSED"], f"- name: a\n{DATA}  addon: [legacy, cim5]\n"),
        (0, ["a[cim5] PASSED"], f"- name: a\n{DATA}  addon: cim5\n"),
    ],
)
def test_counts(status: int, lines: list[str], tests: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A test expects one result or more, as many as it says, or none, on each of its add-ons."""
    assert (status, lines) == run(tmp_path, tests, capsys)[:2]


def rows(*wanted: tuple[str, str]) -> str:
    """Return a test that expects rows with some hosts and PIDs."""
    listed = "".join(f"    - dest: {dest}\n      process_id: {pid}\n" for dest, pid in wanted)
    return f"- name: a\n{DATA}  expected:\n    rows:\n{listed}"


def test_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows are compared in order, in the fields that they name."""
    assert 0 == run(tmp_path, rows(*ROWS), capsys)[0]


@pytest.mark.parametrize("wrong", [ROWS[:2], [*ROWS, ROWS[0]], ROWS[::-1], [*ROWS[:2], ("x", "7316")], [("a", "1")]])
def test_wrong_rows(wrong: list[tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Too few rows, too many, another order or other values fail."""
    assert 1 == run(tmp_path, rows(*wrong), capsys)[0]


def test_absent_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A null expects a field to be absent, a list expects several values."""
    head = 'name: X\nsearch: \'| makeresults | eval a=split("x,y", ","), b=1\'\n'
    test = f"- name: a\n{DATA}  expected:\n    rows:\n    - {{a: [x, y], b: '1', c: null}}\n"
    assert 0 == run(tmp_path, test, capsys, head=head)[0]
    assert 1 == run(tmp_path, test.replace("b: '1'", "b: null"), capsys, head=head)[0]


def test_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A failure shows what was expected and what was found, and the last line has the counts."""
    _, _, printed = run(tmp_path, rows(*ROWS[:2], ("WKS-014.corp.example.com", "7317")), capsys)
    *lines, last = printed.splitlines()
    expected = [
        "the results are not the expected rows",
        "--- expected",
        "+++ found",
        "@@ -8,5 +8,5 @@",
        " }",
        " {",
        '   "dest": "WKS-014.corp.example.com",',
        '-  "process_id": "7317"',
        '+  "process_id": "7316"',
        " }",
        "rows that each command left:",
        "          3  tstats count from datamodel=Endpoint.Processes where Processes.process_name=Ins…",
        "          3  rename Processes.* as *",
        "",
    ]
    assert (expected, "1 failed in ") == (lines[3:], last[:12])


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        (
            "https://example.com/x.log is an address, and replay downloads nothing; name a file, or a local mirror with --attack-data DIR",
            "https://example.com/x.log",
        ),
        (
            "S3://bucket/x.log is an address, and replay downloads nothing; name a file, or a local mirror with --attack-data DIR",
            "S3://bucket/x.log",
        ),
        (
            "log.xml is of the sourcetype aws:cloudtrail; replay reads Windows event logs",
            "log.xml\n    sourcetype: aws:cloudtrail",
        ),
    ],
)
def test_skipped(reason: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Data at an address, or of a kind that replay does not read, skips the test, with the reason; that is no failure."""
    skipped = f"- name: a\n  attack_data:\n  - data: {data}\n"
    status, lines, _ = run(tmp_path, f"{skipped}- name: b\n{DATA}", capsys)
    assert (0, [f"a[current] SKIPPED ({reason})", "b[current] PASSED"]) == (status, lines)
    assert 2 == run(tmp_path, skipped, capsys)[0]


@pytest.mark.parametrize("folder", [".", "a", "a/b"])
def test_place_of_data(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Data is looked for beside the detection and in the folders around it."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / folder / "here.xml").write_bytes(ATTACK.read_bytes())
    assert 0 == run(tmp_path / "a/b", "- name: a\n  attack_data: [{data: here.xml}]\n", capsys)[0]


def test_absolute_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Data is named relative to the detection: an absolute path is refused, even if the file exists."""
    status, _, printed = run(tmp_path, f"- name: a\n  attack_data: [{{data: {ATTACK}}}]\n", capsys)
    assert (3, True) == (status, f"{ATTACK} is an absolute path, which another machine does not have" in printed)


def test_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The search for data ends at the repository's root; without a repository, at the folder that replay runs in."""
    (tmp_path / "a/.git").mkdir(parents=True)
    (tmp_path / "here.xml").write_bytes(ATTACK.read_bytes())
    status, _, printed = run(tmp_path / "a", "- name: a\n  attack_data: [{data: here.xml}]\n", capsys)
    wrong = f"here.xml is neither beside the detection nor in a folder around it, up to {tmp_path}/a\n\n1 error in "
    assert (3, True) == (status, wrong in printed)


@pytest.mark.parametrize(("status", "here"), [(0, "."), (0, "a"), (3, "a/b"), (3, "c")])
def test_no_repository(
    status: int, here: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a repository the search for data ends at the folder that replay runs in, or stays in the detection's."""
    for folder in ("a/b", "c"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "a/here.xml").write_bytes(ATTACK.read_bytes())
    monkeypatch.chdir(tmp_path / here)
    found, _, printed = run(tmp_path / "a/b", "- name: a\n  attack_data: [{data: here.xml}]\n", capsys)
    further = f"up to {tmp_path}/a/b\nwhere it lies further out, run the tests from a folder around both\n"
    assert (status, status == 3) == (found, further in printed)


def test_errors_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last line counts more errors than one."""
    _, _, printed = run(tmp_path, "".join(f"- name: {name}\n  attack_data: [{{data: no}}]\n" for name in "ab"), capsys)
    assert "2 errors in" == printed.splitlines()[-1].rpartition(" ")[0]


@pytest.mark.parametrize(
    ("status", "data"),
    [
        (0, "../here.xml"),
        (0, "../../a/here.xml"),
        (0, "no/../../here.xml"),
        (3, "../../secret.xml"),
        (3, "../../../secret.xml"),
        (3, "no/../../../secret.xml"),
    ],
)
def test_data_that_leads_out(status: int, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Data may lead up by `..` inside the repository, but never out of it."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/.git").mkdir()
    for name in ("a/here.xml", "secret.xml"):
        (tmp_path / name).write_bytes(ATTACK.read_bytes())
    assert status == run(tmp_path / "a/b", f"- name: a\n  attack_data: [{{data: {data}}}]\n", capsys)[0]


def test_link_that_leads_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A link to a log outside the repository is refused, and no event of that log is shown."""
    (tmp_path / "a/.git").mkdir(parents=True)
    (tmp_path / "secret.xml").write_bytes(ATTACK.read_bytes())
    (tmp_path / "a/link.xml").symlink_to(tmp_path / "secret.xml")
    test = "- name: a\n  attack_data: [{data: link.xml}]\n  negative: true\n"
    status, _, printed = run(tmp_path / "a", test, capsys)
    assert (3, True, False) == (status, "link.xml: leads out of" in printed, "corp.example.com" in printed)


def test_link_within(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A link to a log inside the repository is followed."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "link.xml").symlink_to("log.xml")
    assert 0 == run(tmp_path, "- name: a\n  attack_data: [{data: link.xml}]\n", capsys)[0]


def test_data_that_is_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe is refused, not waited for."""
    os.mkfifo(tmp_path / "pipe.xml")
    status, _, printed = run(tmp_path, "- name: a\n  attack_data: [{data: pipe.xml}]\n", capsys)
    assert (3, True) == (status, "pipe.xml: is no plain file" in printed)


@pytest.mark.parametrize("name", ["secret.yml", "/dev/zero"])
def test_detection_that_leads_out(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder that is searched for detections, a link out of it is an error; the other detections are tested."""
    (tmp_path / "secret.yml").write_text("a: [", encoding="utf-8")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/bad.yml").symlink_to(tmp_path / name)
    run(tmp_path / "a", f"- name: a\n{DATA}", capsys)
    status = main(["test", str(tmp_path / "a")])
    printed = capsys.readouterr().out
    assert (3, True, True) == (status, "bad.yml: leads out of" in printed, "x.yml::a[current] PASSED" in printed)


@pytest.mark.parametrize(
    ("status", "words", "test"),
    [
        (3, "nope.xml is neither beside the detection nor in a folder around it", "attack_data: [{data: nope.xml}]"),
        (3, "x.yml: this is no log that replay knows", "attack_data: [{data: x.yml}]"),
        (3, "x.yml:7: unknown key expect in tests.0; remove it; known are", "expect: 1"),
        (3, "line 7: key data is missing in tests.0.attack_data.0; add it", "attack_data: [{file: x}]"),
        (3, "x.yml:7: unknown key file in tests.0.attack_data.0; remove it", "attack_data: [{file: x}]"),
        (3, "line 7: tests.0.attack_data is not a list", "attack_data: log.xml"),
        (3, "line 7: key attack_data is missing in tests.0", "negative: true"),
        (3, "line 7: tests.0.attack_data is (); write a list of one entry or more", "attack_data: []"),
        (3, "line 7: key data is missing in tests.0.attack_data.0", "attack_data: [{source: x}]"),
        (3, "line 7: tests.0.attack_data.0.data is not text", "attack_data: [{data: [x]}]"),
        (
            3,
            "line 7: tests.0.addon is 'new'; write one of current, cim5, legacy",
            "attack_data: [{data: log.xml}], addon: new",
        ),
        (
            3,
            "line 7: tests.0.negative is not true or false; write it without quotes",
            "attack_data: [{data: log.xml}], negative: 'no'",
        ),
        (
            3,
            "line 7: test 'a' has expected and negative; keep one of them",
            "attack_data: [{data: log.xml}], expected: {count: 0}, negative: true",
        ),
        (
            3,
            "line 7: test 'a' expects neither a count nor rows; add one of them",
            "attack_data: [{data: log.xml}], expected: {}",
        ),
        (3, "tests.0.expected.count is not a whole number", "attack_data: [{data: log.xml}], expected: {count: one}"),
        (
            3,
            "tests.0.expected.count is not a whole number",
            "attack_data: [{data: log.xml}], expected: {count: \u00b2}",
        ),
        (
            3,
            "tests.0.expected.count is not a whole number",
            f"attack_data: [{{data: log.xml}}], expected: {{count: {'9' * 5000}}}",
        ),
        (3, "is neither beside the detection", f"attack_data: [{{data: {'a' * 5000}}}]"),
        (3, "is neither beside the detection", 'attack_data: [{data: "a\\0b"}]'),
        (
            3,
            "test 'a' counts other than its rows; leave count out",
            "attack_data: [{data: log.xml}], expected: {count: 2, rows: []}",
        ),
        (3, "tests.0.expected.rows.0 is not a mapping", "attack_data: [{data: log.xml}], expected: {rows: [x]}"),
        (3, "tests.0.expected.rows.0 is {}; write", "attack_data: [{data: log.xml}], expected: {rows: [{}]}"),
        (3, "tests.0.expected.rows.0.a is not text", "attack_data: [{data: log.xml}], expected: {rows: [{a: {b: c}}]}"),
    ],
)
def test_unreadable(status: int, words: str, test: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Data that does not exist or is not a log, and a malformed test, are errors that say so."""
    found, lines, printed = run(tmp_path, f"- {{name: a, {test}}}\n", capsys)
    assert (status, True, True) == (found, words in printed, lines[0].endswith(" ERROR"))


def test_unsupported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A search that replay does not run is an error, with its place, and the status is 2."""
    status, lines, printed = run(
        tmp_path, f"- name: a\n{DATA}", capsys, head="name: X\nsearch: '| makeresults | nope'\n"
    )
    assert (2, ["a[current] ERROR"], True) == (status, lines, "unsupported command 'nope'" in printed)


def test_worst_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The status is that of the worst outcome, and every test is run."""
    tests = f"- name: a\n{DATA}  negative: true\n- name: b\n  attack_data: [{{data: nope}}]\n- name: c\n{DATA}"
    assert (3, ["a[current] FAILED", "b[current] ERROR", "c[current] PASSED"]) == run(tmp_path, tests, capsys)[:2]


def test_no_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To have no test at all is an error: a CI step that runs none must not pass."""
    assert 2 == run(tmp_path, "", capsys)[0]


def test_bad_file_beside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A detection that cannot be read is a separate error, and those beside it are tested."""
    (tmp_path / "bad.yml").write_text("a: [")
    run(tmp_path, f"- name: a\n{DATA}", capsys)
    status = main(["test", str(tmp_path)])
    printed = capsys.readouterr().out.splitlines()
    expected = [f"{tmp_path}/bad.yml::tests ERROR", f"{tmp_path}/x.yml::a[current] PASSED"]
    assert (3, expected) == (status, printed[:2])


HOSTILE = '- name: "<b>&\\e[2J\\0 ]]> \\uffff"\n'


def test_junit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--junit writes XML that parses, whatever the names and values are, and that has the outcomes."""
    log = tmp_path / "junit.xml"
    wanted = '  expected: {rows: [{dest: "]]>\\e\\uffff<x>"}]}\n'
    tests = f"{HOSTILE}{DATA}{wanted}- name: b\n{DATA}- name: c\n  attack_data: [{{data: 'http://x'}}]\n- name: d\n  attack_data: [{{data: y}}]\n"
    _, _, printed = run(tmp_path, tests, capsys, "--junit", str(log))
    (suite,) = ElementTree.parse(log).getroot()
    kinds = [[element.tag for element in case] for case in suite]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"} == counts
    assert [["failure"], [], ["skipped"], ["error"]] == kinds
    assert (r"<b>&\x1b[2J\x00 ]]> \uffff[current]", True) == (
        suite[0].get("name"),
        r"]]>\u001b\uffff<x>" in (suite[0][0].text or ""),
    )
    assert printed.replace("\n", "").isprintable()


def test_junit_of_half_a_character(tmp_path: Path) -> None:
    """Half a character, which no file can hold as it is, is escaped in the XML."""
    outcome = Outcome("x.yml", "a \ud800", "failed", "m", "d")
    (suite,) = ElementTree.fromstring(junit.xml([outcome]))
    assert r"a \ud800" == suite[0].get("name")


def test_junit_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be written gives an error in words."""
    assert 2 == run(tmp_path, f"- name: a\n{DATA}", capsys, "--junit", str(tmp_path / "no" / "j.xml"))[0]


def test_rows_without_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A failure shows the first twenty of very many results that nobody expected."""
    head = "name: X\nsearch: '| makeresults count=500'\n"
    _, _, printed = run(tmp_path, f"- name: a\n{DATA}  negative: true\n", capsys, head=head)
    assert (20, True) == (printed.count("_time"), "expected 0 results, found 500" in printed)


BLIND = "found nothing, but this log could not show it: add a recording that can"


@pytest.mark.parametrize(
    ("status", "kind", "search"),
    [
        (1, "BLIND", "| tstats count from datamodel=Endpoint.Services by Services.dest"),
        (
            1,
            "BLIND",
            "| tstats count from datamodel=Endpoint.Processes where Processes.dest_category=x by Processes.dest",
        ),
        (1, "BLIND", "EventCode=1 | stats count by NoSuchField"),
        (1, "BLIND", "EventCode=1 | where NoSuchField=1 | stats count"),
        (0, "PASSED", "EventCode=1 | where Image=1 | stats count"),
        (0, "PASSED", "EventCode=1 | search Image=nothing.exe"),
        (
            0,
            "PASSED",
            "| tstats count from datamodel=Endpoint.Processes"
            " where Processes.process_name=no.exe OR Processes.dest_category=x by Processes.dest",
        ),
    ],
)
def test_blind(status: int, kind: str, search: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing was to be found and nothing was, a log that is blind for the search proves nothing, and fails the run."""
    head = f"name: X\nsearch: '{search}'\n"
    found, lines, printed = run(tmp_path, f"- name: a\n{DATA}  negative: true\n", capsys, head=head)
    assert (status, [f"a[current] {kind}"], status) == (found, lines, int(BLIND in printed))


def test_blind_in_junit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JUnit has it as a failure."""
    head = "name: X\nsearch: '| tstats count from datamodel=Endpoint.Services by Services.dest'\n"
    log = tmp_path / "junit.xml"
    run(tmp_path, f"- name: a\n{DATA}  negative: true\n", capsys, "--junit", str(log), head=head)
    (suite,) = ElementTree.parse(log).getroot()
    assert ("1", BLIND) == (suite.get("failures"), suite[0][0].get("message"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("FAILED", ""), ("PASSED", "  negative: true\n"), ("PASSED", "  expected: {rows: [{count: 0}]}\n")],
)
def test_lone_zero(kind: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lone result whose only value is a count of 0 is no hit, unless the test names its row."""
    head = "name: X\nsearch: '| makeresults | where _time=1 | stats count'\n"
    assert [f"a[current] {kind}"] == run(tmp_path, f"- name: a\n{DATA}{expected}", capsys, head=head)[1]


def test_other_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A count of 0 beside another value is a hit."""
    head = "name: X\nsearch: '| makeresults | where _time=1 | stats count | eval host=1'\n"
    assert ["a[current] PASSED"] == run(tmp_path, f"- name: a\n{DATA}", capsys, head=head)[1]


def test_warnings_of_what_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A test that passed shows what its run said, on the terminal and in JUnit."""
    head = "name: X\nsearch: '| makeresults | eval a=nope'\n"
    log = tmp_path / "junit.xml"
    _, _, printed = run(tmp_path, f"- name: a\n{DATA}", capsys, "--junit", str(log), head=head)
    (suite,) = ElementTree.parse(log).getroot()
    warning = "warning: no result has nope, which eval reads"
    assert (f"  {warning}", [("system-out", warning)]) == (
        printed.splitlines()[1],
        [(element.tag, element.text) for element in suite[0]],
    )


@pytest.mark.parametrize(
    ("lines", "arguments"),
    [
        (["first[current] PASSED", "Second[legacy] PASSED", "Second[cim5] PASSED"], ()),
        (["Second[legacy] PASSED", "Second[cim5] PASSED"], ("-k", "sEcond")),
        (["Second[cim5] PASSED"], ("-k", "second[cim5]")),
        (["first[legacy] PASSED", "Second[legacy] PASSED"], ("--addon", "legacy")),
        (["first[current] PASSED"], ("--addon", "current")),
        ([], ("-k", "third")),
    ],
)
def test_chosen(
    lines: list[str], arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """-k takes the tests with a text in their file or name, --addon those of an add-on, on which those run that name none."""
    tests = f"- name: first\n{DATA}- name: Second\n{DATA}  addon: [legacy, cim5]\n"
    status, found, _ = run(tmp_path, tests, capsys, *arguments)
    assert (0 if lines else 2, lines) == (status, found)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("PASSED", "attack_data/master/datasets/T1/a b/log.xml"),
        ("PASSED", "datasets/T1/a b/log.xml"),
        ("PASSED", "a b/log.xml"),
        ("SKIPPED", "log.xml"),
        ("SKIPPED", "T1/log.xml"),
    ],
)
def test_mirror(kind: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--attack-data has a file for an address where the file's path is an end of it, with a folder at least."""
    file = tmp_path / "mirror" / place
    file.parent.mkdir(parents=True)
    file.write_bytes(ATTACK.read_bytes())
    address = "https://media.example.com/attack_data/master/datasets/T1/a%20b/log.xml?raw=true"
    test = (
        f"- name: a\n  attack_data:\n  - data: {address}\n    sourcetype: xmlwineventlog\n    update_timestamp: true\n"
    )
    _, (line,), _ = run(tmp_path, test, capsys, "--attack-data", str(tmp_path / "mirror"))
    assert f"a[current] {kind}" == line.partition(" (")[0]


@pytest.mark.parametrize(
    "address", ["https://x/../secret/log.xml", "https://x/..%2fsecret/log.xml", "https://x/a/%2e%2e/log.xml"]
)
def test_mirror_that_leads_out(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An address does not lead out of the mirror, nor does a link in it."""
    for folder in ("secret", "mirror/a"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder.partition("/")[0] / "log.xml").write_bytes(ATTACK.read_bytes())
    test = f"- name: a\n  attack_data: [{{data: '{address}'}}]\n"
    _, (line,), _ = run(tmp_path, test, capsys, "--attack-data", str(tmp_path / "mirror"))
    assert "a[current] SKIPPED" == line.partition(" (")[0]
    (tmp_path / "mirror/a/log.xml").symlink_to(tmp_path / "secret/log.xml")
    test = "- name: a\n  attack_data: [{data: 'https://x/a/log.xml'}]\n"
    assert 3 == run(tmp_path, test, capsys, "--attack-data", str(tmp_path / "mirror"))[0]
