"""Make predicates ready to run: subsearches are replaced by their results, and time modifiers are taken out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from splreplay import limits, times
from splreplay.errors import SplSyntaxError, UnsupportedError
from splreplay.run import Run
from splreplay.run.command import Pipeline
from splreplay.run.execute import subsearch
from splreplay.spl.predicate import All, Any, Compare, Not, OneOf, Predicate, Subsearch, Term, parse_text
from splreplay.sql.predicates import FieldLookup, predicate_sql
from splreplay.sql.values import Value, identifier, number

TIME_MODIFIERS = ("earliest", "latest")
# The arguments of format: row and column prefix, column separator and end, row separator and end.
PARTS = ("(", "(", "AND", ")", "OR", ")")


def time_range(run: Run, column: str, modifiers: Mapping[str, float]) -> str:
    """Return SQL for the time range of a search that reads events: earliest inclusive, latest exclusive.

    The search's own time modifiers replace the range of the run. With earliest alone, latest is now (Search Reference,
    "Time modifiers").

    Raises:
        UnsupportedError: For latest= alone: the documents do not say where the range then starts.
    """
    earliest, latest = run.time.earliest, run.time.latest
    if modifiers:
        if "earliest" not in modifiers:
            raise UnsupportedError("replay does not guess where latest= alone starts; write earliest= beside it")
        earliest, latest = modifiers["earliest"], modifiers.get("latest", run.time.now)
    tests = [f"{identifier(column)} >= {number(earliest)}"] if earliest is not None else []
    tests += [f"{identifier(column)} < {number(latest)}"] if latest is not None else []
    return " AND ".join(tests) or "true"


def predicate_test(predicate: Predicate, field: FieldLookup, run: Run, term: Callable[[Term], str]) -> str:
    """Return the SQL of *predicate* on results; its time modifiers test their `_time`."""
    resolved, modifiers = resolve(predicate, run)
    return predicate_sql(All((resolved, *_time_tests(modifiers))), field, term)


def _time_tests(modifiers: Mapping[str, float]) -> list[Predicate]:
    return [Compare("_time", ">=" if name == "earliest" else "<", repr(epoch)) for name, epoch in modifiers.items()]


def resolve(predicate: Predicate, run: Run) -> tuple[Predicate, dict[str, float]]:
    """Return *predicate* with its subsearches replaced by their results, as in Splunk, and its time modifiers apart.

    A subsearch may give time modifiers too. They test no event but set what the search reads, so they must stand beside the
    other terms, not behind NOT or OR.

    Raises:
        SplSyntaxError: For a time modifier whose value is not a time.
        UnsupportedError: For one that stands elsewhere, stands twice, or has another operator than `=`.
    """
    modifiers: dict[str, float] = {}

    def walk(part: Predicate, beside: bool) -> Predicate:
        match part:
            case Subsearch():
                return walk(_results(part, run), beside)
            case Compare(name, op, value) if name in TIME_MODIFIERS:
                if not beside:
                    raise UnsupportedError(
                        "replay reads earliest= and latest= beside the other terms, not behind NOT or OR"
                    )
                if op != "=":
                    raise UnsupportedError(f"replay reads {name}=, not {name}{op}{value}")
                if name in modifiers:
                    raise UnsupportedError(f"replay reads one {name}= in a search, not {name}{op}{value} beside it")
                modifiers[name] = _epoch(name, value, run)
                return All(())
            case OneOf(name) if name in TIME_MODIFIERS:
                raise UnsupportedError(f"replay reads {name}=, not {name} IN (…)")
            case All(parts):
                return All(tuple(walk(inner, beside) for inner in parts))
            case Any(parts):
                return Any(tuple(walk(inner, False) for inner in parts))
            case Not(inner):
                return Not(walk(inner, False))
            case _:
                return part

    return walk(predicate, True), modifiers


def _epoch(name: str, value: str, run: Run) -> float:
    epoch = times.time_argument(value, run.time.now)
    if epoch is None:
        raise SplSyntaxError(f"{name}={value} is not a time; write for example {name}=-24h@h")
    return epoch


def _results(part: Subsearch, run: Run) -> Predicate:
    """Return the results of a subsearch as the predicate that Splunk's implicit `format` makes of them.

    The value of a field `search` or `query` becomes text of the search (Search Manual, "Change the format of subsearch results").
    """
    rows = subsearch(_pipeline(part), limits.SUBSEARCH_MAXOUT, "a subsearch in a search clause", run)
    results = run.stages.fetch(rows)
    texts = [value for row in results for name in ("search", "query") if isinstance(value := row.get(name), str)]
    if not {"search", "query"} & set(rows.columns):
        texts = [formatted(results)]
    if not texts:
        return Not(All(()))
    return parse_text(" ".join(texts))


def subsearches(predicate: Predicate) -> tuple[Pipeline, ...]:
    """Return the searches inside a predicate."""

    def walk(part: Predicate) -> Iterator[Pipeline]:
        match part:
            case Subsearch():
                yield _pipeline(part)
            case Not():
                yield from walk(part.part)
            case All() | Any():
                for inner in part.parts:
                    yield from walk(inner)

    return tuple(walk(predicate))


def _pipeline(part: Subsearch) -> Pipeline:
    return cast(Pipeline, part.pipeline)  # the language knows no commands


def formatted(
    results: Sequence[Mapping[str, Value]],
    parts: Sequence[str] = PARTS,
    mvsep: str = "OR",
    emptystr: str = "NOT ()",
) -> str:
    """Return results as the text of a predicate, without the fields whose names start with `_`."""

    row_prefix, column_prefix, column_separator, column_end, row_separator, row_end = parts
    rows: list[str] = []
    for row in results:
        tests = [compared(name, value, mvsep) for name, value in row.items() if not name.startswith("_")]
        if tests:
            rows.append(f"{column_prefix} {f' {column_separator} '.join(tests)} {column_end}")
    if not rows:
        return emptystr
    return f"{row_prefix} {f' {row_separator} '.join(rows)} {row_end}"


def compared(name: str, value: Value, mvsep: str = "OR") -> str:
    """Return the text of a test that a field has a value, or one of several."""
    if isinstance(value, list):
        return f"( {f' {mvsep} '.join(compared(name, part, mvsep) for part in value)} )"
    return f"{_name(name)}={_quote(value)}"


def _quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _name(name: str) -> str:
    return name if re.fullmatch(r"[\w.:{}@-]+", name) else _quote(name)
