"""`splreplay check`: what it says of a detection, where, and with which exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from splreplay.cli import main
from splreplay.commands.head import Head
from tests.conftest import REPO
from tests.replay.deep import DEEP

GOOD = "name: Good\nsearch: '| makeresults | table _time'\n"


def check(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, list[dict[str, Any]], str]:
    """Return exit status, the objects on standard output, and standard error."""
    status = main(["check", "--format", "json", *map(str, arguments)])
    printed = capsys.readouterr()
    return status, json.loads(printed.out), printed.err


def write(path: Path, text: str) -> Path:
    """Write a file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A detection that can be run is one object: no reason, its place, its findings and warnings."""
    path = write(
        tmp_path / "x.yml",
        "name: X\nsearch: |\n  index=main\n  | join max=0 pid [search user=y]\nrba:\n  message: on $dest$\n",
    )
    message = "join on pid alone also matches other hosts: PIDs are reused; add the host, or use the GUID"
    expected = {
        "file": str(path),
        "name": "X",
        "verdict": "runs",
        "unfilled": [],
        "reason": None,
        "line": 3,
        "column": 3,
        "reasons": [],
        "findings": [{"rule": "pid-join", "message": message, "line": 4, "column": 5}],
        "warnings": [],
    }
    assert (0, [expected], "") == check(capsys, path)


@pytest.mark.parametrize(
    ("reason", "line", "column", "yaml"),
    [
        ("unsupported command 'nope'", 4, 5, "search: |\n  index=x\n  | nope a\n"),
        ("unsupported command 'nope'", 2, 19, "search: index=x | nope a\n"),
        ("unsupported command 'nope'", 3, 3, "search: 'index=x |\n  nope a'\n"),
        ("expected a value, a field or a function here", 3, 26, "search: >\n  | makeresults | eval a=,\n"),
        ("no macro is called 'nowhere'", 3, 3, "search: |\n  `nowhere`\n"),
        ("no macro is called 'option'", 3, 12, "search: |\n  | tstats `option` count from datamodel=X.Y\n"),
        ("a search cannot start with 'stats', which works on results", 2, 12, "search: '| stats count'\n"),
        ("replay has no data model 'Email'", 3, 33, "search: |\n  | tstats count from datamodel=Email\n"),
        ("the app has no lookup 'nope'", 3, 19, "search: |\n  | makeresults | lookup nope a\n"),
        ("unsupported eval function 'sha0'", 3, 28, "search: |\n  | makeresults | eval a=1+sha0(2)\n"),
        ("this quotation mark is never closed", 3, 11, 'search: |\n  index=x "abc\n'),
        ("earliest=soon is not a time", 2, 9, "search: index=x earliest=soon\n"),
        ("unsupported command 'nope'", 2, 36, "search: '| makeresults | append [| nope]'\n"),
        ("expected a command behind this pipe", 2, 10, "search: '|'\n"),
    ],
)
def test_reason(
    reason: str, line: int, column: int, yaml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be run is named, with its line and column in the file."""
    status, (found,), _ = check(capsys, write(tmp_path / "x.yml", f"name: X\n{yaml}"))
    assert (2, "cannot run") == (status, found["verdict"])
    assert (reason, line, column) == (found["reason"][: len(reason)], found["line"], found["column"])


def test_every_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command that replay cannot read is reported, even in subsearches, and the first is the reason."""
    text = "name: X\nsearch: |\n  index=x | nope a\n  | eval b=\n  | append [search user=y | nor b]\n  | nope a\n"
    _, (found,), _ = check(capsys, write(tmp_path / "x.yml", text))
    expected = [
        {"message": "unsupported command 'nope'", "remedy": None, "line": 3, "column": 13},
        {"message": "expected a value, a field or a function here", "remedy": None, "line": 5, "column": 3},
        {"message": "unsupported command 'nor'", "remedy": None, "line": 5, "column": 29},
        {"message": "unsupported command 'nope'", "remedy": None, "line": 6, "column": 5},
    ]
    assert (expected, "unsupported command 'nope'", 3) == (found["reasons"], found["reason"], found["line"])


def test_every_reason_of_a_compiled_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is found only when a command is compiled is told too: each of them, beside what cannot be read."""
    text = (
        "name: X\nsearch: |\n  | tstats count from datamodel=Email.All_Email\n  | lookup nope a\n  | nope\n"
        "  | eval b=sha0(1)\n  | append [| inputlookup no.csv]\n"
    )
    _, (found,), _ = check(capsys, write(tmp_path / "x.yml", text))
    expected = ["replay has no data model", "the app has no lookup", "unsupported command", "unsupported eval function"]
    messages = [(one["message"], one["line"]) for one in found["reasons"]]
    assert [(text, line) for line, text in enumerate(expected, start=3)] == [
        (next(text for text in expected if message.startswith(text)), line) for message, line in messages[:-1]
    ]
    assert ("no.csv", 7) == (messages[-1][0].split("/")[-1].split(":")[0], messages[-1][1])


def test_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reason comes with what to do instead, as a run says it: after it in text, beside it in JSON."""
    path = write(tmp_path / "x.yml", "name: X\nsearch: index=x | fromjson a\n")
    remedy = "write: spath input=a"
    reason = {"message": "unsupported command 'fromjson'", "remedy": remedy, "line": 2, "column": 19}
    assert [reason] == check(capsys, path)[1][0]["reasons"]
    assert 2 == main(["check", str(path)])
    line = f"{path}:2:19: X: cannot run: unsupported command 'fromjson'; {remedy}"
    assert line == capsys.readouterr().out.splitlines()[0]


def test_cut_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A search whose commands cannot be told apart has one reason, and no findings."""
    text = "name: X\nsearch: index=x | join pid [search index=y\nrba: {message: $user$}\n"
    _, (found,), _ = check(capsys, write(tmp_path / "x.yml", text))
    assert (["this subsearch is never closed"], []) == ([one["message"] for one in found["reasons"]], found["findings"])


def test_inside_a_macro(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in a macro's definition is placed at the call of the macro."""
    app = write(tmp_path / "app/default/macros.conf", "[bad]\ndefinition = eval a=sha0(1)\n").parents[1]
    path = write(tmp_path / "x.yml", "name: X\nsearch: |\n  | makeresults\n  | eval b=1 | `bad`\n")
    _, (found,), _ = check(capsys, path, "--app", app)
    assert ("unsupported eval function 'sha0'", 4, 16) == (found["reason"], found["line"], found["column"])


@pytest.mark.parametrize(
    ("unfilled", "search"),
    [
        (["sourcetype=aws:cloudtrail"], "sourcetype=aws:cloudtrail a=b"),
        (["index=windows"], "index=windows EventCode=1"),
        (["source=WinEventLog:Security"], "source=WinEventLog:Security"),
        (["eventtype=okta", "sourcetype=b", "sourcetype=c"], "(eventtype=okta OR sourcetype IN (b, c)) x=1"),
        (["tag"], "tag=process"),
        (
            ["Processes.dest_category"],
            "| tstats count from datamodel=Endpoint.Processes where Processes.dest_category=a",
        ),
        (["Processes.dest_category"], "| tstats count from datamodel=Endpoint.Processes by Processes.dest_category"),
        (["Processes.nam"], "| tstats count from datamodel=Endpoint.Processes where Processes.nam=a"),
        ([], "| tstats count from datamodel=Endpoint.Processes where earliest=-1d nodename=Processes by splunk_server"),
        (["index=aws"], "| tstats count from datamodel=Endpoint.Processes where index=aws"),
        (["the data model Web.Web"], "| tstats count from datamodel=Web.Web"),
        (["sourcetype=a"], "| makeresults | join a [search sourcetype=a]"),
        (["sourcetype=a", "index=b"], "sourcetype=a | append [search index=b]"),
        ([], "| makeresults | append [search sourcetype=a]"),
        ([], "sourcetype=a | append [search x=1]"),
        (["sourcetype=a", "index=b"], "sourcetype=a | appendcols [search index=b]"),
        ([], "sourcetype=a | appendpipe [stats count]"),
        (["sourcetype=a", "index=b"], "sourcetype=a | union [search index=b]"),
        ([], "sourcetype=a | union [search x=1]"),
        (["sourcetype=a", "index=b"], "| union [search sourcetype=a] [search index=b]"),
        ([], "| union [search sourcetype=a] [search x=1]"),
        (["sourcetype=a", "index=b"], "| multisearch [search sourcetype=a] [search index=b]"),
        ([], "| multisearch [search x=1] [search index=b]"),
        (["the data model Web.Web"], "| from datamodel:Web.Web"),
        (["the data model Web.Web"], "| datamodel Web Web search | stats count"),
        ([], "| from datamodel:Endpoint.Processes"),
        (["sourcetype=a"], 'sourcetype=a | map search="search x=$y$"'),
        ([], "index=b | inputlookup append=true installutil_rba_detections"),
        ([], "index=MAIN source=*Sysmon* sourcetype=xml* NOT sourcetype=a any=thing"),
        ([], "eventtype=nothing OR source=XmlWinEventLog:Security OR index=x"),
        ([], "| makeresults | join type=left a [search sourcetype=a]"),
        ([], "| tstats fillnull_value=x count from datamodel=Endpoint.Processes by Processes.dest_category"),
        ([], "| tstats count from datamodel=Endpoint.Processes where Processes.user=* by Processes.process_name"),
    ],
)
def test_unfilled(unfilled: list[str], search: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A search that can be run, but asks for what no log that replay reads holds, has a verdict of its own; that is no failure."""
    path = write(tmp_path / "x.yml", f"name: X\nsearch: '{search}'\n")
    status, (found,), _ = check(capsys, path)
    assert (0, "unfilled" if unfilled else "runs", unfilled) == (status, found["verdict"], found["unfilled"])
    main(["check", str(path)])
    line = f"X: runs{', but no log that replay reads fills ' if unfilled else ''}{', '.join(unfilled)}"
    assert line == capsys.readouterr().out.splitlines()[0].partition(":2:10: ")[2]


def test_unfilled_by_add_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an add-on maps decides: the legacy one leaves original_file_name out, and the CIM says "unknown" in its place."""
    search = "| tstats count from datamodel=Endpoint.Processes where Processes.original_file_name=Cmd.Exe"
    path = write(tmp_path / "x.yml", f"name: X\nsearch: '{search}'\n")
    verdicts = [check(capsys, path, "--addon", addon)[1][0]["verdict"] for addon in ("current", "legacy")]
    assert ["runs", "unfilled"] == verdicts


def test_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --strict, findings fail the run; without, and without findings, they do not."""
    path = write(tmp_path / "x.yml", "name: X\nsearch: '| makeresults | where nope=1'\n")
    good = write(tmp_path / "good.yml", GOOD)
    assert [0, 2, 0] == [
        check(capsys, *arguments)[0] for arguments in [(path,), (path, "--strict"), (good, "--strict")]
    ]


def test_shared_case(capsys: pytest.CaptureFixture[str]) -> None:
    """The detection of the shared cases whose message has an open token has that finding."""
    path = REPO.parent / "shared/cases/open_token.yml"
    if not path.exists():
        pytest.skip("the shared cases are not on this machine")
    status, (found,), _ = check(capsys, path)
    assert (0, "runs", ["open-token"]) == (status, found["verdict"], [one["rule"] for one in found["findings"]])


@pytest.mark.parametrize(
    "search",
    [
        "index=main | spath | stats count",
        "index=main | spath input=a | mvexpand b | timechart span=1h count by c",
        "| tstats count from datamodel=Endpoint.Processes by _time Processes.dest",
        "index=main [search x=1 | fields y] word | join z [| tstats count from datamodel=Endpoint.Ports by _time]",
        "index=main | head (a=1) | sort a | streamstats count | eventstats max(a) | foreach a* [eval <<FIELD>>=1]",
    ],
)
def test_nothing_is_made(search: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands that ask for values of results on their way can be tried without results."""
    path = write(tmp_path / "x.yml", f"name: X\nsearch: '{search}'\n")
    assert ("runs", []) == ((found := check(capsys, path)[1][0])["verdict"], found["reasons"])


def test_foreach(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The template of a foreach is read as a run reads it."""
    good = write(tmp_path / "good.yml", "name: X\nsearch: '| makeresults | foreach a* [eval <<FIELD>>=1]'\n")
    bad = write(tmp_path / "bad.yml", "name: X\nsearch: '| makeresults | foreach a* [stats count]'\n")
    message = "stats in the template does not go through the results one by one"
    assert [[], [message]] == [[one["message"] for one in check(capsys, path)[1][0]["reasons"]] for path in (good, bad)]


def test_a_mistake_of_our_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If replay itself fails on a detection, that is its verdict, and the others get theirs."""

    def broken(self: Head, *arguments: object) -> None:
        raise AssertionError("no such case")

    monkeypatch.setattr(Head, "run", broken)
    write(tmp_path / "a.yml", "name: A\nsearch: |\n  | makeresults | head\n")
    write(tmp_path / "b.yml", GOOD)
    status, found, error = check(capsys, tmp_path)
    reason = "replay made a mistake of its own: AssertionError: no such case"
    assert (2, "", [(reason, 3), (None, 2)]) == (status, error, [(one["reason"], one["line"]) for one in found])
    assert ["mistake", "runs"] == [one["verdict"] for one in found]


def test_conf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The stanzas of a savedsearches.conf that have a search are detections, with their risk actions."""
    path = write(
        tmp_path / "savedsearches.conf",
        "[other]\ndisabled = 1\n[one]\nsearch = | makeresults \\\n| nope\n[two]\nsearch = index=x | table dest\n"
        'action.risk.param._risk = [{"risk_object_field": "dest"}, {"threat_object_field": "user"}]\n'
        "action.risk.param._risk_message = $dest$\n",
    )
    status, found, _ = check(capsys, path)
    verdicts = [(one["name"], one["reason"], one["line"], one["column"]) for one in found]
    assert (2, [("one", "unsupported command 'nope'", 5, 3), ("two", None, 7, 10)]) == (status, verdicts)
    assert [("risk-field", 8, 83)] == [(one["rule"], one["line"], one["column"]) for one in found[1]["findings"]]


def test_old_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The risk of older detections, tags.message and tags.observable, is read too."""
    text = "name: X\nsearch: index=x | table a\ntags:\n  message: $b$\n  observable:\n  - name: c\n    type: User\n"
    _, (found,), _ = check(capsys, write(tmp_path / "x.yml", text))
    assert [("message-token", 4), ("risk-field", 6)] == [(one["rule"], one["line"]) for one in found["findings"]]


def test_new_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The risk of newer detections, intermediate_findings with threat_objects beside it, is read too."""
    text = (
        "name: X\nsearch: index=x | table a\nintermediate_findings:\n  entities:\n"
        "  - field: b\n    message: $c$\nthreat_objects:\n- field: d\n"
    )
    _, (found,), _ = check(capsys, write(tmp_path / "x.yml", text))
    expected = [("risk-field", 5), ("message-token", 6), ("risk-field", 8)]
    assert expected == [(one["rule"], one["line"]) for one in found["findings"]]


def test_filter_macro(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A detection's filter macro need not be defined: contentctl makes it."""
    text = "name: Sub-Process of X/Y 7.1\nsearch: '| makeresults | `sub_process_of_x_y_7_1_filter`'\n"
    assert 0 == check(capsys, write(tmp_path / "x.yml", text))[0]


def test_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder, YAML files with a search and savedsearches.conf count; lists, empty files and hidden folders do not."""
    write(tmp_path / "b/one.yml", GOOD)
    write(tmp_path / "a.yaml", GOOD.replace("Good", "First"))
    write(tmp_path / "c/default/savedsearches.conf", "[Last]\nsearch = | makeresults\n")
    write(tmp_path / "c/default/macros.conf", "no stanza")
    write(tmp_path / "macros/m.yml", "name: m\ndefinition: x\n")
    write(tmp_path / "package/macros.yml", "- name: m\n  search: x\n")
    write(tmp_path / "package/empty.yml", "")
    write(tmp_path / ".git/x.yml", GOOD)
    status, found, error = check(capsys, tmp_path)
    assert (0, ["First", "Good", "Last"], "") == (status, [one["name"] for one in found], error)


def test_unreadable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read is named on standard error; the others are checked, and the status is 3."""
    bad = write(tmp_path / "a.yml", "a: &x [*x]\n")
    write(tmp_path / "b.yml", GOOD)
    status, found, error = check(capsys, tmp_path)
    message = f"{bad}, line 1: YAML anchors are not read; write out what the anchor stands for\n"
    assert (3, ["Good"], message) == (status, [one["name"] for one in found], error)


@pytest.mark.parametrize(
    ("status", "message", "arguments"),
    [
        (3, "there is no such file", ("nope.yml",)),
        (3, "holds no search", ("macros.yml",)),
        (3, "holds no search", ("list.yml",)),
        (2, "no detection was found", ("empty",)),
        (2, "is no app", ("good.yml", "--app", "empty")),
        (2, "--macro 'zz' is not NAME=DEFINITION", ("good.yml", "--macro", "zz")),
    ],
)
def test_exit_status(
    status: int,
    message: str,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file that does not exist, or holds no search, gives 3; wrong usage gives 2."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "good.yml", GOOD)
    write(tmp_path / "macros.yml", "name: m\n")
    write(tmp_path / "list.yml", "- name: m\n  search: x\n")
    (tmp_path / "empty").mkdir()
    assert (status, True) == (main(["check", *arguments]), message in capsys.readouterr().err)


def test_no_command_is_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command of the app is not run, not even to check its options."""
    app = tmp_path / "app"
    write(app / "default/commands.conf", "[do]\nfilename = do.py\nchunked = true\n")
    write(app / "bin/do.py", f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    path = write(tmp_path / "x.yml", "name: X\nsearch: '| makeresults | do it | table _time'\n")
    assert (0, False) == (check(capsys, path, "--app", app)[0], (tmp_path / "ran").exists())


LONG = {name: f"| makeresults | {text}" for name, text in DEEP.items()} | {"long": "x " * 500_001}


@pytest.mark.parametrize("search", LONG.values(), ids=LONG)
def test_deep_text(search: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A search that nests without end, or is a megabyte long, cannot be run, and those beside it are checked."""
    write(
        tmp_path / "savedsearches.conf",
        f"[Deep]\nsearch = {' '.join(search.split())}\n[Good]\nsearch = | makeresults\n",
    )
    status, found, _ = check(capsys, tmp_path)
    assert (2, ["cannot run", "runs"]) == (status, [one["verdict"] for one in found])


def test_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As text, each line starts with file, line and column, and the last line has the counts."""
    monkeypatch.chdir(REPO)
    assert 0 == main(["check", "default/savedsearches.conf"])
    lines = capsys.readouterr().out.splitlines()
    assert (
        "default/savedsearches.conf:5:10: Windows InstallUtil Remote Network Connection - As Published: runs",
        "4 detections: 4 run, 0 run but find nothing in any log that replay reads, 0 cannot run; 4 findings",
    ) == (lines[0], lines[-1])


def test_hostile_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, searches and messages reach the terminal escaped."""
    text = 'name: "\\e]0;x\\a"\nsearch: "index=x | \\u202e\\e[2J | table a"\nrba: {message: "$\\u202eb$ $c$"}\n'
    assert 2 == main(["check", str(write(tmp_path / "x.yml", text))])
    printed = capsys.readouterr().out
    assert (True, True) == (r"\x1b]0;x\x07" in printed, printed.replace("\n", "").isprintable())


@pytest.mark.parametrize("name", ["package/detections", "default"])
def test_our_own(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What ships runs, and only the published search has findings: those that ours was made to mend."""
    monkeypatch.chdir(REPO)
    status, found, _ = check(capsys, name)
    rules = {finding["rule"] for one in found if "Published" in one["name"] for finding in one["findings"]}
    others = [finding for one in found if "Published" not in one["name"] for finding in one["findings"]]
    published = {"big-subsearch", "first-time", "join-max"} if name == "default" else set()
    assert (0, [], published) == (status, others, rules)
