"""Risk events without Enterprise Security: what the search for risk modifiers writes, and what a reader finds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from splreplay.app import App
from splreplay.errors import DataError, SplError
from splreplay.output import Results
from splreplay.recording import Recording
from splreplay.run import summary
from splreplay.sql.values import Value
from tests.conftest import REPO
from tests.replay.network import NOON, connection, guid, process, recording
from tests.replay.searches import replay

NAME = "Windows InstallUtil Remote Network Connection"
HUNT = f'| savedsearch "{NAME} - Hunt"'
MODIFIERS = f"{NAME} - Risk Modifiers"
ADDONS = ("current", "cim5", "legacy")
Row = Mapping[str, Value]
# How docs/admin.md tells a reader to count.
TOTALS = "search index=risk | dedup risk_modifier_id | stats sum(risk_score) as risk_score count by risk_object"
RUN = NOON + 3600


def ask(log: Recording, folder: Path, spl: str, *, addon: str = "current", **options: str) -> Results:
    """Run a search, an hour after noon; *folder* holds the summary indexes."""
    return replay(log, App(REPO), spl, addon, now=RUN, collect=folder, **options).results


def write(log: Recording, folder: Path, *macros: str, addon: str = "current", **options: str) -> Results:
    """Run the search that writes risk events."""
    app = App(REPO, macros)
    search = app.saved_search(MODIFIERS).search
    return replay(log, app, search, addon, now=RUN, collect=folder, **options).results


def two_findings() -> Recording:
    """Return two processes of one user on one endpoint, the second of which connects a second later."""
    return recording(
        [
            process("wks", 100, NOON, guid(1)),
            connection("wks", 100, NOON + 1, guid(1)),
            process("wks", 200, NOON, guid(2)),
            connection("wks", 200, NOON + 2, guid(2)),
        ]
    )


def test_one_event_for_each_object(tmp_path: Path) -> None:
    """One finding is a risk event for its user and one for its endpoint, with all fields and those of the run."""
    log = recording([process("wks", 100, NOON, guid(1)), connection("wks", 100, NOON + 1, guid(1))])
    write(log, tmp_path, earliest=str(NOON), latest=str(RUN))
    expected = [
        {
            **event,
            "orig_sid": "replay",
            "index": "risk",
            "sourcetype": "stash_hec",
            "info_min_time": f"{NOON:.3f}",
            "info_max_time": f"{RUN:.3f}",
            "info_search_time": f"{RUN:.3f}",
        }
        for event in ask(log, tmp_path, f"{HUNT} | rbaenrich output=modifiers").rows
    ]
    assert (["user", "system"], expected) == (
        [event["risk_object_type"] for event in expected],
        list(ask(log, tmp_path, "search index=risk").rows),
    )


@pytest.mark.parametrize("addon", ADDONS)
def test_a_window_that_is_run_again(tmp_path: Path, addon: str) -> None:
    """Two runs over one window write each event twice; a reader that drops repeats counts it once."""
    log = two_findings()
    for _ in range(2):
        write(log, tmp_path, addon=addon, earliest=str(NOON), latest=str(RUN))
    written = ask(log, tmp_path, "search index=risk | stats count")
    totals = ask(log, tmp_path, TOTALS)
    expected = [
        {"risk_object": "user", "risk_score": "160", "count": "2"},
        {"risk_object": "wks", "risk_score": "160", "count": "2"},
    ]
    assert ([{"count": "8"}], expected) == (list(written.rows), list(totals.rows))


def test_windows_that_overlap(tmp_path: Path) -> None:
    """A run over a longer range, by hand or on another schedule, adds no event to those of a shorter one."""
    log = two_findings()
    write(log, tmp_path, earliest=str(NOON), latest=str(NOON + 2))
    short = ask(log, tmp_path, "search index=risk | dedup risk_modifier_id | table risk_modifier_id").rows
    write(log, tmp_path)
    long = ask(log, tmp_path, "search index=risk | dedup risk_modifier_id | table risk_modifier_id").rows
    assert (2, 4, True) == (len(short), len(long), all(row in long for row in short))


def test_filter(tmp_path: Path) -> None:
    """What the filter macro drops, even by score, does not become a risk event, and no file is written."""
    write(two_findings(), tmp_path, "windows_installutil_remote_network_connection_filter=search risk_score>80")
    assert [] == list(tmp_path.iterdir())


def test_index_is_one_macro(tmp_path: Path) -> None:
    """The macro installutil_risk_index says which index is written to."""
    write(two_findings(), tmp_path, "installutil_risk_index=soc_risk")
    found = ask(two_findings(), tmp_path, "search index=soc_risk OR index=risk | stats count by index")
    assert [{"index": "soc_risk", "count": "4"}] == list(found.rows)


# What attackers write

HOSTILE = [
    'x", risk_score="100',
    "x\n, risk_score=100",
    'x"}, "risk_score": "100',
    "x\\",
    'x\\"',
    "x==##~~##~~  1E8N3D4E6V5E7N2T9 ~~##~~##==",
    "$risk_object$ `comment`",
    "x\u2028\u202e\x1b[31m",
    "risk_object=admin, risk_object_type=user",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sequence[Row], Sequence[Row]]:
    """The risk events of hosts that each hold one hostile text, as the search makes them, and as the index has them."""
    folder = tmp_path_factory.mktemp("index")
    events = []
    for number, text in enumerate(HOSTILE):
        started = process(f"wks{number}", 100, NOON, guid(number), User=f"CORP\\{text}", ParentImage=rf"C:\{text}")
        connected = connection(f"wks{number}", 100, NOON + 1, guid(number), DestinationHostname=text)
        events += [started, connected]
    log = recording(events)
    write(log, folder)
    made = ask(log, folder, f"{HUNT} | rbaenrich output=modifiers").rows
    return made, ask(log, folder, "search index=risk").rows


def test_hostile_values_are_no_more_events(hostile: tuple[Sequence[Row], Sequence[Row]]) -> None:
    """No value becomes an event: the index has as many events as were made, for the hosts that exist."""
    made, found = hostile
    hosts = {f"wks{number}" for number in range(len(HOSTILE))}
    assert (hosts, len(made)) == ({row["dest"] for row in found}, len(found))


@pytest.mark.parametrize("number", range(len(HOSTILE)), ids=HOSTILE)
def test_hostile_values(hostile: tuple[Sequence[Row], Sequence[Row]], number: int) -> None:
    """A value comes back as it was, in its own field: it adds no field, changes none and makes no second event."""
    expected, found = ([dict(row) for row in rows if row["dest"] == f"wks{number}"] for rows in hostile)
    added = {"index", "sourcetype", "orig_sid", "info_search_time"}
    ours = [{name: value for name, value in row.items() if name not in added} for row in found]
    assert (True, expected) == (bool(expected), ours)
    assert added < {name for row in found for name in row}


# The folder


def results(count: int) -> str:
    """Return a search that writes *count* results into index s."""
    return f"| makeresults count={count} | collect index=s output_format=hec"


def test_each_run_has_a_file_of_its_own(tmp_path: Path) -> None:
    """A second run leaves the first one's file alone, and says what it wrote and where."""
    log = recording([])
    notes = [note for _ in range(2) for note in ask(log, tmp_path / "new" / "folder", results(2)).notes]
    files = [tmp_path / "new" / "folder" / f"{number}_events.stash_hec" for number in (1, 2)]
    assert [f"collect wrote 2 events for the index s into {path}" for path in files] == notes


FAILS = 'search [| makeresults | eval search="earliest=x" | fields search]'
WROTE = "collect index=s output_format=hec"


@pytest.mark.parametrize(
    "search",
    [
        f"{results(1)} | {FAILS}",
        f"| makeresults | append [{results(1)}] | {FAILS}",
        f"{results(1)} | append [| makeresults | {FAILS}]",
        f"{results(1)} | {WROTE} file=mine.stash_hec | {FAILS}",
        f"{results(1)} | {WROTE} file=mine.stash_hec | {WROTE} file=mine.stash_hec",
        f"{results(1)} | foreach * [eval a=1] | {FAILS}",
    ],
)
def test_a_search_that_fails_leaves_nothing(search: str, tmp_path: Path) -> None:
    """Whatever fails, before, after or beside it, no file stays that no message names; files of other runs stay."""
    log = recording([])
    ask(log, tmp_path, results(2))
    with pytest.raises(SplError):
        ask(log, tmp_path, search)
    assert ["1_events.stash_hec"] == [path.name for path in tmp_path.iterdir()]


def test_a_file_that_is_half_written(tmp_path: Path) -> None:
    """A file that could not be written completely is removed."""
    with pytest.raises(UnicodeEncodeError):
        summary.write(tmp_path, None, ".stash_hec", "half \ud800")
    assert [] == list(tmp_path.iterdir())


def test_results_go_on(tmp_path: Path) -> None:
    """collect hands on the results that it wrote."""
    found = ask(recording([]), tmp_path, "| makeresults | eval a=1 | collect index=s | table a")
    assert [{"a": "1"}] == list(found.rows)


def test_named_file(tmp_path: Path) -> None:
    """file= names the file, with the time of the run in it."""
    search = (
        '| makeresults | eval a=1 | fields a | collect index=s file="risk_$timestamp$.stash" addinfo=false source=me'
    )
    ask(recording([]), tmp_path, search)
    stamp = "06/15/2025 16:06:40 +0000"
    text = (tmp_path / f"risk_{RUN:.0f}.stash").read_text(encoding="utf-8")
    assert f'***SPLUNK*** source="me" index="s"\n{stamp}, a=1\n==##~~##~~  1E8N3D4E6V5E7N2T9 ~~##~~##==\n' == text


def test_header_is_one_line(tmp_path: Path) -> None:
    """The first line of the other format holds what the options say, and no value can add to it."""
    options = r'addinfo=false addtime=false uselb=false source="o\" index=\"t"'
    ask(recording([]), tmp_path, f"| makeresults | eval a=1 | fields a | collect index=s {options}")
    text = (tmp_path / "1_events.stash").read_text(encoding="utf-8")
    assert '***SPLUNK*** source="o_ index=_t" index="s"\na=1\n' == text


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    """A file that already exists is refused, whatever it holds."""
    path = tmp_path / "mine.stash_hec"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(SplError) as refused:
        ask(recording([]), tmp_path, "| makeresults | collect index=s output_format=hec file=mine.stash_hec")
    expected = f"collect cannot write {path}: File exists\nname another folder with --collect"
    assert (expected, "mine") == (str(refused.value), path.read_text(encoding="utf-8"))


def test_a_number_that_is_taken(tmp_path: Path) -> None:
    """A number whose file exists is skipped, even if it is a link to nothing."""
    (tmp_path / "1_events.stash_hec").symlink_to(tmp_path / "nothing")
    ask(recording([]), tmp_path, "| makeresults | collect index=risk output_format=hec")
    assert ["1_events.stash_hec", "2_events.stash_hec"] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize("time", ['"abc"', '"nan"', 'split("1,2", ",")', '"1e3"', '" 1"'])
def test_no_time(tmp_path: Path, time: str) -> None:
    """What is not a time is refused before anything is written, because no search could read it back."""
    with pytest.raises(SplError, match="collect writes each event at a time"):
        ask(recording([]), tmp_path, f"| makeresults | eval _time={time} | collect index=risk output_format=hec")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["==##~~##~~  1E8N3D4E6V5E7N2T9 ~~##~~##==", "***SPLUNK*** index=main"])
def test_a_value_that_parts_events(tmp_path: Path, text: str) -> None:
    """In the other format, a value that Splunk would take for the end of an event is refused."""
    with pytest.raises(SplError, match="a value would end its event and begin another"):
        ask(recording([]), tmp_path, f'| makeresults | eval a="x{text}" | collect index=risk')
    assert [] == list(tmp_path.iterdir())


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is a file is refused in words."""
    path = tmp_path / "file"
    path.write_text("", encoding="utf-8")
    with pytest.raises(SplError) as refused:
        ask(recording([]), path, results(1))
    assert f"collect cannot write {path}: File exists\nname another folder with --collect" == str(refused.value)


def test_time_range_of_collected_events(tmp_path: Path) -> None:
    """search reads collected events by their own time, together with those of the log, the newest first."""
    log = recording([process("wks", 100, NOON, guid(1))])
    for time in (NOON - 1, NOON + 1, NOON + 2):
        ask(log, tmp_path, f"| makeresults | eval _time={time:.0f} | collect index=s output_format=hec")
    found = ask(log, tmp_path, "search * | table _time index", earliest=str(NOON - 1), latest=str(NOON + 2))
    expected = [(NOON + 1, "s"), (NOON, "main"), (NOON - 1, "s")]
    assert [{"_time": f"{time:.0f}", "index": index} for time, index in expected] == list(found.rows)


def test_the_other_format_is_not_read(tmp_path: Path) -> None:
    """search says that it does not read what output_format=raw wrote."""
    log = recording([])
    ask(log, tmp_path, "| makeresults | collect index=s")
    found = ask(log, tmp_path, "search index=s")
    path = tmp_path / "1_events.stash"
    warning = f"search does not read {path}: how Splunk finds the fields in it is not documented to the letter"
    assert (0, True) == (len(found.rows), warning in found.warnings)


BROKEN: list[object] = [[], {}, {"time": "1"}, {"time": "x", "event": {}}, {"time": "1", "event": []}]
BROKEN += [{"time": "1", "event": {"a": 1}}, {"time": "1", "event": {"a": [["b"]]}}, {"time": {}, "event": {}}]


@pytest.mark.parametrize("line", [*map(json.dumps, BROKEN), "{", "[" * 100_000, '{"time":"1","event":{"a":"\ud800"}}'])
def test_a_line_that_is_no_event(tmp_path: Path, line: str) -> None:
    """A line that collect did not write is named with its file."""
    (tmp_path / "x.stash_hec").write_text(f"\n{line}\n", encoding="utf-8", errors="surrogatepass")
    with pytest.raises(DataError, match=r"x\.stash_hec"):
        ask(recording([]), tmp_path, "search index=s")


def test_hunt_writes_nothing(tmp_path: Path) -> None:
    """The other searches write nothing, whatever folder is named."""
    rows: list[dict[str, Value]] = list(ask(two_findings(), tmp_path, HUNT).rows)
    assert (2, []) == (len(rows), list(tmp_path.iterdir()))
