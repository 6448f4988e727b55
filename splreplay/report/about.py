"""What was run: the search, the app, the options that change its results, and the logs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from splreplay import times
from splreplay.circumstances import circumstances, name_of
from splreplay.logs import FileReport
from splreplay.planning import Plan
from splreplay.recording import Recording
from splreplay.sql.values import storable

LOGS = 50  # shown
KINDS = 6  # of events, of each log


@dataclass(frozen=True)
class LogFile:
    """A log: its size in bytes (None for a pipe), its events, and the first and the last of them."""

    path: str
    size: int | None
    events: int
    kinds: str
    bad_events: int
    first: str
    last: str


@dataclass(frozen=True)
class About:
    """A run; `name` is "" for a search that is not saved, `first` and `last` are the times of the first and last event."""

    name: str
    search: str
    app: str
    options: Sequence[tuple[str, str]]
    logs: Sequence[LogFile]
    logs_left: int
    events: int
    first: float
    last: float
    warnings: Sequence[str]


def about(recording: Recording, plan: Plan, name: str = "") -> About:
    """Return what a report says about a run; *name* is that of the saved search, if there is one."""
    spans = {
        source: (first, last)
        for source, first, last in recording.connection.execute(
            "SELECT source, min(time), max(time) FROM event GROUP BY source"
        ).fetchall()
    }
    files = recording.report.files
    return About(
        name,
        plan.search,
        name_of(plan.app),
        circumstances(plan.app, plan.addon, plan.time),
        [_log(file, *spans[storable(file.path)]) for file in files[:LOGS]],
        len(files[LOGS:]),
        recording.report.events,
        min(first for first, _ in spans.values()),
        max(last for _, last in spans.values()),
        recording.report.warnings,
    )


def kinds(file: FileReport) -> str:
    """Return which events a log holds, and how many of each; the most frequent come first."""
    most = sorted(file.counts.items(), key=lambda item: (-item[1], item[0]))
    named = [
        f"{provider.removeprefix('Microsoft-Windows-')} {event_id} ({count:,})"
        for (provider, event_id), count in most[:KINDS]
    ]
    if more := sum(count for _, count in most[KINDS:]):
        named.append(f"others ({more:,})")
    return ", ".join(named)


def _log(file: FileReport, first: float, last: float) -> LogFile:
    size = os.path.getsize(file.path) if os.path.isfile(file.path) else None
    return LogFile(file.path, size, file.events, kinds(file), file.bad_events, times.utc(first), times.utc(last))
