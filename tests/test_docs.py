"""The documents, checked against the code."""

from __future__ import annotations

import configparser
import csv
import dataclasses
import json
import re
import shlex
import shutil
import subprocess
import textwrap
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import installutil_rba_lookups as lookups
import installutil_rba_rules as rules
import pytest
from installutil_rba_fields import ANNOTATION, MODIFIER

import build
from builder import view
from builder.detection import output_fields
from comparison.__main__ import main as comparison
from dashboard.pictures import MAX_BYTES
from splreplay import conf
from splreplay.app import App
from splreplay.cli import argument_parser
from splreplay.commands import NAMES
from splreplay.detections import cases
from splreplay.hunt import attack, case, formats
from splreplay.hunt.outcome import spread
from splreplay.output import FORMATS
from splreplay.planning import plan
from splreplay.recording import Recording, record
from splreplay.sql import aggregates, functions
from splreplay.sql.values import Value
from tests.conftest import REPO
from tests.program import splreplay
from tests.replay.searches import replay as replayed

README = (REPO / "README.md").read_text(encoding="utf-8")
CHANGELOG = (REPO / "CHANGELOG.md").read_text(encoding="utf-8")
SEARCHES, ADMIN, ANALYST, CONTRIBUTOR, ENTERPRISE_SECURITY, DETECTIONS, SCORING, HUNT, ASK = (
    (REPO / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in (
        "searches",
        "admin",
        "analyst",
        "contributor",
        "enterprise_security",
        "detections",
        "scoring",
        "hunt",
        "ask_your_log",
    )
)
DOCUMENTS = [REPO / "README.md", REPO / "CHANGELOG.md", *sorted((REPO / "docs").glob("*.md"))]
GUIDES = {path.stem: path.read_text(encoding="utf-8") for path in DOCUMENTS if path.stem != "CHANGELOG"}
SCHEDULED = "Windows InstallUtil Remote Network Connection"
MODIFIERS = f"{SCHEDULED} - Risk Modifiers"
ATTACK = "tests/recordings/installutil_attack.xml"
LOOKUPS = (lookups.DETECTIONS, lookups.ENTITIES, lookups.SCORE_MODIFIERS, lookups.IGNORED_OBJECTS)


def fenced(document: str, language: str = "") -> list[str]:
    """Return the code blocks of a document that are in this language."""
    blocks = re.findall(r"^```(\w*)\n(.*?)\n```$", document, re.M | re.S)
    return [block for named, block in blocks if named == language]


def outside_fences(document: str) -> str:
    """Return a document without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", document, flags=re.M | re.S)


def indented(document: str) -> list[str]:
    """Return the blocks of a document that are code by their indentation, including those inside a list."""
    blocks = re.findall(r"(?<=\n\n)(?: {4,}\S.*(?:\n|\Z))+", outside_fences(document))
    return [textwrap.dedent(block).strip() for block in blocks]


def inline(document: str) -> list[str]:
    """Return the code within sentences."""
    prose = re.sub(r"^ {4,}\S.*$", "", outside_fences(document), flags=re.M)
    return [long or short for long, short in re.findall(r"`` (.+?) ``|`([^`\n]+)`", prose)]


def column(document: str, header: str) -> list[str]:
    """Return the names as code in the first column of the table that has *header* above it."""
    rows = document.partition(f"| {header} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_comparison() -> None:
    """README shows what `make run` prints for the recording that ships."""
    assert splreplay(ATTACK, main=comparison).stdout.strip() in fenced(README)


EXAMPLES = [block for block in fenced(README) if block.startswith("$ ")]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What README's replay commands print, run one after another in a folder with the recordings, because some build on others."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "tests").symlink_to(REPO / "tests")
    found = {}
    for example in EXAMPLES:
        done = splreplay(*shlex.split(example.partition("\n")[0])[4:], cwd=folder)
        found[example] = (done.stderr + done.stdout).strip()
    return found


@pytest.mark.parametrize("shown", EXAMPLES)
def test_replay_examples(shown: str, printed: dict[str, str]) -> None:
    """README shows what its replay commands print, warnings and errors first."""
    assert shown.partition("\n")[2] == printed[shown]


@pytest.mark.parametrize("shown", [block for block in fenced(HUNT) if block.startswith("$ ")])
def test_hunt_examples(shown: str) -> None:
    """The page on hunts shows what a hunt prints."""
    command, _, expected = shown.partition("\n")
    done = splreplay(*shlex.split(command)[4:])
    assert expected == (done.stderr + done.stdout).strip()


def test_hunt_options() -> None:
    """The page on hunts names every option of `replay hunt`, and every format."""
    help_ = splreplay("hunt", "--help").stdout
    options = set(re.findall(r"--[a-z]+(?:-[a-z]+)?", help_)) - {"--help"}
    assert (True, set()) == (bool(options), {option for option in options if f"`{option}" not in HUNT})
    assert [] == [name for name in (*formats.FORMATS, "html") if f"`{name}`" not in HUNT]


def test_ask_options() -> None:
    """The page on asking a Splunk has a row for every option of `ask`, but --macro."""
    options = set(re.findall(r"--[a-z]+(?:-[a-z]+)?", splreplay("ask", "--help").stdout)) - {"--help", "--macro"}
    assert (True, set()) == (bool(options), {option for option in options if f"| `{option}" not in GUIDES["ask"]})


def test_hunt_ranks() -> None:
    """The page on hunts says what the ranks are made of."""
    named = {"ttp": "TTP, Correlation", "anomaly": "Anomaly, and a detection without a type", "hunting": "Hunting"}
    rows = [f"| {name} | {case.WEIGHTS[kind]:g} |" for kind, name in named.items()]
    assert (True, True) == (
        case.WEIGHTS["ttp"] == case.WEIGHTS["correlation"],
        case.WEIGHTS["anomaly"] == case.OTHER_WEIGHT,
    )
    assert [] == [row for row in rows if row not in HUNT]
    assert (0.5, 1 / 3, 11) == (spread(2), spread(4), round(1 / spread(1_000)))


def test_attack() -> None:
    """The page on hunts has ATT&CK's notice, as its terms of use ask, with the version whose names are used."""
    notice = "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation"
    assert (True, True) == (notice in one_line(HUNT), f"version {attack.VERSION}." in HUNT)
    assert notice.replace("©", "(c)") in one_line(attack.__doc__ or "")


INTRUSION = "tests/recordings/office_intrusion.xml"
QUESTIONS = [pytest.param(section, id=section.partition("\n")[0]) for section in re.split(r"^## ", ASK, flags=re.M)[1:]]


@pytest.mark.parametrize("section", QUESTIONS)
def test_questions(section: str) -> None:
    """The responder's page shows what the search of each question answers, without a warning."""
    (search,), (answer,) = indented(section), fenced(section)
    times = [word for code in inline(section) if code.startswith("--earliest") for word in code.split()]
    done = splreplay("run", INTRUSION, "--spl", search, *times)
    assert (answer, "") == (done.stdout.strip(), done.stderr)


def test_twenty_questions() -> None:
    """The responder's page has twenty questions, numbered."""
    assert [f"{number}." for number in range(1, 21)] == re.findall(r"^## (\d+\.)", ASK, re.M)


@pytest.mark.parametrize("shown", [block for block in fenced(DETECTIONS) if block.startswith("$ ")])
def test_detection_examples(shown: str) -> None:
    """The detection engineer's page shows what check and test print, apart from lines, columns and seconds."""
    command, _, expected = shown.removeprefix("$ .venv/bin/python -m splreplay ").partition("\n")
    assert re.sub(r"\d+", "N", expected) == re.sub(r"\d+", "N", splreplay(*command.split()).stdout.strip())


def test_written_detection(tmp_path: Path) -> None:
    """The detection that the page writes is checked and tested as the page shows, and has no finding; its two searches find something."""
    written, detection = fenced(DETECTIONS, "yaml")[0], tmp_path / "detections" / "office_starts_a_shell.yml"
    shutil.copytree(REPO / "tests" / "recordings", tmp_path / "recordings")
    detection.parent.mkdir()
    detection.write_text(written + "\n", encoding="utf-8")
    ran = "".join(splreplay(name, "detections", cwd=tmp_path).stdout for name in ("check", "test")).strip()
    assert re.sub(r"in [\d.]+s", "", ran) in re.sub(r"in [\d.]+s", "", DETECTIONS)
    searches = [block for block in indented(DETECTIONS) if block.startswith("splreplay run recordings/")]
    commands = [shlex.split(line)[1:] for block in searches for line in block.splitlines()]
    assert [(0, True)] * 2 == [
        (done.status, "powershell.exe" in done.stdout)
        for done in (splreplay(*words, cwd=tmp_path) for words in commands)
    ]


@pytest.mark.parametrize("subcommand", ["check", "test"])
def test_detection_options(subcommand: str) -> None:
    """The detection engineer's page names every option of check and test, in the section of each."""
    section = DETECTIONS.partition(f"## {subcommand.title()}\n")[2].partition("\n## ")[0]
    options = set(re.findall(r"--[a-z]+", splreplay(subcommand, "--help").stdout)) - {"--help"}
    assert (True, set()) == (bool(options), {option for option in options if f"`{option}" not in section})


def test_findings() -> None:
    """The detection engineer's page explains every rule of the linter."""
    rules = re.findall(r'"([a-z]+-[a-z]+)", ', (REPO / "splreplay/detections/lint.py").read_text(encoding="utf-8"))
    assert (True, set()) == (bool(rules), {rule for rule in rules if f"| `{rule}` |" not in DETECTIONS})


def test_test_keys() -> None:
    """The detection engineer's page explains every key that we add to a test, and the schema knows each."""
    keys = ("addon", "expected.count", "expected.rows", "negative: true")
    assert dict.fromkeys(keys, True) == {key: f"| `{key}` |" in DETECTIONS for key in keys}
    assert {"addon", "expected", "negative"} < {field.name for field in dataclasses.fields(cases.Test)}


def test_replay_options() -> None:
    """README names every option of `replay run`."""
    options = set(re.findall(r"--[a-z]+", splreplay("run", "--help").stdout)) - {"--help"}
    assert (True, set()) == (bool(options), {option for option in options if f"`{option}" not in README})


def test_replay_options_are_there() -> None:
    """README's table names no option that `replay run` lacks."""
    named = set(re.findall(r"`(--[a-z]+)[^`]*`", "".join(re.findall(r"^\| `--.*$", README, re.M))))
    assert set() == named - set(re.findall(r"--[a-z]+", splreplay("run", "--help").stdout))


def test_every_command_of_the_language() -> None:
    """The engine's document lists the commands that replay runs, and no others."""
    table = GUIDES["engine"].partition("| for | commands |\n")[2].partition("\n\n")[0]
    assert sorted(NAMES) == sorted(re.findall("`([a-z]+)`", table))


def test_make_targets() -> None:
    """README names every make target."""
    targets = re.findall(r"^([a-z]+):.*", (REPO / "Makefile").read_text(encoding="utf-8"), re.M)
    assert (True, set()) == (bool(targets), {target for target in targets if f"make {target}" not in README})


def test_command_options() -> None:
    """README has a row for every option of rbaenrich that the search bar's help names."""
    text = (REPO / "default" / "searchbnf.conf").read_text(encoding="utf-8")
    options = re.findall(r"\((\w+)=", text.partition("[rbaenrich-option]")[2].partition("\n")[2])
    assert (True, set()) == (bool(options), {option for option in options if f"| `{option}` |" not in README})


def test_folders() -> None:
    """README's map of folders names every folder that is under version control."""
    listed = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=False).stdout
    if not listed:
        pytest.skip("this is no git checkout")
    folders = {name.partition("/")[0] for name in listed.splitlines() if "/" in name and not name.startswith(".")}
    assert set() == {folder for folder in folders if f"`{folder}/`" not in README}


def test_version() -> None:
    """The changelog's first section is that of the app's version."""
    conf = configparser.ConfigParser(interpolation=None)
    conf.read(REPO / "default" / "app.conf", encoding="utf-8")
    assert conf["id"]["version"] == re.findall(r"^## (\S+)", CHANGELOG, re.M)[0]


def test_fields() -> None:
    """The analyst's page explains every field that the scheduled search outputs, and no other."""
    app = App(REPO)
    fields = output_fields(app.saved_search(SCHEDULED).search, app.macros)
    assert (True, sorted(fields)) == (len(fields) > len(ANNOTATION), sorted(column(ANALYST, "field | what it says")))


def test_risk_event_fields() -> None:
    """The analyst's page explains every field of a risk event, and no other."""
    assert sorted(MODIFIER) == sorted(column(ANALYST, "field of a risk event | what it says"))


def test_panels() -> None:
    """The analyst's page explains every panel of the dashboard."""
    content = (REPO / "default/data/ui/views/installutil_risk.xml").read_bytes()
    dashboard = view.read(content, "installutil_risk.xml").value
    titles = {panel.title for panel in dashboard.visualizations.values()} if dashboard else set()
    first = "".join(re.findall(r"^\| ([^|]*) \|", ANALYST, re.M))
    assert (True, set()) == (bool(titles), {title for title in titles if title not in first})


def test_verdicts() -> None:
    """The analyst's page explains every verdict that the dashboard gives on the data, and no other."""
    given = re.findall(r'"((?:Yes|Blind|Stale|Not)\b[^"%]+)"', App(REPO).macros["installutil_data_verdict"].definition)
    assert (10, sorted(given)) == (
        len(given),
        sorted(re.findall(r"^\| `((?:Yes|Blind|Stale|Not)[^`]*)` \|", ANALYST, re.M)),
    )


def test_worked_score(tmp_path: Path) -> None:
    """The analyst's worked example is what rbaenrich says with the local lookups that the admin's page shows."""
    shutil.copytree(REPO / "lookups", tmp_path / "lookups")
    scores, ignored, *_ = fenced(ADMIN, "csv")
    (tmp_path / "lookups" / f"{lookups.SCORE_MODIFIERS.name}_local.csv").write_text(scores, encoding="utf-8")
    (tmp_path / "lookups" / f"{lookups.IGNORED_OBJECTS.name}_local.csv").write_text(ignored, encoding="utf-8")
    configuration = lookups.load(str(tmp_path), None, date(2026, 11, 24))
    finding = {"dest": "build-07.example.com", "user": "svc_build", "connection_to_CNC": "203.0.113.10"}
    annotated = rules.annotate(configuration, finding, "unknown")
    reasons = "\n".join(annotated["risk_score_reason"])
    assert ((), True, []) == (configuration.warnings, reasons in fenced(ANALYST), annotated["risk_user"])


@pytest.mark.parametrize(("today", "score"), [(date(2027, 3, 31), 0), (date(2027, 4, 1), 80)])
def test_allow_list(tmp_path: Path, today: date, score: int) -> None:
    """The admin's allow-list takes the score to 0, which its filter drops, until the row expires."""
    shutil.copytree(REPO / "lookups", tmp_path / "lookups")
    rows = fenced(ADMIN, "csv")[3]
    (tmp_path / "lookups" / f"{lookups.SCORE_MODIFIERS.name}_local.csv").write_text(rows, encoding="utf-8")
    configuration = lookups.load(str(tmp_path), None, today)
    points, _ = rules.score(configuration, {"dest": "pkg-test-01.example.com"})
    assert ((), score, True) == (configuration.warnings, points, "definition = search risk_score>0" in ADMIN)


@pytest.mark.parametrize("lookup", LOOKUPS, ids=lambda lookup: lookup.name)
def test_lookup_columns(lookup: lookups.Lookup) -> None:
    """The admin's page shows the columns and the key of every lookup that ships."""
    with (REPO / "lookups" / f"{lookup.name}.csv").open(encoding="utf-8", newline="") as file:
        header = ",".join(next(csv.reader(file)))
    key = ", ".join(f"`{column}`" for column in lookup.key)
    assert f"| `{lookup.name}` | `{header}` | {key} |" in ADMIN


def test_every_lookup() -> None:
    """The admin's page knows every lookup that the package ships."""
    shipped = {path.stem for path in (REPO / "lookups").glob("*.csv") if not path.stem.endswith("_local")}
    assert shipped == {lookup.name for lookup in LOOKUPS}


def test_site_macros() -> None:
    """The admin's page shows the default of every site macro."""
    names = [name for name in App(REPO).macros if name.endswith(("_config", "_filter", "_lookback", "_index"))]
    macros = App(REPO).macros
    shown = {name: f"| `{name}` | `{macros[name].definition}` |" in ADMIN for name in names}
    assert (True, dict.fromkeys(names, True)) == (bool(names), shown)


def test_own_macros() -> None:
    """The page on the searches explains every macro that is ours."""
    names = {name.partition("(")[0] for name in App(REPO).macros if name.startswith("installutil_")}
    assert (True, set()) == (bool(names), {name for name in names if f"`{name}" not in SEARCHES})


def test_risk() -> None:
    """The page on Enterprise Security shows what the risk action does with a result."""
    stanza = conf.read(REPO / "default" / "savedsearches.conf").stanzas[SCHEDULED]
    rows = [
        f"| `{entry[f'{kind}_object_field']}` | {kind} object | {entry[f'{kind}_object_type']} | {score} |".replace(
            "  ", " "
        )
        for entry in json.loads(stanza["action.risk.param._risk"])
        for kind, score in (("risk", entry.get("risk_score", "")), ("threat", ""))
        if f"{kind}_object_field" in entry
    ]
    assert (5, []) == (len(rows), [row for row in rows if row not in ENTERPRISE_SECURITY])


def test_drilldowns() -> None:
    """The page on Enterprise Security names each drilldown."""
    stanza = conf.read(REPO / "default" / "savedsearches.conf").stanzas[SCHEDULED]
    names = [drilldown["name"] for drilldown in json.loads(stanza["action.notable.param.drilldown_searches"])]
    assert (True, []) == (bool(names), [name for name in names if f"**{name}**" not in ENTERPRISE_SECURITY])


def test_data_check() -> None:
    """The admin's check of the data prints what the page shows, on the recording that ships."""
    (text,) = (
        block for block in indented(ADMIN) if block.startswith("| `installutil_data` | `installutil_data_meaning`")
    )
    printed = splreplay("run", ATTACK, "--spl", text).stdout
    assert printed.partition("\n\n")[0] in fenced(ADMIN)


def test_explained() -> None:
    """The contributor's page shows what --explain says of the last command, apart from its columns."""
    last = splreplay("run", ATTACK, "--explain").stderr.strip().split("\n\n")[-1]
    assert re.sub(r"(AS SELECT ).*", r"\1…", last) in fenced(CONTRIBUTOR)


def one_line(document: str) -> str:
    """Return a document without its line ends."""
    return re.sub(r"\s+", " ", document)


def by_hand(document: str, collected: tuple[Recording, Path]) -> Mapping[str, Value]:
    """Return the outcome of the result that the page makes by hand."""
    (search,) = (block for block in indented(document) if block.startswith("| makeresults"))
    return replayed(collected[0], App(REPO), search, "current").results.rows[0]


def test_scored_by_hand(collected: tuple[Recording, Path]) -> None:
    """The analyst's page says what the result that it makes by hand becomes."""
    found = by_hand(ANALYST, collected)
    said = f"This shows {found['risk_score']}, `{found['risk_status']}`, and *{found['risk_message']}*"
    assert said in one_line(ANALYST)


def test_command_check(collected: tuple[Recording, Path]) -> None:
    """The admin's page says what its check of the command shows."""
    found = by_hand(ADMIN, collected)
    said = f"`risk_score` {found['risk_score']}, `risk_user` {found['risk_user']}, `risk_system` {found['risk_system']}"
    assert (True, False) == (said in one_line(ADMIN), "$" in found["risk_message"])


def test_risk_event() -> None:
    """The analyst's page shows the first risk event of the recording that ships, as replay prints it."""
    search = f'| savedsearch "{SCHEDULED} - Hunt" | rbaenrich output=modifiers'
    printed = splreplay("run", ATTACK, "--spl", search).stdout
    assert printed.partition("\n\n")[0] in fenced(ANALYST)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, Path]:
    """The recording that ships, and a folder into which the search for risk modifiers wrote twice."""
    log, folder = record([str(REPO / ATTACK)]), tmp_path_factory.mktemp("index")
    for _ in range(2):
        replayed(log, App(REPO), App(REPO).saved_search(MODIFIERS).search, "current", collect=folder)
    return log, folder


def test_risk_totals(collected: tuple[Recording, Path]) -> None:
    """The admin's page shows what its search for totals gives, after two runs as after one."""
    (search,) = (block for block in indented(ADMIN) if block.startswith("search index="))
    log, folder = collected
    results = replayed(log, App(REPO), search, "current", collect=folder).results
    assert FORMATS["table"](results).partition("\n\n")[0] in fenced(ADMIN)


def test_scoring(tmp_path: Path, collected: tuple[Recording, Path]) -> None:
    """The rows on the page about scoring, in an app without other local rows, give the page's results."""
    app = tmp_path / "app"
    for folder in ("bin", "default", "lookups"):
        shutil.copytree(REPO / folder, app / folder, ignore=shutil.ignore_patterns("*_local.csv", "__pycache__"))
    (app / "lib").symlink_to(REPO / "lib")
    for lookup, rows in zip((lookups.DETECTIONS, lookups.ENTITIES), fenced(SCORING, "csv"), strict=True):
        assert f"`lookups/{lookup.local}`" in SCORING
        (app / "lookups" / lookup.local).write_text(rows, encoding="utf-8")
    found = [replayed(collected[0], App(app), search, "current") for search in indented(SCORING)]
    shown = [FORMATS["table"](run.results).rpartition("\n\n")[0] for run in found]
    assert [(True, [])] * 2 == [
        (f"\n```\n{text}\n```\n" in SCORING, [*run.results.warnings]) for text, run in zip(shown, found, strict=True)
    ]


def test_fields_that_a_run_adds(collected: tuple[Recording, Path]) -> None:
    """The analyst's page names the fields that events in the index have beyond a risk event's own."""
    log, _ = collected
    bounds = {"earliest": "2025-06-17", "latest": "2025-06-17T10:00:00"}
    search = f"{App(REPO).saved_search(MODIFIERS).search} testmode=true | table _raw"
    event = json.loads(str(replayed(log, App(REPO), search, "current", **bounds).results.rows[0]["_raw"]))["event"]
    carried = rules.fields_read(lookups.load(str(REPO), None, date(2026, 1, 1)))
    added = set(event) - {*MODIFIER, *carried}
    assert {"orig_sid", "info_min_time", "info_max_time", "info_search_time"} == added
    assert set() == {name for name in added if f"`{name}`" not in ANALYST}


# Everything that a document asks its reader to paste


def on_one_line(block: str) -> str:
    """Return code on one line, as a saved search has it."""
    return " ".join(line.strip() for line in block.strip().splitlines())


def is_spl(text: str) -> bool:
    """Tell whether a piece of code is a search; one with … in it is a sketch of one."""
    return text.startswith(("| ", "search ")) and "…" not in text


SEARCH = App(REPO).saved_search(SCHEDULED).search
PIECES = [block for block in fenced(SEARCHES) if on_one_line(block) in SEARCH]
SNIPPETS = [
    pytest.param(block, id=f"{name}: {block[:60]}")
    for name, text in GUIDES.items()
    if name not in ("scoring", "ask_your_log")  # which need rows or a log of their own: test_scoring, test_questions
    for block in [*indented(text), *fenced(text), *inline(text)]
    if is_spl(block) and block not in PIECES
    if not block.startswith("| rest ")  # it asks Splunk about itself: nothing to replay
]


def test_the_scheduled_search_is_shown_whole() -> None:
    """The page on the searches shows the scheduled search, piece by piece, in at most 35 lines."""
    assert (SEARCH, 35) == (" ".join(map(on_one_line, PIECES)), sum(len(block.splitlines()) for block in PIECES))


def test_the_size_of_the_scheduled_search() -> None:
    """The page on the searches says how large the scheduled search is, with its macros expanded, and it stays that small."""
    expanded = App(REPO).expand(SEARCH)
    commands = re.sub(r'"(?:[^"\\]|\\.)*"', "", expanded).count("| ")
    size = (commands, expanded.count("| tstats"), expanded.count("[|"), len(expanded))
    said = re.search(
        r"(\d+) commands, (\d+) `tstats`, (\d+) subsearches, and ([\d,]+) characters", on_one_line(SEARCHES)
    )
    assert said is not None
    assert size == tuple(int(number.replace(",", "")) for number in said.groups())
    assert [] == [most for most, many in zip((30, 5, 4, 4000), size, strict=True) if many > most]


def test_snippets_are_found() -> None:
    """The documents hold searches, in blocks and in sentences."""
    assert len(SNIPPETS) > 12


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_snippet(snippet: str, collected: tuple[Recording, Path]) -> None:
    """Every search in the documents runs; one that needs results gets the risk events of a hunt."""
    log, folder = collected
    risk = f'| savedsearch "{SCHEDULED} - Hunt" | rbaenrich output=modifiers '
    generates = snippet.split()[1] in ("tstats", "savedsearch", "makeresults", "inputlookup", "`installutil_data`")
    search = snippet if generates or snippet.startswith("search ") else risk + snippet
    assert replayed(log, App(REPO), search, "current", collect=folder).results.fields


CONF = [
    pytest.param(block, id=f"{name}: {block.splitlines()[0]}")
    for name, text in GUIDES.items()
    for block in indented(text)
    if block.startswith("[")
]


@pytest.mark.parametrize("block", CONF)
def test_conf(block: str) -> None:
    """Every piece of local/macros.conf in the documents redefines existing macros, and the search still runs."""
    stanzas = conf.parse(block, "local/macros.conf").stanzas
    app = App(REPO, [f"{name}={settings['definition']}" for name, settings in stanzas.items()])
    assert plan(app, app.saved_search(SCHEDULED).search).pipeline


COMMANDS = [
    pytest.param(line.removeprefix("$ "), id=f"{name}: {line[:60]}")
    for name, text in GUIDES.items()
    for line in [
        *(line for block in [*indented(text), *fenced(text)] for line in block.splitlines()[:1]),
        *(line for block in indented(text) for line in block.splitlines()[1:]),
        *inline(text),
    ]
    if re.match(r"(\$ )?(make|\.venv/bin/python|python) ", line) and "…" not in line
]


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command: str) -> None:
    """Every command in the documents can be called: its target, script, step and options exist."""
    program, *words = shlex.split(command)
    if program == "make":
        targets = re.findall(r"^([a-z]+):", (REPO / "Makefile").read_text(encoding="utf-8"), re.M)
        assert [] == [word for word in words if "=" not in word and word not in targets]
    elif words[:2] == ["-m", "splreplay"]:
        assert argument_parser().parse_args(words[2:]).run
    elif words[0] == "build.py":
        assert {*words[1:]} <= {*build.STEPS, "--check"}
    else:
        name = f"{words[1].replace('.', '/')}.py" if words[0] == "-m" else words[0]
        script = (REPO / name).read_text(encoding="utf-8")
        assert [] == [word for word in words if word.startswith("--") and f'"{word}"' not in script]


@pytest.mark.parametrize("name", GUIDES)
def test_named_searches(name: str) -> None:
    """Every saved search and drilldown that a document names in italics exists."""
    app = App(REPO)
    text = one_line(GUIDES[name])
    named = {found for found in re.findall(r"\*([^*]+)\*", text) if found.startswith(f"{SCHEDULED} - ")}
    drilldowns = re.findall(r"drilldown\*{0,2} \*([^*]+)\*", text)
    rendered = (REPO / "default" / "savedsearches.conf").read_text(encoding="utf-8")
    assert (set(), []) == (
        named - set(app.saved_searches),
        [found for found in drilldowns if f'"name": "{found}"' not in rendered],
    )


@pytest.mark.parametrize("name", ["run", "dev"])
def test_dependencies(name: str) -> None:
    """The contributor's page says why the project needs each of its packages."""
    wanted = re.findall(r"^([\w-]+)==", (REPO / "requirements" / f"{name}.in").read_text(encoding="utf-8"), re.M)
    section = CONTRIBUTOR.partition("## Dependencies")[2]
    assert (True, []) == (bool(wanted), [package for package in wanted if not re.search(rf"\b{package}\b", section)])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links(document: Path) -> None:
    """Every link to a file leads to a file."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [] == [link for link in links if not (document.parent / link).exists()]


def test_functions() -> None:
    """docs/engine.md lists the eval functions and the aggregates that there are, and no others."""
    text = (REPO / "docs" / "engine.md").read_text(encoding="utf-8")
    section = text.partition("## Functions\n")[2].partition("\n## ")[0]
    table, _, behind = section.partition("The aggregates of")
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert functions.names() == sorted(re.findall(r"`(\w+)`", "".join(rows)))
    named = set(re.findall(r"`(\w+)`", behind.partition("Each is bounded")[0]))
    assert {*aggregates.NAMES, "perc95", "exactperc95", "upperperc95", "sparkline"} == named - {"stats"}


def test_pictures() -> None:
    """The README shows every picture that is kept, and none is large: whoever clones the project gets them."""
    kept = {f"docs/pictures/{path.name}": path.stat().st_size for path in (REPO / "docs" / "pictures").iterdir()}
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (REPO / "README.md").read_text(encoding="utf-8"))
    assert (sorted(kept), []) == (sorted(shown), [name for name, size in kept.items() if size > MAX_BYTES])
