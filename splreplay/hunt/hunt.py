"""A hunt on one page: plan, read, say what cannot be seen, run the rest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from splreplay import engine, interrupt
from splreplay.commands.collect import Collect
from splreplay.errors import SplError
from splreplay.hunt import settle
from splreplay.hunt.crew import Job, crew
from splreplay.hunt.files import files
from splreplay.hunt.outcome import Outcome, fired
from splreplay.hunt.select import Planned, datasets, unseen
from splreplay.logs.report import LoadReport
from splreplay.planning import Plan
from splreplay.recording import Recording
from splreplay.run import Means
from splreplay.run.command import walk


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
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Recording, list[Outcome]]:
    """Return the recording, and the outcome of each detection, in their order.

    Args:
        detections: What to look for.
        addon: How Sysmon is mapped to the CIM.
        read: Reads the logs, with the values that some plans need.
        means: What the searches may use besides the logs.
        jobs: How many processes run them.
        progress: Called with the number of searches that are done, and of all that are run.
    """
    able = [one.plan for one in detections if not one.plan.errors]

    def begin(settled: Settled) -> Callable[[Job], Outcome]:
        folder = settled.folder / str(os.getpid())
        recording = settle.settled(settled.file, settled.report, addon, folder / "results", settled.share)
        return lambda place: run(detections[place], recording, means, folder / str(place))

    with crew(jobs, begin) as workers, interrupt.temporary_folder() as name:
        recording = read(able)
        outcomes = {place: outcome for place, one in enumerate(detections) if (outcome := unseen(one, recording))}
        left = [place for place in range(len(detections)) if place not in outcomes]
        folder = Path(name)
        settle.settle(recording, addon, datasets(able), folder / "events.duckdb")
        told = Settled(folder / "events.duckdb", folder, recording.report, jobs)
        for done, (place, outcome) in enumerate(workers.outcomes(told, left), start=1):
            outcomes[place] = outcome or Outcome("failed", "the process that ran it died")
            progress(done, len(left))
    return recording, [outcomes[place] for place in range(len(detections))]


def run(one: Planned, recording: Recording, means: Means, folder: Path) -> Outcome:
    """Return the outcome of one detection over a recording; whatever goes wrong is its outcome.

    What it collects goes into *folder*.
    """
    started = time.monotonic()
    if any(isinstance(position.command, Collect) for position in walk(one.plan.pipeline)):
        means = replace(means, collect=folder)
    try:
        results = engine.replay(one.plan, recording, means).results
        if results.hits:
            outcome = fired(one.detection, results, files(one.plan, results, recording, means))
        elif blind := results.of_kind("blind"):
            outside = blind[0].startswith("no event of this log is in the time range")
            outcome = Outcome(
                "no such event" if outside else "no such field", blind[0].removeprefix("this search is blind in ")
            )
        else:
            outcome = Outcome()
    except SplError as error:
        outcome = Outcome("not supported", error.message)
    except Exception as error:
        outcome = Outcome("failed", f"replay made a mistake of its own: {type(error).__name__}: {error}")
    return replace(outcome, seconds=time.monotonic() - started)
