"""Run the commands of a search, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import duckdb

from splreplay import resources
from splreplay.errors import SplError, UnsupportedError
from splreplay.run import Run, Step
from splreplay.run.command import Command, Pipeline, Transform
from splreplay.run.stages import Table
from splreplay.spl.pipeline import Segment
from splreplay.sql import pcre


def execute(pipeline: Pipeline, run: Run) -> Table:
    """Return the results of a search."""
    source, *transforms = pipeline
    return transform(_step(source, lambda: source.start(run), run), transforms, run)


def transform(rows: Table, commands: Iterable[Transform], run: Run) -> Table:
    """Return the results after *commands*, each of which gets the results of the one before it."""
    for command in commands:
        rows = _step(command, lambda command=command, rows=rows: command.run(rows, run), run)  # type: ignore[misc]
    return rows


def nested(pipeline: Pipeline, run: Run) -> Table:
    """Return the results of a search inside another."""
    run.depth += 1
    rows = execute(pipeline, run)
    run.depth -= 1
    return rows


def subsearch(pipeline: Pipeline, maxout: int, what: str, run: Run) -> Table:
    """Return at most *maxout* results of a subsearch, with a notice if there were more."""
    rows = nested(pipeline, run)
    if rows.count <= maxout:
        return rows
    run.say(
        "limit",
        f"{what} kept {maxout:,} of {rows.count:,} rows of its subsearch; "
        f"{rows.count - maxout:,} were dropped without a trace, as Splunk's limit does",
    )
    return run.stages.first(rows, maxout)


def _step(command: Command, work: Callable[[], Table], run: Run) -> Table:
    outer, run.stages.statements = run.stages.statements, []
    place = len(run.steps)
    try:
        rows = work()
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise resources.exceeded(error, command.segment.span()) from error
    except duckdb.Error as error:
        raise _refused(command.segment, error) from error
    except SplError as error:
        error.place(command.segment.span())
        raise
    step = Step(run.depth, command.segment.source, repr(command), tuple(run.stages.statements), rows.count)
    run.steps.insert(place, step)  # before the steps of its subsearches
    run.stages.statements = outer
    return rows


def _refused(segment: Segment, error: duckdb.Error) -> UnsupportedError:
    """Return our error for one that DuckDB raised while *segment* ran."""
    reason = f"{segment.name} could not be run: {str(error).splitlines()[0]}"
    return pcre.refusal(error, segment.span()) or UnsupportedError(reason, span=segment.span())
