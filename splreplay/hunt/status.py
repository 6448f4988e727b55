"""The exit status of a hunt: grep's, or that of --fail-on; where nothing could be seen it is neither a yes nor a no."""

from __future__ import annotations

from collections.abc import Sequence

from splreplay.detections.source import Detection
from splreplay.errors import UsageError
from splreplay.hunt.case import WEIGHTS
from splreplay.hunt.outcome import Outcome

FIRED, QUIET = 0, 1
FAILED, PASSED = 1, 0  # with --fail-on
BLIND = 2  # as where every test was skipped

Hunted = Sequence[tuple[Detection, Outcome]]


def refuse_unknown(fail_on: Sequence[str], detections: Sequence[Detection]) -> None:
    """Raise UsageError for a type that is none, and that no detection has: no hunt would ever fail for it."""
    here = sorted({detection.kind for detection in detections if detection.kind})
    known = {kind.lower() for kind in (*here, *WEIGHTS)}
    for name in fail_on:
        if not _is_score(name) and name.lower() not in known:
            raise UsageError(
                f"--fail-on {name}: no detection is of this type", f"theirs are: {', '.join(here) or 'none'}"
            )


def status(hunted: Hunted, fail_on: Sequence[str], of_logs: int) -> tuple[int, list[str]]:
    """Return the exit status, and why, in words for standard error where it is no plain one.

    Args:
        hunted: The detections, and what came of them.
        fail_on: The types and scores for which the hunt is to fail; nothing where it answers as grep does.
        of_logs: The status of the logs, which counts where nothing that fails the hunt fired.
    """
    if not fail_on:
        if _all_blind(hunted):
            return BLIND, [_unseen(hunted)]
        return of_logs or (FIRED if any(outcome.count for _, outcome in hunted) else QUIET), []
    chosen = [(detection, outcome) for detection, outcome in hunted if _is_named(detection, fail_on)]
    if _all_blind(chosen):
        return BLIND, [f"--fail-on: {_unseen(chosen)}"]
    said = [f"--fail-on: {detection.name} fired" for detection, outcome in chosen if outcome.count]
    ended = FAILED if said else of_logs or PASSED
    if not chosen:
        said.append(
            "--fail-on: none of the detections is of such a type, or has such a score, so none can fail this hunt"
        )
    elif unseen := _unseen(chosen):
        said.append(f"--fail-on: {unseen}")
    return ended, said


def _all_blind(hunted: Hunted) -> bool:
    return bool(hunted) and all(outcome.category for _, outcome in hunted)


def _unseen(hunted: Hunted) -> str:
    """Return how many detections could find nothing; "" where all could."""
    blind = sum(outcome.category is not None for _, outcome in hunted)
    said = f"{blind:,} of {len(hunted):,} detections could find nothing in these logs, and the case says why"
    return "" if not blind else f"nothing could be seen: {said}" if blind == len(hunted) else said


def _is_score(name: str) -> bool:
    return name.replace(".", "", 1).isdigit()


def _is_named(detection: Detection, fail_on: Sequence[str]) -> bool:
    """Return whether a detection is of a type that is named, or has the score or a higher one."""
    return any(
        detection.score >= float(name) if _is_score(name) else detection.kind.lower() == name.lower()
        for name in fail_on
    )
