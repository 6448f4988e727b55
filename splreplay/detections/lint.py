"""What is likely wrong with a detection that can run: each rule takes a command and its place, and yields findings."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from splreplay import cim, limits
from splreplay.commands.append import Append
from splreplay.commands.appendcols import AppendCols
from splreplay.commands.convert import Convert
from splreplay.commands.eventstats import EventStats
from splreplay.commands.fields import Fields
from splreplay.commands.join import Join
from splreplay.commands.map import Map
from splreplay.commands.multisearch import MultiSearch
from splreplay.commands.search import Search
from splreplay.commands.stats import Stats
from splreplay.commands.table import Table_
from splreplay.commands.tstats import Tstats
from splreplay.detections import tokens
from splreplay.detections.source import Detection
from splreplay.planning import Plan
from splreplay.problem import Problem
from splreplay.run.command import Command, Position, outputs, walk
from splreplay.run.fields import Outputs
from splreplay.spl.predicate import All, Any, Compare, OneOf, Predicate, Subsearch, Term, fields_of
from splreplay.spl.wildcards import matching

# Fields that select a kind of event, but no particular event of that kind.
_KINDS = (
    "index",
    "source",
    "sourcetype",
    "host",
    "eventtype",
    "tag",
    "nodename",
    "earliest",
    "latest",
    "EventCode",
    "EventID",
)
_PID = re.compile(r"(\w*_)?(process_?id|pid)", re.I)
# Fields that tstats takes beside those of a data model.
_BESIDE = ("_indextime", "earliest", "latest", "_index_earliest", "_index_latest", "nodename", "splunk_server")
_TIMES = {"firstTime": ("min", "earliest"), "lastTime": ("max", "latest")}


def lint(detection: Detection, plan: Plan) -> list[Problem]:
    """Return what is likely wrong with a detection, in the order of the file; *plan* is the plan of its search."""

    def at(offset: int, rule: str, message: str) -> Problem:
        return detection.problem(message, detection.search, plan.expansion.origin(offset), rule=rule)

    problems = []
    told: set[str] = set()
    for position in walk(plan.pipeline):
        start = position.command.segment.name_start
        problems += [at(start, rule, message) for check in RULES for rule, message in check(position)]
        unknown = {name: message for name, message in _unknown_fields(position) if name not in told}
        told.update(unknown)
        places = _places(position) if unknown else {}
        problems += [at(places.get(name, start), "unknown-field", message) for name, message in unknown.items()]
    problems += [*_fields(detection, outputs(plan.pipeline)), *detection.score_problems]
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column, problem.rule))


def _fields(detection: Detection, fields: Outputs) -> Iterator[Problem]:
    """Yield risk and threat objects, and message tokens, that no result can have."""
    for field in detection.risk_fields:
        if not fields.may_have(field.value):
            message = f"{field.value} is a risk or threat object, but the search outputs no such field"
            message += _meant(field.value, fields.names)
            yield detection.problem(message, field, rule="risk-field")
    for text in detection.messages:
        for name, offset in tokens.fields(text.value).items():
            if not fields.may_have(name):
                message = (
                    f"the message shows ${name}$, but the search outputs no such field{_meant(name, fields.names)}"
                )
                yield detection.problem(message, text, offset, rule="message-token")
        for name, offset in tokens.unclosed(text.value).items():
            message = f"${name} has no closing $, so the message shows it as it stands; write ${name}$"
            yield detection.problem(message, text, offset, rule="open-token")


def _places(position: Position) -> dict[str, int]:
    """Return where each word of a command first stands."""
    words = position.command.segment.cursor().tokens
    return {word.value: word.start for word in reversed(words) if word.kind in ("word", "quoted", "field")}


def _unknown_fields(position: Position) -> Iterator[tuple[str, str]]:
    """Yield the fields that a command reads and that no result before it can have, each with what is to be said of it."""
    command, before = position.command, position.before
    if isinstance(command, Tstats) and command.datamodel in cim.DATASETS:
        yield from _unknown_to_model(command)
    elif not position.first:
        for name in command.uses():
            absent = name not in before.names if "*" not in name else not matching(name, before.names)
            if absent and not before.open and not (name in _TIMES and _tells_times(command)):
                yield name, f"{name} is used, but no result has it here{_meant(name, before.names)}"


def _meant(name: str, known: Collection[str]) -> str:
    """Return what was probably meant by a field that results do not have: one that they have, under its name in a data model."""
    prefixed = sorted(other for other in known if other.endswith(f".{name}"))
    if prefixed:
        dataset = prefixed[0].removesuffix(f".{name}")
        return f": it is still called {prefixed[0]}; add `drop_dm_object_name({dataset})` before"
    if name.endswith(".*"):
        return f": no field of them begins with {name[:-1]}"
    quoted = sorted(other for other in known if other.startswith(f"{name}."))
    if quoted:
        return f"; a name with a dot needs single quotes in an expression, as in '{quoted[0]}'"
    return _nearest(name, {other.rpartition(".")[2]: other for other in sorted(known)})


def _nearest(name: str, known: Mapping[str, str]) -> str:
    """Return the question whether one of *known* was meant, by names in small letters or as they are; nothing if none is near."""
    folded = {other.lower(): full for other, full in known.items()}
    near = difflib.get_close_matches(name.rpartition(".")[2].lower(), folded, n=1)
    return f"; did you mean {folded[near[0]]}?" if near else ""


def _unknown_to_model(command: Tstats) -> Iterator[tuple[str, str]]:
    """Yield fields that tstats reads, but that the dataset has in no version of the CIM that replay knows."""
    dataset = command.datamodel.rpartition(".")[2]
    own = {name: f"{dataset}.{name}" for name in cim.DATASETS[command.datamodel]}
    known = {name: name for name in cim.EVENT_FIELDS} | own
    aggregated = [aggregate.field for aggregate in command.aggregates if aggregate.field is not None]
    for name in dict.fromkeys([*aggregated, *fields_of(command.predicate), *command.by]):
        if name not in _BESIDE and not matching(name, known.values()):
            yield name, f"{command.datamodel} has no field {name}{_nearest(name, known)}"


def _join_on_pid(position: Position) -> Iterator[tuple[str, str]]:
    command = position.command
    if isinstance(command, Join) and command.fields and all(map(_PID.fullmatch, command.fields)):
        keys = " ".join(command.fields)
        yield (
            "pid-join",
            f"join on {keys} alone also matches other hosts: PIDs are reused; add the host, or use the GUID",
        )


def _join_without_max(position: Position) -> Iterator[tuple[str, str]]:
    command = position.command
    if isinstance(command, Join):
        words = command.segment.cursor().tokens
        if not any(word.is_word("max") and behind.is_op("=") for word, behind in itertools.pairwise(words)):
            yield (
                "join-max",
                "join without max= keeps one match of each result and drops the others; write max=0 to keep all",
            )


def _join_without_key(position: Position) -> Iterator[tuple[str, str]]:
    if isinstance(position.command, Join):
        inside = outputs(position.command.subsearch)
        for name in position.command.fields:
            if not inside.may_have(name):
                yield "join-key", f"join on {name} matches nothing: its subsearch outputs no such field"


def _big_subsearch(position: Position) -> Iterator[tuple[str, str]]:
    if isinstance(position.command, Map | MultiSearch):  # they run their searches whole
        return
    for pipeline in position.command.searches:
        first = pipeline[0]
        if isinstance(first, Search | Tstats) and not _narrow(first.predicate):
            name = position.command.segment.name
            rows = (
                limits.JOIN_MAXOUT
                if isinstance(position.command, Join | Append | AppendCols)
                else limits.SUBSEARCH_MAXOUT
            )
            yield (
                "big-subsearch",
                f"{name} keeps {rows:,} rows of its subsearch, which asks for no particular value: the rest is lost "
                "without a word; put the rarer side into the subsearch",
            )


def _narrow(predicate: Predicate) -> bool:
    """Return whether a predicate asks for a particular value of some field."""
    match predicate:
        case Compare(name, "=", value):
            return name not in _KINDS and value.strip("*") != ""
        case OneOf(name):
            return name not in _KINDS
        case Term(value):
            return value != "*"
        case All(parts):
            return any(map(_narrow, parts))
        case Any(parts):
            return all(map(_narrow, parts))
    return isinstance(predicate, Subsearch)


def _tells_times(command: Command) -> bool:
    """Return whether `first-time` says what is wrong with the times that a command uses."""
    return isinstance(command, Convert | Table_ | Fields)


def _first_time(position: Position) -> Iterator[tuple[str, str]]:
    match position.command:
        case Convert() | Table_() | Fields():
            used = position.command.uses()
        case Stats(aggregates=aggregates) | EventStats(aggregates=aggregates) | Tstats(aggregates=aggregates):
            for aggregate in aggregates:
                name, function = aggregate.alias, aggregate.function
                if name in _TIMES and function not in _TIMES[name]:
                    yield "first-time", f"{name} is {function} here; write {_TIMES[name][0]}(_time) as {name}"
            return
        case _:
            return
    for name in used:
        if name in _TIMES and not position.before.may_have(name):
            yield "first-time", f"{name} is used, but nothing computes it; add {_TIMES[name][0]}(_time) as {name}"


RULES: tuple[Callable[[Position], Iterator[tuple[str, str]]], ...] = (
    _join_on_pid,
    _join_without_max,
    _join_without_key,
    _big_subsearch,
    _first_time,
)
