"""The logs of a case, and how many detections fired in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from splreplay.hunt.case import Case
from splreplay.report import text
from splreplay.report.about import LOGS, kinds


@dataclass(frozen=True)
class Log:
    """A log: its format, its events by kind, how many were bad, how many detections fired in it, and what is said of it, or ""."""

    path: str
    format: str
    kinds: str
    events: int
    bad_events: int
    fired: int
    warning: str


@dataclass(frozen=True)
class Logs:
    """The logs that are listed, those that were passed over and why, and how many more of both there are."""

    read: Sequence[Log]
    read_left: int
    passed: Sequence[tuple[str, str]]
    passed_left: int

    @classmethod
    def of(cls, case: Case) -> Logs:
        """Return the logs of a case."""
        places = [finding.outcome.place for finding in case.findings]
        fired = Counter(path for place in places if place.known for path in set(place.files))
        files, passed = case.report.files, case.report.passed
        return cls(
            [
                Log(
                    text.brief(file.path),
                    file.kind,
                    kinds(file),
                    file.events,
                    file.bad_events,
                    fired[file.path],
                    text.brief(file.warning),
                )
                for file in files[:LOGS]
            ],
            len(files[LOGS:]),
            [(text.brief(path), text.brief(reason)) for path, reason in passed[:LOGS]],
            len(passed[LOGS:]),
        )
