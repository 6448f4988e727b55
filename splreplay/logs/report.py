"""What was read, in each file and in all: how many events of each kind, and which events could not be read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

EventKind = tuple[str, int]  # (provider, event id)

# So many bad events of a file are listed one by one.
LISTED = 20
# So many files are named of which the same is said.
NAMED = 3


@dataclass(frozen=True)
class BadEvent:
    """One event that was skipped.

    Args:
        place: Where in the file: "offset 4096" (bytes of the uncompressed text as UTF-8), "line 3" or "record 12".
        reason: What is wrong with it.
    """

    place: str
    reason: str


# Stands for a bad event that is counted but not listed.
UNLISTED = BadEvent("", "")


@dataclass
class BadEvents:
    """Bad events in the order of the log: how many, and the first of them.

    Args:
        count: How many there are.
        listed: The first LISTED of them.
    """

    count: int = 0
    listed: list[BadEvent] = field(default_factory=list)

    def add(self, bad: BadEvent) -> None:
        """Add one."""
        self.count += 1
        if len(self.listed) < LISTED:
            self.listed.append(bad)

    def extend(self, more: BadEvents) -> None:
        """Add those that follow."""
        self.count += more.count
        self.listed += more.listed[: LISTED - len(self.listed)]


@dataclass(frozen=True)
class FileReport:
    """What was read of one file; `bad` lists only the first bad events, `bad_events` counts all of them.

    `warning` is any other message, or "".
    """

    path: str
    kind: str
    counts: Mapping[EventKind, int]
    bad_events: int
    bad: tuple[BadEvent, ...]
    warning: str = ""

    @property
    def events(self) -> int:
        """How many events were kept."""
        return sum(self.counts.values())

    @property
    def skipped(self) -> list[str]:
        """A message for each listed bad event."""
        lines = [f"{self.path}, {bad.place}: {bad.reason}; skipped" for bad in self.bad]
        unlisted = self.bad_events - len(self.bad)
        return [*lines, f"{self.path}: {unlisted:,} more bad events were skipped"] if unlisted else lines

    def as_json(self) -> str:
        """Return the report as text; from_json reads it."""
        counts = [[provider, event_id, count] for (provider, event_id), count in self.counts.items()]
        bad = [[bad.place, bad.reason] for bad in self.bad]
        return json.dumps([self.path, self.kind, counts, self.bad_events, bad, self.warning])

    @classmethod
    def from_json(cls, text: str) -> FileReport:
        """Return the report that as_json wrote; raises ValueError or TypeError for any other text."""
        path, kind, counts, bad_events, bad, warning = json.loads(text)
        kinds = {(str(provider), int(event_id)): int(count) for provider, event_id, count in counts}
        listed = tuple(BadEvent(str(place), str(reason)) for place, reason in bad)
        return cls(str(path), str(kind), kinds, int(bad_events), listed, str(warning))


class Passed(NamedTuple):
    """A file that was passed over, as it is empty, unreadable or no event log, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class LoadReport:
    """What was read of all files, in the order of the call, and the files that were passed over."""

    files: tuple[FileReport, ...]
    passed: tuple[Passed, ...] = ()

    @property
    def events(self) -> int:
        """How many events were kept, in all files."""
        return sum(file.events for file in self.files)

    @property
    def bad_events(self) -> int:
        """How many events were skipped, in all files."""
        return sum(file.bad_events for file in self.files)

    @property
    def warnings(self) -> list[str]:
        """The messages about all files."""
        lines = [f"{path}: {reason}; passed over" for path, reason in self.passed[:LISTED]]
        unlisted = len(self.passed) - len(lines)
        more = [f"{unlisted:,} more files were passed over"] if unlisted else []
        return [*lines, *more, *self.of_read]

    @property
    def of_read(self) -> list[str]:
        """The messages about the files that were read: what is said of several is said once, as of many logs of one clock."""
        said: dict[str, list[str]] = {}
        for file in self.files:
            if file.warning:
                said.setdefault(file.warning, []).append(file.path)
        lines = [f"{_named(paths)}: {warning}" for warning, paths in said.items()]
        return [*lines, *(line for file in self.files for line in file.skipped)]

    @property
    def counts(self) -> Mapping[EventKind, int]:
        """How many events of each kind were kept, in all files."""
        total: Counter[EventKind] = Counter()
        for file in self.files:
            total.update(file.counts)
        return total


def _named(paths: Sequence[str]) -> str:
    more = len(paths) - NAMED
    return ", ".join(paths[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
