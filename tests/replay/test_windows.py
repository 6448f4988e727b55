"""Which processes a run reports: 24 hourly runs report those of the day, with events on every boundary and late ones."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import pytest

from splreplay import conf, times
from splreplay.app import App
from splreplay.recording import Recording
from splreplay.sql.values import Value
from tests.conftest import REPO
from tests.replay.network import Event, add, connection, ended, guid, process, recording
from tests.replay.searches import replay

pytestmark = pytest.mark.slow

SCHEDULED = "Windows InstallUtil Remote Network Connection"
HUNT = f"{SCHEDULED} - Hunt"
STANZA = conf.read(REPO / "default" / "savedsearches.conf").stanzas[SCHEDULED]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
FIRST_RUN = 1_750_068_000.0  # 2025-06-16T10:00:00Z, of the hour from 08:50
DAY_START = FIRST_RUN - 70 * MINUTE
RUNS = [FIRST_RUN + number * HOUR for number in range(24)]
ADDONS = ("current", "cim5", "legacy")
Row = dict[str, Value]


@dataclass(frozen=True)
class Sent:
    """An event, and how many seconds after its time it reached Splunk."""

    event: Event
    late: float = 0.0

    def arrived(self, now: float) -> bool:
        """Tell whether a search that runs at *now* can see it."""
        return float(self.event["time"] or 0) + self.late < now


def at(clock: str, day: int = 0) -> float:
    """Return a time of the day that the runs cover, or of a day before or after it."""
    hour, minute, second = clock.split(":")
    midnight = FIRST_RUN - 10 * HOUR
    return midnight + day * DAY + int(hour) * HOUR + int(minute) * MINUTE + float(second)


def arriving(sent: Iterable[Sent], times: Iterable[float]) -> Iterator[tuple[float, Recording]]:
    """Yield each of the *times*, in their order, and a recording of the events that have arrived by then."""
    log, before = recording([]), -math.inf
    for now in times:
        add(log, [each.event for each in sent if each.arrived(now) and not each.arrived(before)])
        yield now, log
        before = now


def search(name: str, log: Recording, addon: str, now: float, earliest: str, latest: str) -> list[Row]:
    """Return what a search finds at *now*."""
    app = App(REPO)
    text = app.saved_search(name).search
    return list(replay(log, app, text, addon, earliest=earliest, latest=latest, now=now).results.rows)


def run(log: Recording, addon: str, now: float) -> list[Row]:
    """Return what the scheduled search reports at *now*, over its own time range."""
    return search(SCHEDULED, log, addon, now, STANZA["dispatch.earliest_time"], STANZA["dispatch.latest_time"])


# The day: a host for each case, named after it.


def pair(host: str, start: float, *connections: float, late: float = 0) -> list[Sent]:
    """Return a process that starts and connects at these times; all its events are equally late."""
    known = guid(crc32(host.encode()))
    events = [process(host, 100, start, known), *(connection(host, 100, time, known) for time in connections)]
    return [Sent(event, late) for event in events]


def without_guid(host: str, start: float, *connections: float) -> list[Sent]:
    """Return the same without any GUID, so that host and PID must do."""
    events = [process(host, 200, start, None), *(connection(host, 200, time, None) for time in connections)]
    return [Sent(event) for event in events]


FOUND = {
    "before the boundary": pair("before the boundary", at("10:49:59.1"), at("10:49:59.9")),
    "across the boundary": pair("across the boundary", at("10:49:59.9"), at("10:50:00")),
    "at the boundary": pair("at the boundary", at("10:50:00"), at("10:50:00")),
    "in the next hour": pair("in the next hour", at("10:30:00"), at("11:10:00")),
    "in three hours": pair("in three hours", at("12:00:00"), at("12:00:05"), at("13:30:00"), at("14:49:59.9")),
    "in the first second": pair("in the first second", DAY_START, DAY_START),
    "in the last second": pair("in the last second", DAY_START + DAY - 0.5, DAY_START + DAY - 0.2),
    "the day before": pair("the day before", at("09:30:00", -1), at("09:20:00"), at("09:29:59")),
    "a day ago to the second": pair("a day ago to the second", at("14:50:00.9", -1), at("14:50:00.1")),
    "nearly 25 hours ago": pair("nearly 25 hours ago", at("14:50:00", -1), at("15:49:59")),
    # A clock that was set back: certain by GUID, and only by GUID.
    "dated after it": pair("dated after it", at("16:45:00"), at("16:39:30")),
    "late": pair("late", at("17:20:00"), at("17:49:59.9"), late=10 * MINUTE - 0.1),
    "late across the boundary": pair("late across the boundary", at("17:49:59"), at("17:50:01"), late=10 * MINUTE - 2),
    "by PID": without_guid("by PID", at("18:49:59.9"), at("18:50:00"), at("20:00:00")),
    "PID used again": [
        *without_guid("PID used again", at("18:00:00"), at("18:30:00"), at("19:30:00")),
        *without_guid("PID used again", at("20:10:00"), at("20:20:00"), at("23:00:00")),
    ],
}
LOST = {
    "a day and a second ago": pair("a day and a second ago", at("14:49:59", -1), at("14:50:00")),
    "dated after it, in another hour": pair("dated after it, in another hour", at("16:50:01"), at("16:49:59.9")),
    "by PID, dated after it": without_guid("by PID, dated after it", at("16:40:30"), at("16:39:30")),
    "before the day": pair("before the day", DAY_START - 60, DAY_START - 0.1),
    "after the day": pair("after the day", DAY_START + DAY - 60, DAY_START + DAY),
}


def at_random(seed: int) -> list[Sent]:
    """Return hosts with few PIDs, each of which passes from process to process; some events have lost their GUID.

    A process without a GUID has connections without one, so that it is certain where each connection belongs.
    """
    chance = random.Random(seed)
    edges = [DAY_START + n * HOUR for n in range(25)]
    sent = []
    for number in range(60):
        host, time = f"random {number}", DAY_START
        for life in range(chance.randint(1, 4)):
            known = chance.choice([guid(1_000_000 + 10 * number + life)] * 2 + [None])
            start = max(time, chance.choice(edges)) + chance.choice([0, 0.1, 0.9, 1, chance.uniform(2, HOUR)])
            ends = start + chance.choice([5, HOUR, 6 * HOUR])
            sent.append(process(host, 300, start, known, CommandLine=str(life)))
            for _ in range(chance.randint(0, 3)):
                identity = chance.choice([known, None])
                far = {"DestinationIp": f"203.0.113.{chance.randrange(3)}"}
                sent.append(connection(host, 300, chance.uniform(start + 1, ends), identity, **far))
            sent.append(ended(host, 300, ends, known))
            time = ends + 2
    return [Sent(event) for event in sent]


RANDOM = at_random(1)
THE_DAY = [each for case in (*FOUND.values(), *LOST.values()) for each in case] + RANDOM


def hours(connections: Iterable[float]) -> set[int]:
    """Return the hours of the day that hold these times, counted from its start."""
    return {int((time - DAY_START) // HOUR) for time in connections if DAY_START <= time < DAY_START + DAY}


def truth(sent: Sequence[Sent]) -> dict[tuple[str, int], list[float]]:
    """Return when each process connected, by host and start: a connection belongs to the newest process before it."""
    events = [each.event for each in sent]
    starts = sorted((str(event["computer"]), int(event["time"])) for event in events if event["event_id"] == 1)
    connected: dict[tuple[str, int], list[float]] = defaultdict(list)
    for event in events:
        if event["event_id"] == 3:
            own = [start for host, start in starts if host == event["computer"]]
            before = [start for start in own if start <= event["time"]] or own[:1]  # dated after its connection
            connected[str(event["computer"]), before[-1]].append(event["time"])
    return connected


@pytest.fixture(scope="module", params=ADDONS)
def runs(request: pytest.FixtureRequest) -> tuple[str, list[list[Row]]]:
    """An add-on, and what each hourly run of the day reports as it goes by."""
    return request.param, [run(log, request.param, now) for now, log in arriving(THE_DAY, RUNS)]


def test_ranges() -> None:
    """Each run reads the 25 hours that ended ten minutes ago, and the last hours of all runs make up the day."""
    ranges = [
        [times.relative_time(now, STANZA[f"dispatch.{end}_time"]) for end in ("earliest", "latest")] for now in RUNS
    ]
    last_hours = [DAY_START + n * HOUR for n in range(24)]
    assert [[hour - DAY, hour + HOUR] for hour in last_hours] == ranges


def test_a_process_is_reported_in_each_hour_in_which_it_connected(runs: tuple[str, list[list[Row]]]) -> None:
    """The hourly runs report exactly the processes of the day, each only in the hours in which it connected."""
    addon, hourly = runs
    by_guid_alone = {"dated after it"} if addon == "cim5" else set()
    cases = [each for name, case in FOUND.items() if name not in by_guid_alone for each in case]
    expected = {which: hours(when) for which, when in truth([*cases, *RANDOM]).items() if hours(when)}
    reported: dict[tuple[str, int], set[int]] = defaultdict(set)
    for number, rows in enumerate(hourly):
        for row in rows:
            reported[str(row["dest"]), int(float(str(row["_time"])))].add(number)
    assert expected == dict(reported)


def test_a_finding_is_one_row_of_a_run(runs: tuple[str, list[list[Row]]]) -> None:
    """No run has two rows for the same finding."""
    assert [0] * 24 == [len(rows) - len({row["risk_finding_id"] for row in rows}) for rows in runs[1]]


def test_a_row_has_all_that_its_process_connected_to(runs: tuple[str, list[list[Row]]]) -> None:
    """The row of a later hour has the process's first connection of the 25 hours, and its last one."""
    rows = [row for rows in runs[1] for row in rows if row["dest"] == "in three hours"]
    first, ends = "2025-06-16T12:00:05", ["2025-06-16T12:00:05", "2025-06-16T13:30:00", "2025-06-16T14:49:59"]
    assert [(first, last) for last in ends] == [(row["firstTime"], row["lastTime"]) for row in rows]


def test_throttled(runs: tuple[str, list[list[Row]]]) -> None:
    """With its throttling, the alert reports each finding once, although some are found in several hours."""
    period = times.span_seconds(STANZA["alert.suppress.period"])
    assert period is not None
    told: dict[Value, float] = {}
    alerts: list[Value] = []
    for now, rows in zip(RUNS, runs[1], strict=True):
        for row in rows:
            finding = row[STANZA["alert.suppress.fields"]]
            if now - told.get(finding, -DAY * 365) >= period:
                told[finding] = now
                alerts.append(finding)
    reported = [row["risk_finding_id"] for rows in runs[1] for row in rows]
    assert (sorted(map(str, set(reported))), True) == (sorted(map(str, alerts)), len(reported) > len(set(reported)))


def test_throttled_for_as_long_as_a_finding_lasts() -> None:
    """Throttling outlasts the 25 hours in which a process can be reported."""
    period = times.span_seconds(STANZA["alert.suppress.period"])
    assert period is not None
    assert period > DAY + HOUR


# Lateness


COVERED, TOO_MUCH = 10 * MINUTE - 0.1, 10 * MINUTE + 0.1
LATE = {  # how late the process and its connection are
    "process, covered": (COVERED, 0.0),
    "process, too late": (TOO_MUCH, 0.0),
    "connection, covered": (0.0, COVERED),
    "connection, too late": (0.0, TOO_MUCH),
}


def test_lateness_that_is_covered() -> None:
    """Either event may be ten minutes late at the end of an hour; a later one is lost."""
    sent = []
    for host, lateness in LATE.items():
        events = pair(host, at("10:50:00") - 0.1, at("10:50:00") - 0.1)
        sent += [Sent(each.event, late) for each, late in zip(events, lateness, strict=True)]
    found = [row["dest"] for now, log in arriving(sent, RUNS[1:3]) for row in run(log, "current", now)]
    assert ["connection, covered", "process, covered"] == sorted(map(str, found))


# By hand


OLD = pair("h", at("08:00:00", -3), at("09:00:00", -3), at("09:00:00"))


@pytest.fixture(scope="module")
def old() -> Recording:
    """A process of three days ago that connected then, and again today."""
    return recording([each.event for each in OLD])


@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        ("2025-06-13T08:00:00", "2025-06-13T10:00:00", ["2025-06-13T09:00:00"]),
        ("2025-06-13T08:00:00", "2025-06-17T00:00:00", ["2025-06-16T09:00:00"]),
        ("2025-06-13T08:00:01", "2025-06-17T00:00:00", []),
        ("2025-06-13T08:00:00", "2025-06-13T09:00:00", []),
        ("2025-06-13T08:00:00", "2025-06-13T09:00:01", ["2025-06-13T09:00:00"]),
    ],
    ids=["both", "days later", "from after the start", "up to the connection", "the second of the connection"],
)
def test_by_hand(old: Recording, earliest: str, latest: str, expected: list[str]) -> None:
    """The Hunt search reports every process that started in its range, with its connections of the range."""
    rows = search(HUNT, old, "current", FIRST_RUN + 7 * DAY, earliest, latest)
    assert expected == [row["lastTime"] for row in rows]


def test_over_all_time() -> None:
    """Over all time, which has no last hour, the scheduled search reports what the Hunt search does."""
    app = App(REPO)
    log = recording([each.event for each in (*OLD, *pair("new", FIRST_RUN + DAY, FIRST_RUN + DAY))])
    scheduled, hunt = (
        replay(log, app, app.saved_search(name).search, "current", now=FIRST_RUN).results.rows
        for name in (SCHEDULED, HUNT)
    )
    assert ["2025-06-16T09:00:00", "2025-06-17T10:00:00"] == sorted(str(row["lastTime"]) for row in scheduled)
    assert list(hunt) == list(scheduled)
