"""A hunt on one page: plan, read, say what cannot be seen, run the rest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from splreplay import engine, interrupt, limits, resources
from splreplay.commands.collect import Collect
from splreplay.errors import SplError
from splreplay.hunt import settle
from splreplay.hunt.crew import Job, crew
from splreplay.hunt.files import files
from splreplay.hunt.outcome import LACKING, Outcome, Place, fired
from splreplay.hunt.select import Planned, datasets, unseen
from splreplay.logs.report import LoadReport
from splreplay.output import Results
from splreplay.planning import Plan
from splreplay.recording import Recording
from splreplay.run import Means
from splreplay.run.command import walk

# So much memory needs a process at least.
LEAST_BYTES = 50_000_000


@dataclass(frozen=True)
class Settled:
    """The events, as a process of the crew is told of them: see `settle`."""

    file: Path
    folder: Path
    report: LoadReport
    share: int


def hunt(
    detections: Sequence[Planned],
    addon: str,
    read: Callable[[Sequence[Plan]], Recording],
    means: Means,
    jobs: int,
    seconds: float = limits.SEARCH_S,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Recording, list[Outcome]]:
    """Return the recording, and the outcome of each detection, in their order.

    Args:
        detections: What to look for.
        addon: How Sysmon is mapped to the CIM.
        read: Reads the logs, with the values that some plans need.
        means: What the searches may use besides the logs.
        jobs: How many processes run them, at most: no more than there are searches, or than the memory is enough for.
        seconds: How long one of them may run.
        progress: Called with the number of searches that are done, and of all that are run.
    """
    able = [one.plan for one in detections if not one.plan.errors]
    jobs = max(1, min(jobs, len(able), resources.memory() // LEAST_BYTES))

    def begin(settled: Settled) -> Callable[[Job], Outcome]:
        folder = settled.folder / str(os.getpid())
        folder.mkdir()  # DuckDB makes the folder of what does not fit into the memory, but not those above it
        recording = settle.settled(settled.file, settled.report, addon, folder / "results", settled.share)
        return lambda place: run(detections[place], recording, means, folder / str(place), seconds)

    # The folder goes when no process writes into it any more.
    with interrupt.temporary_folder() as name, crew(jobs, begin) as workers:
        recording = read(able)
        outcomes = {place: outcome for place, one in enumerate(detections) if (outcome := unseen(one, recording))}
        left = [place for place in range(len(detections)) if place not in outcomes]
        folder = Path(name)
        settle.settle(recording, addon, datasets(able), folder / "events.duckdb")
        told = Settled(folder / "events.duckdb", folder, recording.report, jobs)
        for done, (place, outcome) in enumerate(workers.outcomes(told, left), start=1):
            outcomes[place] = outcome or Outcome(
                "failed", "the process that ran it died, as for want of memory or time"
            )
            progress(done, len(left))
    return recording, [outcomes[place] for place in range(len(detections))]


def run(one: Planned, recording: Recording, means: Means, folder: Path, seconds: float) -> Outcome:
    """Return the outcome of one detection over a recording; whatever goes wrong is its outcome.

    What it collects goes into *folder*. Its search is broken off after so many *seconds*.
    """
    started = time.monotonic()
    if any(isinstance(position.command, Collect) for position in walk(one.plan.pipeline)):
        means = replace(means, collect=folder)
    with interrupt.within(seconds) as over:
        try:
            outcome = _outcome(one, recording, means)
        except (KeyboardInterrupt, Exception) as error:  # a query that is broken off is the former
            if interrupt.asked():
                raise
            outcome = Outcome("failed", _too_long(seconds)) if over.is_set() else _wrong(error)
    return replace(outcome, seconds=time.monotonic() - started)


def _outcome(one: Planned, recording: Recording, means: Means) -> Outcome:
    results = engine.replay(one.plan, recording, means).results
    if results.hits:
        return fired(one.detection, results, _place(one, results, recording, means))
    if results.blind:
        blind = results.blind[0]
        return Outcome(LACKING[blind.lacks], blind.reason)
    return Outcome(results=results)


def _place(one: Planned, results: Results, recording: Recording, means: Means) -> Place:
    """Return the logs in which results lie; where that goes wrong it is any of them, and the detection has fired all the same."""
    try:
        return files(one.plan, results, recording, means)
    except (KeyboardInterrupt, Exception):  # a query that is broken off is the former
        if interrupt.asked():
            raise
        return Place([file.path for file in recording.report.files], known=False)


def _too_long(seconds: float) -> str:
    return f"it took longer than {seconds:g} s, and was broken off; --timeout gives it more"


def _wrong(error: BaseException) -> Outcome:
    match error:
        case SplError():
            return Outcome("not supported", error.message)
        case MemoryError():
            return Outcome("not supported", resources.exceeded(error).message)
    if refused := resources.refused(error):
        return Outcome("failed", refused.message)
    return Outcome("failed", f"replay made a mistake of its own: {type(error).__name__}: {error}")
