"""The report on real runs: what it says of logs and options, and the command line that writes it."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from splreplay import report
from splreplay.app import App
from splreplay.planning import plan
from splreplay.recording import record
from splreplay.report.about import LogFile
from splreplay.sql.values import Value
from splreplay.times import TimeRange
from tests.conftest import REPO
from tests.program import Ran, splreplay
from tests.report.pages import read, texts

SAMPLE = "tests/recordings/installutil_attack.xml"
JSON = "tests/recordings/installutil_attack.plain.jsonl"
NOON = 1_750_161_600.0  # 2025-06-17T12:00:00Z
MESSAGE = (
    "An instance of cmd.exe spawning InstallUtil.exe was identified on endpoint WKS-014.corp.example.com by user m.lopez "
    "generating a remote download."
)


def replay(*arguments: str) -> Ran:
    """Run a search over a log, and write a report."""
    return splreplay("run", *arguments, "--format", "html")


def about(*logs: str, earliest: str | None = None, latest: str | None = None, app: App | None = None) -> report.About:
    """Return what a report says of a run over *logs*, at noon."""
    recording = record([str(REPO / log) for log in logs])
    planned = plan(app or App(REPO), "| makeresults", "current", TimeRange.of(earliest, latest, NOON))
    return report.about(recording, planned, "name")


def test_logs() -> None:
    """Each log has its size, its events by kind, and its first and last time; the sums are over all of them."""
    run = about(SAMPLE, JSON)
    kinds = "Sysmon 3 (27), Sysmon 1 (23), Sysmon 5 (16), Sysmon 7 (6), Sysmon 11 (6), Sysmon 22 (6), others (10)"
    first = LogFile(
        str(REPO / SAMPLE),
        (REPO / SAMPLE).stat().st_size,
        94,
        kinds,
        0,
        "2025-06-17 08:58:02 UTC",
        "2025-06-17 09:07:22 UTC",
    )
    assert (first, 2, 0, 97) == (run.logs[0], len(run.logs), run.logs_left, run.events)
    assert ("2025-06-17 08:58:05 UTC", "2025-06-17 09:04:07 UTC") == (run.logs[1].first, run.logs[1].last)


def test_log_name(tmp_path: Path) -> None:
    """The name of a log may be bytes that are not text, or markup."""
    log = os.fsdecode(bytes(tmp_path / "<b>") + b"\xff.xml")
    shutil.copy(REPO / SAMPLE, log)
    assert [f"{tmp_path}/<b>\\udcff.xml"] == texts(
        read(replay(log).stdout), "//table[starts-with(caption, '1 log')]//td[1]/div[@class='value']"
    )


def test_bad_events(tmp_path: Path) -> None:
    """What could not be read is counted with its log, and each is a warning."""
    log = tmp_path / "broken.xml"
    log.write_text((REPO / SAMPLE).read_text(encoding="utf-8") + "<Event>no</Event>", encoding="utf-8")
    run = about(str(log))
    assert (1, [True]) == (run.logs[0].bad_events, [line.startswith(f"{log}, offset ") for line in run.warnings])


@pytest.mark.parametrize(
    ("expected", "earliest", "latest"),
    [
        ("all time", None, None),
        ("from 2025-06-17 00:00:00 UTC (2025-06-17)", "2025-06-17", None),
        ("to before 2025-06-17 12:00:00 UTC (now)", None, "now"),
        ("from 2025-06-16 12:00:00 UTC (-24h@h) to before 2025-06-17 11:50:00 UTC (-10m)", "-24h@h", "-10m"),
    ],
)
def test_time_range(expected: str, earliest: str | None, latest: str | None) -> None:
    """A time range is shown as it was given, and as it was resolved."""
    assert ("time range", expected) in about(SAMPLE, earliest=earliest, latest=latest).options


def test_macros() -> None:
    """A macro that was replaced for the run is part of what was run."""
    override = "windows_installutil_remote_network_connection_filter=where 1=1"
    assert ("macro replaced", override) in about(SAMPLE, app=App(REPO, [override])).options


def test_other_apps(tmp_path: Path) -> None:
    """Another app whose objects the search could see is part of what was run."""
    assert ("app beside it", str(tmp_path)) in about(SAMPLE, app=App(REPO, others=[tmp_path])).options


def test_app(tmp_path: Path) -> None:
    """An app is named by its id and version; one that has neither, by its folder; a folder that is no app, not at all."""
    default = tmp_path / "some_app" / "default"
    default.mkdir(parents=True)
    (default / "macros.conf").touch()
    assert ["DA-ESS-InstallUtilRBA 0.1.0", "some_app", "none"] == [
        about(SAMPLE, app=App(p)).app for p in (REPO, tmp_path / "some_app", tmp_path)
    ]


def test_output_file(tmp_path: Path) -> None:
    """--format html --output writes the report, which has the alert of the recording that ships."""
    done = replay(SAMPLE, "--output", str(tmp_path / "report.html"))
    document = read((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert (0, "", "") == done
    assert ([MESSAGE], ["1 finding, the highest score is 80."]) == (
        texts(document, "//h3"),
        texts(document, "//p[@class='summary']"),
    )


def test_standard_output() -> None:
    """Without --output the report goes to standard output, the same at every run."""
    command = [sys.executable, "-m", "splreplay", "run", SAMPLE, "--format", "html"]
    first = subprocess.run(command, cwd=REPO, capture_output=True, check=False)
    again = replay(SAMPLE).stdout
    assert (0, again.encode(), True) == (first.returncode, first.stdout, again.startswith("<!DOCTYPE html>\n"))


def test_terminal() -> None:
    """On a terminal there is no report, but an error that says what to do."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "splreplay", "run", SAMPLE, "--format", "html"]
    done = subprocess.run(command, cwd=REPO, stdout=slave, stderr=subprocess.PIPE, check=False)
    os.close(slave)
    os.close(master)
    expected = "a report is read in a browser, not in a terminal; write it into a file with --output FILE\n"
    assert (2, expected) == (done.returncode, done.stderr.decode())


@pytest.mark.parametrize(
    ("expected", "arguments"),
    [
        ("23 results without a risk score.", ("--spl", "search EventCode=1 | table Image")),
        ("The search found nothing.", ("--spl", "| makeresults | where 1=2")),
        ("1 finding, the highest score is 80.", ("--search", "Windows InstallUtil Remote Network Connection - Hunt")),
        (
            "2 findings of 1 process, the highest score is 80.",
            (
                "--spl",
                '| savedsearch "Windows InstallUtil Remote Network Connection - Hunt" | rbaenrich output=modifiers',
            ),
        ),
    ],
)
def test_any_search(expected: str, arguments: tuple[str, ...]) -> None:
    """The report works for any search."""
    assert [expected] == texts(read(replay(SAMPLE, *arguments).stdout), "//p[@class='summary']")


def test_warnings() -> None:
    """The report also shows what the run warned of."""
    published = "Windows InstallUtil Remote Network Connection - As Published"
    done = replay("tests/recordings/installutil_near_misses.xml", "--addon", "legacy", "--search", published)
    listed = texts(read(done.stdout), "//section[@class='warnings']//li")
    assert [f"warning: {line}" for line in listed] == done.stderr.splitlines()
    assert [
        "no result has firstTime, which convert reads",
        "no result has lastTime, which convert reads",
        "join kept at most max=1 match for each result; 3 more were dropped",
        "this search is blind in Endpoint.Processes.original_file_name: no event of this log has a value there",
    ] == listed


def test_recorded_attack(shared_data: Path) -> None:
    """The recorded attack is one finding; its process, its parent and its far end are drawn."""
    done = replay(str(shared_data / "installutil_recording_otrf_2020-09-19_sysmon_all.xml.gz"))
    document = read(done.stdout)
    assert ["1 finding, the highest score is 80."] == texts(document, "//p[@class='summary']")
    drawn: list[Value] = texts(document, "//ol[@class='picture']/li//strong")
    assert ["cmd.exe", "InstallUtil.exe", "10.10.10.5"] == drawn
