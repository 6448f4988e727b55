"""A replay from the log to the results, on one page."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from splreplay import cim, interrupt, resources
from splreplay.cim.blind import blind_spots, outside
from splreplay.errors import SplError, UnsupportedError
from splreplay.output import Notice, Results
from splreplay.planning import Plan
from splreplay.recording import Recording
from splreplay.run import Means, Models, Run, Step, events
from splreplay.run.command import walk
from splreplay.run.execute import execute, shown
from splreplay.run.stages import Compiled, Stages
from splreplay.sql import pcre


@dataclass(frozen=True)
class Replayed:
    """A search that was run: its plan, its results, and what each command did."""

    plan: Plan
    results: Results
    steps: Sequence[Step] = field(default_factory=tuple)


def replay(plan: Plan, recording: Recording, means: Means | None = None) -> Replayed:
    """Run a search over a recording; SplError, in words for the user, for whatever is wrong with the search or the logs."""
    for error in plan.errors:
        raise error
    try:
        return _replay(plan, recording, means or Means())
    except RecursionError as error:
        raise UnsupportedError("the search nests deeper than replay reads") from error
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise resources.exceeded(error) from error


def _replay(plan: Plan, recording: Recording, means: Means) -> Replayed:
    pcre.begin()
    # What the stages hold is given back at once: a run refers to itself, and would keep it until Python looks for such.
    with closing(interrupt.stoppable(recording.connection.cursor())) as connection:
        run = _run(plan, recording, Stages(connection), recording.datasets(plan.addon), means)
        with run.ending, run.failing:
            for command in plan.pipeline:
                command.prepare(run)
            rows = shown(execute(plan.pipeline, run), run)
            run.failing.pop_all()  # it has not failed
        results = run.stages.fetch(rows)
        for spot in blind_spots(connection, recording.facts, run.models.datasets, run.models.decided_by):
            run.say(spot.kind, spot.said)
    if not results:
        for blind in outside(recording.facts, plan.time.earliest, plan.time.latest):
            run.say("blind", blind)
    if run.lacking:
        made = {name for position in walk(plan.pipeline) for name in position.before.names}
        run.note_case(run.lacking, made | (events.fields(run).keys() if plan.fields.every else set()))
    # Blind spots come last, because they explain the results.
    notices = sorted(run.notices, key=lambda notice: notice.kind.endswith("blind"))
    return Replayed(plan, Results(list(rows.columns), results, notices), run.steps)


def _run(plan: Plan, recording: Recording, stages: Stages, datasets: Mapping[str, cim.Dataset], means: Means) -> Run:
    return Run(
        stages,
        plan.app,
        plan.time,
        recording.facts,
        Models(dict(datasets), plan.shared),
        means,
        addon=plan.addon,
        raw=plan.fields.raw,
        naming=plan.naming,
    )


def trial(plan: Plan, recording: Recording) -> tuple[list[SplError], list[Notice]]:
    """Compile every command of a search, run none, and return all that keeps it from being run, and the notices.

    Args:
        plan: The search.
        recording: A recording without events.
    """
    # What a search writes goes nowhere, because there is nothing to write.
    nowhere = Path(os.devnull)
    means = Means(None, nowhere, lookups=nowhere)
    run = _run(plan, recording, Compiled(recording.connection), cim.described(plan.addon), means)
    try:
        execute(plan.pipeline, run)
    except RecursionError:
        run.errors.append(UnsupportedError("the search nests deeper than replay reads"))
    return [*plan.errors, *run.errors], run.notices


def app_folder() -> Path:
    """Return the app that this checkout is."""
    return Path(__file__).resolve().parent.parent
