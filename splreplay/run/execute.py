"""Run the commands of a search, one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import duckdb

from splreplay import resources
from splreplay.errors import SplError, UnsupportedError, ValueLimitError
from splreplay.output import Blind
from splreplay.run import Run, Step
from splreplay.run.command import Command, Outputs, Pipeline, Transform
from splreplay.run.fields import ANY
from splreplay.run.stages import Table
from splreplay.spl.pipeline import Segment
from splreplay.spl.wildcards import matching
from splreplay.sql import pcre


def execute(pipeline: Pipeline, run: Run) -> Table:
    """Return the results of a search."""
    source, *transforms = pipeline
    return transform(_step(source, lambda: source.start(run), run), transforms, run, source.behind(ANY))


def shown(rows: Table, run: Run) -> Table:
    """Return the results of a whole search as they are shown: some of their fields in another form."""
    fields = {
        name: run.compiler(segment.cursor(), rows.field).stored(expression)
        for name, (segment, expression) in run.formats.items()
        if name in rows.columns
    }
    for name in run.formats.keys() - rows.columns.keys():
        run.warn(f"fieldformat changes nothing: at its end the search has no field {name}")
    return run.stages.with_fields(rows, fields) if fields else rows


def transform(rows: Table, commands: Iterable[Transform], run: Run, before: Outputs = ANY) -> Table:
    """Return the results after *commands*, each of which gets the results of the one before it.

    Args:
        rows: The results before them.
        commands: The commands.
        run: The run.
        before: The fields that results can have before them.
    """
    for command in commands:
        _say_lacking(command, rows, run, before)
        rows = _step(command, lambda command=command, rows=rows: command.run(rows, run), run)  # type: ignore[misc]
        before = command.behind(before)
    return rows


def _say_lacking(command: Transform, rows: Table, run: Run, before: Outputs) -> None:
    """Say once of each field that *command* reads that no result has it: the log does not, or what the search makes of it."""
    used = {name: matching(name, rows.columns) for name in command.uses(needed=True)}
    filled = (
        run.stages.filled(rows, {column for columns in used.values() for column in columns})
        if rows.count
        else set(used)
    )
    lacking = [
        name for name, columns in used.items() if filled.isdisjoint({*columns, name}) and name not in run.lacking
    ]
    run.lacking.update(lacking)
    unmade = [name for name in lacking if before.open and name not in before.names]
    if unmade:
        run.say(
            "blind",
            Blind(f"{', '.join(unmade)}, which {command.segment.name} reads", "no result has it"),
        )
    made = [name for name in lacking if name not in unmade]
    if made and command.segment.name != "rename":  # which then does nothing
        run.warn(f"no result has {', '.join(made)}, which {command.segment.name} reads")


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
        if run.stages.makes:
            raise
        run.errors.append(error)  # the commands behind it are tried too
        rows = Table("", {}, 0)
    step = Step(run.depth, command.segment.source, repr(command), tuple(run.stages.statements), rows.count)
    run.steps.insert(place, step)  # before the steps of its subsearches
    run.stages.statements = outer
    return rows


def _refused(segment: Segment, error: duckdb.Error) -> UnsupportedError:
    """Return our error for one that DuckDB raised while *segment* ran."""
    if words := re.search(rf"{ValueLimitError.__name__}: (.*)", str(error)):
        return UnsupportedError(words[1], span=segment.span())
    reason = f"{segment.name} could not be run: {str(error).splitlines()[0]}"
    return pcre.refusal(error, segment.span()) or UnsupportedError(reason, span=segment.span())
