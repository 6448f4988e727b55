"""`splreplay hunt`: what fires, what is quiet, what could not have been seen, and how the program ends."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from splreplay.errors import UnsupportedError
from splreplay.hunt.outcome import Outcome
from splreplay.hunt.select import Planned
from splreplay.recording import Recording
from tests.conftest import REPO
from tests.hunt.conftest import ATTACK, DETECTIONS, RBA, STARTS, Hunt, write
from tests.program import splreplay
from tests.replay.test_chunked import ECHO

FIRES, QUIET, WORDS = ({name: DETECTIONS[name]} for name in ("fires", "quiet", "words"))
BLIND = {"blind": "type: TTP\nsearch: EventCode=4104 | table dest\n"}
HOST, OTHER = "WKS-014.corp.example.com", "DEV-007.corp.example.com"


def test_what_came_of_all(case_of_all: dict[str, Any]) -> None:
    """One detection fires, one is quiet, and each of the others has its reason."""
    unseen = [(entry["category"], entry["reason"], entry["detections"]) for entry in case_of_all["unseen"]]
    assert (
        [
            ("no such event", "EventCode=4104", ["event"]),
            ("no such event", "the data model Web.Web", ["model"]),
            ("no such field", "NoSuchField: no event of this log has such a field", ["field"]),
            ("not supported", "unsupported command 'frobnicate'", ["words"]),
        ],
        6,
        ["quiet"],
        ["fires"],
    ) == (
        unseen,
        case_of_all["detections"],
        case_of_all["quiet"],
        [one["detection"] for one in case_of_all["findings"]],
    )


@pytest.mark.parametrize(
    ("category", "reason", "search", "arguments"),
    [
        ("no such event", f"host=nowhere: in this log host is {HOST}, {OTHER}", "EventCode=1 host=nowhere", ()),
        ("no such field", "Nope, which stats reads: no result has it", "EventCode=1 | stats count by Nope", ()),
        (
            "no such field",
            "no result has all of ParentImage, DestinationIp, by which stats groups",
            "EventCode IN (1, 3) | stats count by ParentImage DestinationIp",
            (),
        ),
        (
            "no such event",
            "no event of this log is in the time range: "
            "the first is of 2025-06-17T08:58:02.116+00:00, the last of 2025-06-17T09:07:22.100+00:00",
            "EventCode=1",
            ("--earliest", "2026-01-01"),
        ),
    ],
)
def test_what_a_run_lacks(category: str, reason: str, search: str, arguments: tuple[str, ...], hunt: Hunt) -> None:
    """Of a search that was run and could find nothing, it is said whether the log lacks events or fields, and which."""
    case = json.loads(hunt({"one": f"search: '{search}'\n"}, "--format", "json", *arguments).stdout)
    assert [{"category": category, "reason": reason, "detections": ["one"]}] == case["unseen"]


def test_a_finding(case_of_all: dict[str, Any]) -> None:
    """A finding has its type, techniques, tactics, times, entities, messages, log and results."""
    [finding] = case_of_all["findings"]
    shown = {
        name: finding[name] for name in ("type", "score", "techniques", "tactics", "count", "first", "last", "logs")
    }
    assert {
        "type": "TTP",
        "score": 40.0,
        "techniques": ["T1218.004"],
        "tactics": ["defense-evasion"],
        "count": 2,
        "first": "2025-06-17T09:00:12.404+00:00",
        "last": "2025-06-17T09:07:10.910+00:00",
        "logs": [str(ATTACK)],
    } == shown
    assert [
        {"entity": OTHER, "type": "system", "score": 40.0},
        {"entity": "j.chen", "type": "user", "score": 20.0},
        {"entity": HOST, "type": "system", "score": 40.0},
        {"entity": "m.lopez", "type": "user", "score": 20.0},
    ] == finding["entities"]
    assert [f"InstallUtil.exe ran on {OTHER} as j.chen", f"InstallUtil.exe ran on {HOST} as m.lopez"] == finding[
        "messages"
    ]
    assert [OTHER, HOST] == [row["dest"] for row in finding["results"]]


def test_a_log_with_a_warning(hunt: Hunt, tmp_path: Path) -> None:
    """What is said of a log stands in the JSON, too, which may be all that is handed over."""
    log = tmp_path / "local.xml"
    events = ATTACK.read_text(encoding="utf-8")
    log.write_text(re.sub(r"SystemTime='2025-06-17T0", "SystemTime='2025-06-17T1", events), encoding="utf-8")
    warnings = [one["warning"] for one in json.loads(hunt(FIRES, "--log", str(log), "--format", "json").stdout)["logs"]]
    said = (
        "the UtcTime of its Sysmon events is 10 hours before their time, which is what was taken: it may be a local one"
    )
    assert [None, said] == warnings


def test_risk_by_entity(hunt: Hunt) -> None:
    """The scores of all that fired are summed by entity, whatever the case of its name, with the tactics that took part."""
    upper = STARTS.format("Processes.process_name=installutil.exe") + " | eval user=upper(user)"
    second = f"type: Anomaly\nsearch: '{upper}'\n{RBA.replace('T1218.004', 'T1003')}"
    case = json.loads(hunt({**FIRES, "second": second}, "--format", "json").stdout)
    of_user = [entry for entry in case["entities"] if entry["type"] == "user" and "lopez" in entry["entity"].lower()]
    assert [
        {
            "entity": "m.lopez",
            "type": "user",
            "score": 40.0,
            "tactics": ["defense-evasion", "credential-access"],
            "detections": ["fires", "second"],
        }
    ] == of_user


@pytest.mark.parametrize(
    ("status", "detections", "arguments"),
    [
        (0, FIRES, ()),
        (1, QUIET, ()),
        (1, FIRES, ("--fail-on", "TTP")),
        (1, FIRES, ("--fail-on", "40")),
        (0, FIRES, ("--fail-on", "41")),
        (0, FIRES, ("--fail-on", "Anomaly")),
        (1, FIRES, ("--fail-on", "Anomaly", "--fail-on", "ttp")),
        (0, QUIET, ("--fail-on", "TTP")),
        (1, QUIET | BLIND, ()),
        (2, BLIND, ()),
        (2, BLIND | WORDS, ()),
        (2, BLIND, ("--fail-on", "TTP")),
        (2, FIRES | WORDS, ("--fail-on", "Hunting")),
        (1, FIRES | BLIND, ("--fail-on", "TTP")),
        (0, QUIET | BLIND, ("--fail-on", "TTP")),
        (2, FIRES, ("--fail-on", "TPP")),
        (2, FIRES, ("--fail-on", "!")),
        (2, FIRES, ("--jobs", "0")),
    ],
)
def test_exit_status(status: int, detections: dict[str, str], arguments: tuple[str, ...], hunt: Hunt) -> None:
    """0 something fired, 1 nothing did; with --fail-on, 1 if it names what fired, else 0; 2 if none of them could see anything."""
    assert status == hunt(detections, *arguments).status


def test_what_fails_is_named(hunt: Hunt) -> None:
    """With --fail-on, standard error names the detections for which the run fails, and no others."""
    named = [hunt(FIRES, "--fail-on", score).stderr.count("--fail-on: fires fired") for score in ("40", "41")]
    assert [1, 0] == named


@pytest.mark.parametrize(
    ("expected", "detections", "arguments"),
    [
        ("", QUIET | BLIND, ()),
        (
            "nothing could be seen: 1 of 1 detections could find nothing in these logs, and the case says why",
            BLIND,
            (),
        ),
        (
            "--fail-on: nothing could be seen: 1 of 1 detections could find nothing in these logs, and the case says why",
            QUIET | WORDS,
            ("--fail-on", "Hunting"),
        ),
        (
            "--fail-on: 1 of 2 detections could find nothing in these logs, and the case says why",
            QUIET | BLIND,
            ("--fail-on", "TTP"),
        ),
        (
            "--fail-on: none of the detections is of such a type, or has such a score, so none can fail this hunt",
            FIRES,
            ("--fail-on", "Correlation"),
        ),
    ],
)
def test_what_could_not_be_seen_is_told(
    expected: str, detections: dict[str, str], arguments: tuple[str, ...], hunt: Hunt
) -> None:
    """Standard error says where the exit status tells less than it seems to: no or not all detections could see anything."""
    said = f"warning: {expected}\n" if expected else ""
    assert said == hunt(detections, *arguments).stderr


def test_nothing_seen_and_a_log_passed_over(hunt: Hunt, tmp_path: Path) -> None:
    """Where nothing could be seen, that is the exit status, whatever logs were passed over."""
    bad = tmp_path / "bad.xml"
    bad.write_text("no log", encoding="utf-8")
    assert 2 == hunt(BLIND, "--log", str(bad)).status


def test_what_is_written_is_told(hunt: Hunt, tmp_path: Path) -> None:
    """With --output, standard error says what fired and where it is written."""
    output = tmp_path / "case.csv"
    ran = hunt(FIRES, "--output", str(output))
    assert (True, "") == (f"note: wrote {output}: 1 of 1 detections fired over 1 log" in ran.stderr, ran.stdout)


def test_a_file_that_cannot_be_read(hunt: Hunt) -> None:
    """A detection that cannot be read is named, the others are hunted, and the exit status says it."""
    ran = hunt({**FIRES, "broken": "search: [\n"})
    assert (3, True, True) == (ran.status, "broken.yml" in ran.stderr, "1 of 1 detections fired" in ran.stdout)


def test_no_detection_that_can_be_read(hunt: Hunt) -> None:
    """Where no detection can be read, no log is."""
    ran = hunt({"broken": "search: [\n"}, "--fail-on", "TPP", log=Path("no/such/log"))
    assert (3, "", True, False) == (ran.status, ran.stdout, "broken.yml" in ran.stderr, "no/such/log" in ran.stderr)


SIGMA = "title: x\nlogsource: {product: windows}\ndetection: {selection: {Image: x}, condition: selection}\n"
CONVERT = "convert them: sigma convert -t splunk -f savedsearches -p sysmon -o savedsearches.conf RULES\n"


def test_sigma_rules(hunt: Hunt, tmp_path: Path) -> None:
    """Where there are only Sigma rules, the error says what they are, and what turns them into saved searches."""
    expected = f"no detection was found in {tmp_path / 'detections'}, but 2 in Sigma's own language\n{CONVERT}"
    assert (2, "", expected) == hunt({"a": SIGMA, "b": SIGMA})


def test_sigma_rules_beside_others(hunt: Hunt) -> None:
    """Sigma rules among others are counted, and the others are hunted."""
    ran = hunt({"a": SIGMA, **FIRES})
    said = f"warning: 1 Sigma rule passed over, as replay runs Splunk's searches; {CONVERT}"
    assert (0, said, True) == (ran.status, ran.stderr, "1 of 1 detections fired" in ran.stdout)


def test_a_log_that_stands_for_a_detection() -> None:
    """A log that stands where detections stand is told where logs do."""
    ran = splreplay("hunt", str(ATTACK), "--log", "package/detections")
    said = f"{ATTACK} is no detection\nname .yml files or a savedsearches.conf; logs stand behind --log\n"
    assert (2, "", said) == ran


def test_a_log_that_is_passed_over(hunt: Hunt, tmp_path: Path) -> None:
    """A log that cannot be read is named, the others are hunted over, and the exit status says it."""
    bad = tmp_path / "bad.xml"
    bad.write_text("no log", encoding="utf-8")
    ran = hunt(FIRES, "--log", str(bad))
    assert (4, True, True) == (ran.status, "bad.xml" in ran.stderr, "1 of 1 detections fired" in ran.stdout)


def test_no_log_that_can_be_read(hunt: Hunt) -> None:
    """Where no log can be read, nothing is hunted."""
    assert 3 == hunt(FIRES, log=REPO / "README.md").status


def test_values_that_no_search_reads() -> None:
    """Only values that some detection reads are kept of the logs, and a data model is there without the others."""
    ran = splreplay("hunt", "package/detections", "--log", str(ATTACK), "--jobs", "1", "--format", "json")
    found = [(finding["detection"], finding["count"]) for finding in json.loads(ran.stdout)["findings"]]
    assert [("Windows InstallUtil Remote Network Connection", 1)] == found


def test_a_detection_that_is_there_twice(hunt: Hunt, tmp_path: Path) -> None:
    """A detection in two files counts once; two searches of one name are two detections."""
    folder = write(tmp_path / "detections", {})
    for file, came in (("same", "fires"), ("other", "quiet")):
        text = DETECTIONS[came].replace(" | rename", "  | rename")
        (folder / f"{file}.yml").write_text(f"name: fires\n{text}", encoding="utf-8")
    assert "1 of 2 detections fired" in hunt(FIRES).stdout


def test_a_time_range(hunt: Hunt) -> None:
    """A log without events in the time range cannot show what a detection looks for."""
    case = json.loads(hunt(FIRES, "--earliest", "2030-01-01", "--format", "json").stdout)
    assert [("no such event", ["fires"])] == [(entry["category"], entry["detections"]) for entry in case["unseen"]]


@pytest.mark.parametrize(
    "search",
    [
        STARTS.format("Processes.process_name=installutil.exe"),
        "EventCode=1 Image=*installutil.exe | stats count by dest, user",
        "EventCode=1 Image=*installutil.exe | table _time dest user replay_log",
        # Only the name of the log tells these events from those of the other log.
        'EventCode=1 | where like(Image, "%InstallUtil.exe") | stats count',
        'EventCode=1 | rename Image as what | stats count by what | where like(what, "%InstallUtil.exe")',
        'EventCode=1 | eval what=Image | stats count by what | where like(what, "%InstallUtil.exe")',
        'EventCode=1 | eval what=lower(Image) | stats count by what | where like(what, "%installutil.exe")',
        'EventCode=1 | stats count by Image | rename Image as what | where like(what, "%InstallUtil.exe")',
        'EventCode=1 | stats count by Image | eval what=Image | where like(what, "%InstallUtil.exe") | table what',
        'EventCode=1 | fillnull value=none Odd | stats count by Image Odd | where like(Image, "%InstallUtil.exe")',
        'EventCode=1 | eventstats count by Image | where like(Image, "%InstallUtil.exe") | table Image count',
        STARTS.format("Processes.dest=*")
        + " | eval what=process_name | stats count by what | search what=installutil.exe",
    ],
)
def test_in_which_log(search: str, hunt: Hunt, tmp_path: Path) -> None:
    """A finding names the one log of several in which its results lie, also behind rename, eval and stats."""
    other = tmp_path / "other.xml"
    other.write_text(ATTACK.read_text(encoding="utf-8").replace("InstallUtil", "MSBuild"), encoding="utf-8")
    one = {"one": f"search: '{search}'\n"}
    [finding] = json.loads(hunt(one, "--log", str(other), "--format", "json").stdout)["findings"]
    assert ([str(ATTACK)], []) == (finding["logs"], finding["any_of_logs"])


@pytest.mark.parametrize(
    "search",
    [
        STARTS.format("Processes.process_name=installutil.exe") + " | stats count",
        "EventCode=1 Image=*installutil.exe | stats count",
        "EventCode=1 Image=*installutil.exe | stats count by dest | eval dest=lower(dest) | table dest",
        # What is behind dedup may have changed a field that seems to be handed on.
        'EventCode=1 Image=*installutil.exe | dedup Image | rex field=Image mode=sed "s/exe/com/" | table Image',
        # What is appended may lie in the other log.
        "EventCode=1 Image=*nothing.exe | append [search EventCode=1 Image=*installutil.exe] | stats count",
        "EventCode=1 Image=*installutil.exe | stats count by dest | append [search EventCode=1 | stats count by dest]",
        "EventCode=1 Image=*installutil.exe | append [search EventCode=1 | stats count by dest]",
        'EventCode=1 Image=*installutil.exe | stats count by dest | map search="search dest=$dest$ | stats count by dest"',
        # Each is in one of the two logs.
        "EventCode=1 Image=*installutil.exe | head 1 | table dest",
        "| multisearch [search EventCode=1 Image=*installutil.exe] [search EventCode=3] | table dest",
    ],
)
def test_an_unknown_log(search: str, hunt: Hunt, tmp_path: Path) -> None:
    """Where the logs of the results cannot be told apart, those are named in any of which they may lie, and not as known."""
    other = tmp_path / "other.xml"
    other.write_bytes(ATTACK.read_bytes())
    one = {"one": f"search: '{search}'\n"}
    [finding] = json.loads(hunt(one, "--log", str(other), "--format", "json").stdout)["findings"]
    assert ([], [str(ATTACK), str(other)]) == (finding["logs"], finding["any_of_logs"])
    assert f"    in any of 2 logs: {ATTACK}, {other}\n" in hunt(one, "--log", str(other)).stdout


def test_a_value_that_is_another_log_s(hunt: Hunt, tmp_path: Path) -> None:
    """Where a command makes a value of one log that of another, the other is not the log in which the result lies."""
    other = tmp_path / "other.xml"
    other.write_text(ATTACK.read_text(encoding="utf-8").replace(HOST, "elsewhere"), encoding="utf-8")
    search = f'EventCode=1 | stats count by host | where host="{HOST}" | replace {HOST} with elsewhere in host'
    one = {"one": f"search: '{search}'\n"}
    [finding] = json.loads(hunt(one, "--log", str(other), "--format", "json").stdout)["findings"]
    assert ([], [str(ATTACK), str(other)]) == (finding["logs"], finding["any_of_logs"])


def test_a_log_that_is_named_twice(hunt: Hunt) -> None:
    """A log is one log in a finding, however often it was named."""
    [finding] = json.loads(hunt(FIRES, "--log", str(ATTACK), "--format", "json").stdout)["findings"]
    assert ([str(ATTACK)], []) == (finding["logs"], finding["any_of_logs"])


def test_an_unknown_log_of_fewer(hunt: Hunt, tmp_path: Path) -> None:
    """A log in which the first command finds nothing is none of those in which the results may lie."""
    copy, none = tmp_path / "copy.xml", tmp_path / "none.xml"
    copy.write_bytes(ATTACK.read_bytes())
    none.write_text(ATTACK.read_text(encoding="utf-8").replace("InstallUtil", "MSBuild"), encoding="utf-8")
    one = {"one": "search: EventCode=1 Image=*installutil.exe | stats count\n"}
    [finding] = json.loads(hunt(one, "--log", str(none), str(copy), "--format", "json").stdout)["findings"]
    assert ([], [str(ATTACK), str(copy)]) == (finding["logs"], finding["any_of_logs"])


def test_the_app_around(tmp_path: Path) -> None:
    """Detections in an app run in it; its commands do not, until somebody names it."""
    app = tmp_path / "app"
    (app / "bin").mkdir(parents=True)
    (app / "default").mkdir()
    (app / "default/macros.conf").write_text(
        "[wanted]\ndefinition = Processes.process_name=installutil.exe\n", encoding="utf-8"
    )
    (app / "default/commands.conf").write_text("[mine]\nfilename = mine.py\nchunked = true\n", encoding="utf-8")
    (app / "bin/mine.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    command = {"macro": "search: '" + STARTS.format("`wanted`") + "'\n", "command": "search: '| makeresults | mine'\n"}
    folder = write(app / "detections", command)
    ran = splreplay("hunt", str(folder), "--log", str(ATTACK), "--jobs", "1", "--format", "json", cwd=REPO)
    case = json.loads(ran.stdout)
    assert (["macro"], ["mine is a command of an app, and --no-commands runs none"]) == (
        [finding["detection"] for finding in case["findings"]],
        [entry["reason"] for entry in case["unseen"]],
    )
    assert (
        f"note: searches run in the app {app}, without its commands; to let those run, name it with --app\n"
        == ran.stderr
    )


def test_an_app_that_was_named(tmp_path: Path) -> None:
    """The commands of an app that --app names run."""
    app = tmp_path / "app"
    for name, text in {
        "default/commands.conf": "[do]\nfilename = do.py\nchunked = true\n",
        "default/savedsearches.conf": "[Does]\nsearch = search EventCode=1 | do\n",
        "bin/do.py": ECHO,
    }.items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(text, encoding="utf-8")
    ran = splreplay("hunt", str(app), "--app", str(app), "--log", str(ATTACK), "--jobs", "1", "--format", "json")
    assert (0, "", []) == (ran.status, ran.stderr, json.loads(ran.stdout)["unseen"])


def test_csv(hunt: Hunt) -> None:
    """CSV has a row for each detection that fired; a spreadsheet's own takes no formula from a log."""
    formula = FIRES | {"=1+1": DETECTIONS["fires"]}
    plain, safe = (
        list(csv.DictReader(io.StringIO(hunt(formula, "--format", name).stdout))) for name in ("csv", "safe-csv")
    )
    assert (["=1+1", "fires"], ["'=1+1", "fires"]) == tuple(
        [row["detection"] for row in rows] for rows in (plain, safe)
    )
    assert "T1218.004" == plain[0]["techniques"]


def test_a_navigator_layer(hunt: Hunt) -> None:
    """A layer for the ATT&CK Navigator has each technique once, with the rank and the names of what fired."""
    layer = json.loads(hunt({**FIRES, "again": DETECTIONS["fires"]}, "--format", "navigator").stdout)
    [technique] = layer["techniques"]
    assert ("enterprise-attack", "4.5", "T1218.004", "again; fires") == (
        layer["domain"],
        layer["versions"]["layer"],
        technique["techniqueID"],
        technique["comment"],
    )


def test_the_name_of_the_output(hunt: Hunt, tmp_path: Path) -> None:
    """The format is what the name of --output asks for."""
    output = tmp_path / "case.json"
    ran = hunt(FIRES, "--output", str(output))
    assert ("", 1) == (ran.stdout, len(json.loads(output.read_text(encoding="utf-8"))["findings"]))


def test_several_outputs(hunt: Hunt, tmp_path: Path) -> None:
    """One hunt writes several files, each in the format that stands before its name or that the name tells."""
    names = ("case.html", "case.json", "case.csv", "layer.json", "safe.csv", "case.txt")
    page, case, rows, layer, safe, table = (tmp_path / name for name in names)
    named = (page, case, rows, f"navigator={layer}", f"safe-csv={safe}", table)
    ran = hunt(FIRES, *(word for output in named for word in ("--output", str(output))))
    told = ", ".join(str(tmp_path / name) for name in names)
    assert (0, "", True) == (ran.status, ran.stdout, ran.stderr.startswith(f"note: wrote {told}: 1 of 1 "))
    assert ["<!DOCTYPE html>", "{", '"detection","type"', "detection,type", "1 of 1 detections fired"] == [
        file.read_text(encoding="utf-8")[:length]
        for file, length in ((page, 15), (case, 1), (safe, 18), (rows, 14), (table, 23))
    ]
    assert ("hunt", 1) == (json.loads(layer.read_text())["name"], len(json.loads(case.read_text())["findings"]))


def test_hostile_text_does_not_reach_the_terminal(hunt: Hunt, tmp_path: Path) -> None:
    """What attackers write is escaped."""
    log = tmp_path / "log.xml"
    log.write_text(ATTACK.read_text(encoding="utf-8").replace("m.lopez", "m\u202elopez" + "x" * 500), encoding="utf-8")
    printed = hunt(FIRES, log=log).stdout
    assert (True, False) == ("m\\u202elopez" in printed, "\u202e" in printed)


@pytest.mark.skipif(sys.platform != "linux", reason="the names of files are text elsewhere")
def test_a_log_whose_name_is_no_text(hunt: Hunt, tmp_path: Path) -> None:
    """A log whose name is no UTF-8 is named with escapes, in every format; a finding is found in it."""
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in (b"\xff.xml", b"b.xml"):
        (logs / os.fsdecode(name)).write_bytes(ATTACK.read_bytes())
    named = [f"{logs}/b.xml", f"{logs}/\udcff.xml"]
    assert named == json.loads(hunt(FIRES, "--format", "json", log=logs).stdout)["findings"][0]["logs"]
    texts = [hunt(FIRES, "--format", format_, log=logs).stdout for format_ in ("table", "csv", "html")]
    assert [True] * 3 == ["\\udcff.xml" in text for text in texts]
    assert 0 == hunt(FIRES, "--output", str(tmp_path / "x.csv"), log=logs).status
    assert "\\udcff.xml" in (tmp_path / "x.csv").read_text(encoding="utf-8")


def test_collect_goes_nowhere(hunt: Hunt, tmp_path: Path) -> None:
    """A detection that collects risk events fires, and leaves no file behind."""
    one = {
        "one": f"search: '{STARTS.format('Processes.process_name=installutil.exe')} | collect index=risk output_format=hec'\n"
    }
    before = sorted(tmp_path.rglob("*"))
    ran = hunt(one)
    after = [path for path in sorted(tmp_path.rglob("*")) if path not in before and "detections" not in path.parts]
    assert (0, []) == (ran.status, after)


def test_the_same_as_a_run_of_each(shared_data: Path, tmp_path: Path) -> None:
    """What a hunt finds over tables that are computed once is what a run of each detection finds over the log."""
    log = tmp_path / "log.xml"
    log.write_bytes(
        gzip.decompress((shared_data / "installutil_recording_otrf_2020-09-19_sysmon_all.xml.gz").read_bytes())
    )
    content = shared_data.parent / "content/security_content"
    chosen = sorted((content / "detections/endpoint").glob("windows_[a-d]*.yml"))
    ran = splreplay(
        "hunt", *map(str, chosen), "--log", str(log), "--app", str(content), "--jobs", "1", "--format", "json"
    )
    case = json.loads(ran.stdout)
    fired = {finding["detection"]: finding["count"] for finding in case["findings"]}
    unseen = {name for entry in case["unseen"] for name in entry["detections"]}
    assert (True, True) == (bool(fired), len(chosen) - len(fired) - len(unseen) == len(case["quiet"]))
    for finding in case["findings"]:
        run = splreplay("run", str(log), "--detection", finding["file"], "--app", str(content), "--format", "json")
        assert finding["count"] == len(json.loads(run.stdout)), finding["detection"]


MANY = 'EventCode=* | map maxsearches=1000 search="search EventCode=* | map maxsearches=1000 search=\\"search EventCode=*\\""'


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_search_without_an_end(jobs: str, tmp_path: Path) -> None:
    """A search that takes too long is broken off and named, and the others are run."""
    folder = write(tmp_path / "detections", FIRES | {"endless": f"search: '{MANY}'\n"})
    hunt = ("hunt", str(folder), "--log", str(ATTACK), "--jobs", jobs, "--timeout", "4", "--format", "json")
    done = subprocess.run(
        [sys.executable, "-m", "splreplay", *hunt], cwd=REPO, capture_output=True, text=True, timeout=120, check=False
    )
    case = json.loads(done.stdout)
    reason = "it took longer than 4 s, and was broken off; --timeout gives it more"
    assert ("", ["fires"], [{"category": "failed", "reason": reason, "detections": ["endless"]}]) == (
        done.stderr,
        [finding["detection"] for finding in case["findings"]],
        case["unseen"],
    )


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e9", "soon"])
def test_a_timeout_that_is_none(seconds: str, hunt: Hunt) -> None:
    """--timeout takes a number of seconds up to a day."""
    assert 2 == hunt(FIRES, f"--timeout={seconds}").status


def test_results_that_do_not_fit_into_the_memory(hunt: Hunt, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a search needs beyond the memory can go to the disk: DuckDB makes the folder, but not the one above it."""
    folders = []

    def run(one: Planned, recording: Recording, *rest: object) -> Outcome:
        [(folder,)] = recording.connection.execute("SELECT current_setting('temp_directory')").fetchall()
        folders.append(Path(folder).parent.is_dir())
        return Outcome()

    monkeypatch.setattr("splreplay.hunt.hunt.run", run)
    hunt(FIRES)
    assert [True] == folders


def test_memory_that_is_not_enough(hunt: Hunt, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the logs do not fit into the memory, that is said, and the exit status is not that of a quiet hunt."""
    monkeypatch.setenv("SPLREPLAY_MEMORY", "1MB")
    ran = hunt(FIRES)
    assert (2, True, False) == (ran.status, "SPLREPLAY_MEMORY" in ran.stderr, "Traceback" in ran.stderr)


@pytest.mark.parametrize("score", [".nan", ".inf", "1e400", "1e308", "-5", "soon", "[1]"])
def test_a_score_that_is_none(score: str, hunt: Hunt) -> None:
    """A score that is no number from 0 on counts as none, which is told, and the JSON of the case stays JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    odd = {"odd": DETECTIONS["fires"].replace("score: 40", f"score: {score}").replace("score: 20", f"score: {score}")}
    ran = hunt(odd, "--format", "json")
    case = json.loads(ran.stdout, parse_constant=refuse)
    assert ([0.0], []) == ([finding["score"] for finding in case["findings"]], case["entities"])
    assert 2 == ran.stderr.count(" is no risk score from 0 to 1,000,000, and counts as none [risk-score]\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no disk there is full at will")
def test_a_temporary_folder_that_is_full(tmp_path: Path) -> None:
    """Where the events cannot be handed on to the processes that run searches, that is said, with what to do."""
    import resource

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    folder = write(tmp_path / "detections", FIRES)
    hunted = [sys.executable, "-m", "splreplay", "hunt", str(folder), "--log", str(ATTACK)]
    ran = subprocess.run(hunted, cwd=REPO, capture_output=True, text=True, preexec_fn=full)
    said = ran.stderr.splitlines()
    assert (3, "", "free some of its disk, or set TMPDIR to another") == (ran.returncode, ran.stdout, said[-1])
    assert said[0].startswith("the temporary folder cannot be used: ")


def test_a_disk_that_fills_during_a_search(hunt: Hunt, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that cannot write into the temporary folder has failed, and not for a mistake of replay's."""

    def fail(*arguments: object) -> None:
        raise duckdb.IOException("no space")

    monkeypatch.setattr("splreplay.engine.replay", fail)
    [unseen] = json.loads(hunt(FIRES, "--format", "json").stdout)["unseen"]
    assert ("failed", "the temporary folder cannot be used: no space") == (unseen["category"], unseen["reason"])


@pytest.mark.parametrize("error", [UnsupportedError("no"), ValueError("no")])
def test_logs_that_cannot_be_told(error: Exception, hunt: Hunt, monkeypatch: pytest.MonkeyPatch) -> None:
    """A detection that fired has fired, whatever happens where its logs are looked for."""

    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr("splreplay.hunt.hunt.files", fail)
    [finding] = json.loads(hunt(FIRES, "--format", "json").stdout)["findings"]
    assert ("fires", [], [str(ATTACK)]) == (finding["detection"], finding["logs"], finding["any_of_logs"])


def test_what_makes_nothing_doubtful(hunt: Hunt) -> None:
    """What a search that found nothing was warned of is told with the names of the detections, and of no other search."""
    starts = STARTS.format("Processes.process_name=nothing.exe OR Processes.no_field=x")
    both = QUIET | {"doubtful": f"search: '{starts}'\n"}
    reason = "Endpoint.Processes has no field Processes.no_field here, so it is empty in this search"
    case = json.loads(hunt(both, "--format", "json").stdout)
    expected = (["doubtful", "quiet"], [{"reason": reason, "detections": ["doubtful"]}])
    assert expected == (case["quiet"], case["doubts"])
    printed = hunt(both).stdout
    assert f"IN DOUBT: 1 of the 2 that found nothing may have missed something\n        1  {reason}\n" in printed


@pytest.mark.parametrize(
    ("count", "left"), [(8, ""), (9, "        1  for 1 other reason\n"), (10, "        2  for 2 other reasons\n")]
)
def test_reasons_that_are_not_listed(count: int, left: str, hunt: Hunt) -> None:
    """The table lists eight reasons of a group, and says how many more there are, and of how many detections."""
    blind = {f"blind{n}": f"search: '| tstats count from datamodel=None{n}.None'\n" for n in range(count)}
    lines = hunt(blind).stdout.partition("NOT SEEN")[2].splitlines(keepends=True)
    assert (count, left) == (int(lines[1].partition(": ")[2]), "".join(lines[10:]))
