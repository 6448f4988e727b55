"""Which connections a run reports: that 24 hourly runs are one run over the day, with events on every edge and late ones."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

import pytest

from splreplay import conf, engine, times
from splreplay.app import App
from splreplay.sql.values import Value
from tests.conftest import REPO
from tests.replay.network import Event, connection, guid, process, recording
from tests.replay.searches import replay

SCHEDULED = "Windows InstallUtil Remote Network Connection"
STANZA = conf.read(REPO / "default" / "savedsearches.conf").stanzas[SCHEDULED]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
LOOKBACK = float(App(REPO).macros["installutil_lookback"].definition)
FIRST_RUN = 1_750_068_000.0  # 2025-06-16T10:00:00Z, of the hour from 08:50
DAY_START = FIRST_RUN - 70 * MINUTE
RUNS = [FIRST_RUN + number * HOUR for number in range(24)]
Row = dict[str, Value]


@dataclass(frozen=True)
class Sent:
    """An event, and how many seconds after its time it reached Splunk."""

    event: Event
    late: float = 0.0

    def arrived(self, now: float) -> bool:
        """Whether a search that runs at *now* can see it."""
        return float(self.event["time"] or 0) + self.late < now


def at(clock: str, day: int = 0) -> float:
    """Return a time of the day that the runs cover, or of a day before or after it."""
    hour, minute, second = clock.split(":")
    midnight = FIRST_RUN - 10 * HOUR
    return midnight + day * DAY + int(hour) * HOUR + int(minute) * MINUTE + float(second)


def run(sent: Iterable[Sent], addon: str, now: float, *, earliest: str = "", latest: str = "") -> list[Row]:
    """Return what the scheduled search finds at *now*, over its own time range unless another is given."""
    app = App(REPO)
    log = recording([one.event for one in sent if one.arrived(now)])
    return list(
        replay(
            log,
            app,
            app.saved_search(SCHEDULED).search,
            addon,
            earliest=earliest or STANZA["dispatch.earliest_time"],
            latest=latest or STANZA["dispatch.latest_time"],
            now=now,
        ).results.rows
    )


def merged(rows: Iterable[Row], key: Sequence[str] = ("risk_finding_id",)) -> list[Row]:
    """Return one row for each finding: the first of its firstTime, the last of its lastTime, `guid` before `pid`."""
    findings: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        findings[tuple(str(row.get(name)) for name in key)].append(row)
    choose = {"firstTime": min, "lastTime": max, "match_basis": min}
    listed = []
    for same in findings.values():
        one = {name: choose[name](str(row[name]) for row in same) for name in choose}
        rest = [{name: value for name, value in row.items() if name not in choose} for row in same]
        assert [rest[0]] * len(rest) == rest, "rows of one finding differ in nothing else"
        listed.append(rest[0] | one)
    return sorted(listed, key=str)


def named(rows: Iterable[Row]) -> list[str]:
    """Return the hosts of the findings; each case below has its own."""
    return sorted({str(row["dest"]) for row in rows})


# The day: a host for each case, named after it.


def pair(host: str, start: float, *connections: float, late: float = 0) -> list[Sent]:
    """Return a process that starts and connects at these times, all of them late by as much."""
    known = guid(crc32(host.encode()))
    events = [process(host, 100, start, known), *(connection(host, 100, time, known) for time in connections)]
    return [Sent(event, late) for event in events]


def without_guid(host: str, start: float, *connections: float, command: str = "") -> list[Sent]:
    """Return the same where neither side has a GUID, so that host and PID must do."""
    events = [process(host, 200, start, None, CommandLine=command or host)]
    return [Sent(event) for event in (*events, *(connection(host, 200, time, None) for time in connections))]


FOUND = {
    "before the boundary": pair("before the boundary", at("10:49:59.1"), at("10:49:59.9")),
    "across the boundary": pair("across the boundary", at("10:49:59.9"), at("10:50:00")),
    "at the boundary": pair("at the boundary", at("10:50:00"), at("10:50:00")),
    "in the next hour": pair("in the next hour", at("10:30:00"), at("11:10:00")),
    "in three hours": pair("in three hours", at("12:00:00"), at("12:00:05"), at("13:30:00"), at("14:49:59.9")),
    "in the first second": pair("in the first second", DAY_START, DAY_START),
    "in the last second": pair("in the last second", DAY_START + DAY - 0.5, DAY_START + DAY - 0.2),
    "the day before": pair("the day before", at("09:30:00", -1), at("09:20:00"), at("09:29:59")),
    "a day ago to the second": pair("a day ago to the second", at("15:00:00.9", -1), at("15:00:00.1")),
    # A clock that was set back: certain by GUID, and only by GUID.
    "dated after it": pair("dated after it", at("16:55:00"), at("16:49:30")),
    "late": pair("late", at("17:20:00"), at("17:49:59.9"), late=10 * MINUTE - 0.1),
    "late across the boundary": pair("late across the boundary", at("17:49:59"), at("17:50:01"), late=10 * MINUTE - 2),
    "by PID": without_guid("by PID", at("18:49:59.9"), at("18:50:00"), at("20:00:00")),
    "PID used again": [
        *without_guid("PID used again", at("18:00:00"), at("18:30:00"), at("19:30:00"), command="first"),
        *without_guid("PID used again", at("20:10:00"), at("20:20:00"), at("23:00:00"), command="second"),
    ],
    # A process older than a day is known by what add-ons report of it later, without a parent.
    "old, but seen since": [
        *pair("old, but seen since", at("12:00:00", -1), at("11:00:00"), at("19:00:00")),
        Sent(process("old, but seen since", 100, at("13:00:00"), guid(crc32(b"old, but seen since")), ParentImage="")),
    ],
}
LOST = {
    "a day and a second ago": pair("a day and a second ago", at("15:00:00", -1), at("15:00:01")),
    "dated long after it": pair("dated long after it", at("17:00:01"), at("16:49:59.9")),
    "by PID, dated after it": without_guid("by PID, dated after it", at("16:50:30"), at("16:49:30")),
    "before the day": pair("before the day", DAY_START - 60, DAY_START - 0.1),
    "after the day": pair("after the day", DAY_START + DAY - 60, DAY_START + DAY),
}
THE_DAY = [one for case in (*FOUND.values(), *LOST.values()) for one in case]


@dataclass(frozen=True)
class Runs:
    """What the hourly runs found, each beside its time, and what one run over the day did."""

    addon: str
    hourly: list[tuple[float, list[Row]]]
    daily: list[Row]


@pytest.fixture(scope="module", params=["current", "cim5"])
def runs(request: pytest.FixtureRequest) -> Runs:
    """The day, run hour by hour as it goes by, and once when it is over."""
    hourly = [(now, run(THE_DAY, request.param, now)) for now in RUNS]
    over = {"earliest": str(DAY_START), "latest": str(DAY_START + DAY)}
    return Runs(request.param, hourly, run(THE_DAY, request.param, RUNS[-1] + DAY, **over))


def test_hours_are_contiguous() -> None:
    """Each run covers the hour behind that of the run before it."""
    ranges = [
        [times.relative_time(now, STANZA[f"dispatch.{end}_time"]) for end in ("earliest", "latest")] for now in RUNS
    ]
    assert [[DAY_START + n * HOUR, DAY_START + (n + 1) * HOUR] for n in range(24)] == ranges


def test_hours_make_the_day(runs: Runs) -> None:
    """The hourly runs find what one run over the day does, result for result, the rows of one finding merged."""
    assert merged(runs.daily) == merged(row for _, rows in runs.hourly for row in rows)


def test_a_finding_is_one_row_of_a_run(runs: Runs) -> None:
    """No run has two rows of one finding."""
    counts = [len(rows) - len({row["risk_finding_id"] for row in rows}) for _, rows in runs.hourly]
    assert (0, [0] * 24) == (len(runs.daily) - len({row["risk_finding_id"] for row in runs.daily}), counts)


def test_what_is_found(runs: Runs) -> None:
    """Whatever side of a boundary its events are on, however late up to ten minutes, each case is found."""
    expected = set(FOUND) - ({"dated after it"} if runs.addon == "cim5" else set())
    assert sorted(expected) == named(row for _, rows in runs.hourly for row in rows)


def test_no_connection_is_reported_twice(runs: Runs) -> None:
    """The connections that a run reports lie in its own hour, and no two hours overlap."""
    outside = [
        row
        for now, rows in runs.hourly
        for row in rows
        for time in (times.parse_time(str(row[end]), "%Y-%m-%dT%H:%M:%S") for end in ("firstTime", "lastTime"))
        if time is None or not now - 70 * MINUTE <= time < now - 10 * MINUTE
    ]
    assert [] == outside


def test_throttled(runs: Runs) -> None:
    """With its throttling, the alert tells each finding once, though some have connections in several hours."""
    period = times.span_seconds(STANZA["alert.suppress.period"])
    assert period is not None
    told: dict[Value, float] = {}
    alerts: list[Value] = []
    for now, rows in runs.hourly:
        for row in rows:
            finding = row[STANZA["alert.suppress.fields"]]
            if now - told.get(finding, -DAY * 365) >= period:
                told[finding] = now
                alerts.append(finding)
    findings = {row["risk_finding_id"] for row in runs.daily}
    repeats = sum(len(rows) for _, rows in runs.hourly) - len(findings)
    assert (sorted(map(str, findings)), True) == (sorted(map(str, alerts)), repeats > 0)


def test_throttled_for_as_long_as_a_finding_lasts() -> None:
    """Throttling outlasts the connections of one process by more than the hour of a run."""
    period = times.span_seconds(STANZA["alert.suppress.period"])
    assert period is not None
    assert period > LOOKBACK + HOUR + 10 * MINUTE


# Lateness


@pytest.mark.parametrize(("late", "expected"), [(10 * MINUTE - 0.1, 1), (10 * MINUTE + 0.1, 0)])
@pytest.mark.parametrize("which", ["process", "connection"])
def test_lateness_that_is_covered(which: str, late: float, expected: int) -> None:
    """Ten minutes is the lateness that is covered at the end of an hour, for either of the two events; more is lost."""
    started, connected = pair("h", at("10:50:00") - 0.1, at("10:50:00") - 0.1)
    if which == "process":
        started = Sent(started.event, late)
    else:
        connected = Sent(connected.event, late)
    found = [row for now in RUNS[1:3] for row in run([started, connected], "current", now)]
    assert expected == len(found)


# By hand


def by_hand(sent: Sequence[Sent], earliest: str, latest: str) -> list[tuple[str, str]]:
    """Return the start and the last connection of each finding of a run by hand, a week later."""
    rows = run(sent, "current", FIRST_RUN + 7 * DAY, earliest=earliest, latest=latest)
    return [(str(row["_time"]), str(row["lastTime"])) for row in rows]


OLD = pair("h", at("08:00:00", -3), at("09:00:00", -3), at("09:00:00"))
STARTED = str(int(at("08:00:00", -3)))


@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        ("2025-06-13T08:00:00", "2025-06-13T10:00:00", [(STARTED, "2025-06-13T09:00:00")]),
        ("2025-06-13T08:30:00", "2025-06-13T10:00:00", [(STARTED, "2025-06-13T09:00:00")]),
        ("2025-06-13T08:30:00", "2025-06-17T00:00:00", [(STARTED, "2025-06-13T09:00:00")]),
        ("2025-06-13T08:00:00", "2025-06-17T00:00:00", [(STARTED, "2025-06-16T09:00:00")]),
        ("2025-06-16T08:00:00", "2025-06-17T00:00:00", []),
        ("2025-06-13T09:00:00", "2025-06-13T09:00:01", [(STARTED, "2025-06-13T09:00:00")]),
        ("2025-06-13T08:00:00", "2025-06-13T09:00:00", []),
    ],
    ids=[
        "an hour after the start",
        "from after the start",
        "a longer range from after the start",
        "a longer range with the start",
        "three days after the start",
        "the second of the connection",
        "up to the connection",
    ],
)
def test_by_hand(earliest: str, latest: str, expected: list[tuple[str, str]]) -> None:
    """A run reports the connections in its range whose process started in it, or up to a day before the connection."""
    assert expected == by_hand(OLD, earliest, latest)


def test_by_hand_over_all_time() -> None:
    """Over all time, no process is too old, and no event too new."""
    app = App(REPO)
    log = recording([one.event for one in (*OLD, *pair("new", FIRST_RUN + DAY, FIRST_RUN + DAY))])
    rows = replay(log, app, app.saved_search(SCHEDULED).search, "current", now=FIRST_RUN).results.rows
    assert ["2025-06-16T09:00:00", "2025-06-17T10:00:00"] == sorted(str(row["lastTime"]) for row in rows)


def test_lookback_is_a_site_value() -> None:
    """With a longer `installutil_lookback`, an older process is found."""
    app = App(REPO, [f"installutil_lookback={4 * 86400}"])
    log = recording([one.event for one in OLD])
    search = app.saved_search(SCHEDULED).search
    over = {"earliest": "2025-06-16T08:00:00", "latest": "2025-06-17T00:00:00"}
    rows = replay(log, app, search, "current", now=FIRST_RUN + DAY, **over).results.rows
    assert ["2025-06-16T09:00:00"] == [row["lastTime"] for row in rows]


def test_a_name_in_another_hour() -> None:
    """The one exception: an address whose name is recorded in another hour is by name over the day, and both by the hour."""
    start, first, second = at("10:00:00"), at("10:10:00"), at("11:10:00")
    events = [
        process("h", 1, start, guid(1)),
        connection("h", 1, first, guid(1)),
        connection("h", 1, second, guid(1), DestinationHostname="c2.example.com"),
    ]
    sent = [Sent(event) for event in events]
    hourly = [row["connection_to_CNC"] for now in RUNS[:4] for row in run(sent, "current", now)]
    over = {"earliest": str(DAY_START), "latest": str(DAY_START + DAY)}
    daily = [row["connection_to_CNC"] for row in run(sent, "current", RUNS[-1] + DAY, **over)]
    assert (["203.0.113.10", "c2.example.com"], ["c2.example.com"]) == (hourly, daily)


# At random

LOOKBACK_S, WINDOW_S, WINDOWS = 3600, 600, 6


def made_at_random(seed: int) -> engine.Recording:
    """Return processes and connections of few hosts and PIDs, on and beside the edges, some without GUID or parent."""
    chance = random.Random(seed)
    edges = [DAY_START + n * WINDOW_S for n in range(-8, WINDOWS + 2)]

    def moment() -> float:
        return chance.choice(edges) + chance.choice([0, 0, 0.1, 0.9, -0.1, 1, chance.uniform(-WINDOW_S, WINDOW_S)])

    events = []
    for number in range(400):
        host, pid, known = f"h{chance.randrange(12)}", chance.randrange(4), guid(number % 120)
        identity = chance.choice([known, known, None])
        parent = chance.choice([r"C:\cmd.exe", r"C:\cmd.exe", ""])
        events.append(process(host, pid, moment(), identity, ParentImage=parent, CommandLine=f"{number}"))
        for _ in range(3):
            identity = chance.choice([known, known, None])
            events.append(connection(host, pid, moment(), identity, DestinationIp=f"203.0.113.{chance.randrange(3)}"))
    return recording(events)


@pytest.mark.parametrize("addon", ["current", "cim5", "legacy"])
def test_windows_make_the_whole_at_random(addon: str) -> None:
    """Whatever happens when, runs over the parts of a range find what one over the whole does, up to the lookback."""
    log, app = made_at_random(1), App(REPO, [f"installutil_lookback={LOOKBACK_S}"])
    search = app.saved_search(SCHEDULED).search.partition("| rbaenrich")[0]

    def found(first: int, last: int) -> list[Row]:
        ends = (str(DAY_START + n * WINDOW_S) for n in (first, last))
        return list(replay(log, app, search, addon, earliest=next(ends), latest=next(ends)).results.rows)

    whole = found(0, WINDOWS)
    key = sorted({name for row in whole for name in row} - {"firstTime", "lastTime", "match_basis"})
    parts = [row for n in range(WINDOWS) for row in found(n, n + 1)]
    assert (True, merged(whole, key)) == (len(parts) > len(whole) > 100, merged(parts, key))
