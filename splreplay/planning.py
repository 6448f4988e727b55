"""A search is planned once: expanded, parsed, and with the fields of the log that it reads. All that looks at a search takes its plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from splreplay import cim, parser
from splreplay.app import App
from splreplay.app.macros import Expansion
from splreplay.errors import SplError
from splreplay.logs.names import Wanted
from splreplay.run.command import Pipeline, outputs, walk
from splreplay.times import TimeRange


@dataclass(frozen=True)
class Plan:
    """A search as it is to be run.

    Attributes:
        app: Whose macros, lookups and commands it uses.
        search: Its text, macros and all.
        addon: How Sysmon is mapped to the CIM: current, cim5 or legacy.
        time: The time range, and the time of the run.
        expansion: The text with its macros expanded.
        pipeline: Its commands.
        errors: Why it cannot be run, in the order of the text; nothing where it can.
    """

    app: App
    search: str
    addon: str
    time: TimeRange
    expansion: Expansion
    pipeline: Pipeline
    errors: Sequence[SplError]

    @cached_property
    def fields(self) -> Wanted:
        """The values of events that it reads: every one where it searches events, and those of the data models where its text does
        not show which.
        """
        positions = list(walk(self.pipeline))
        if any(position.first and position.command.searches_events for position in positions):
            raw = any(position.command.reads_raw for position in positions) or "_Xml" in self.expansion.text
            return Wanted(cim.FIELDS, every=True, raw=raw)
        if self._reads is None:
            return Wanted(cim.FIELDS)
        described = cim.described(self.addon)
        asked = [(described[name], names) for name, names in self._reads if name in described]
        read = {own for dataset, names in asked for own in dataset.reads(names)}
        return Wanted(tuple(field for field in cim.FIELDS if field in read))

    @cached_property
    def naming(self) -> str | None:
        """The text that names every field of an event which can matter to its results; None where others may matter too."""
        named = all(command.names_all for command in self.pipeline)
        nested = any(command.searches for command in self.pipeline)
        return self.expansion.text if named and not nested and not outputs(self.pipeline).open else None

    @cached_property
    def shared(self) -> Mapping[str, set[str]]:
        """For each dataset that it reads more than once, the fields that it reads; empty where its text does not show them."""
        asked: dict[str, list[set[str]]] = {}
        for dataset, names in self._reads or ():
            asked.setdefault(dataset, []).append(names)
        return {dataset: {"_time"}.union(*names) for dataset, names in asked.items() if len(names) > 1}

    @cached_property
    def _reads(self) -> Sequence[tuple[str, set[str]]] | None:
        """The datasets that it reads, each with the fields that it needs; None where it may read any field."""
        reads: list[tuple[str, set[str]]] = []
        for position in walk(self.pipeline):
            read = position.command.reads(position.first)
            if read is None:
                return None
            reads += read.items()
        return reads


def fields(plans: Iterable[Plan]) -> Wanted:
    """Return the values of events that some plans read together."""
    return reduce(or_, (planned.fields for planned in plans), Wanted())


def plan(app: App, search: str, addon: str = "current", time: TimeRange | None = None) -> Plan:
    """Return the plan of a search; SplError, the first of its errors, if it cannot be run.

    Args:
        app: Whose macros, lookups and commands the search uses.
        search: SPL, macros and all.
        addon: How Sysmon is mapped to the CIM: current, cim5 or legacy.
        time: The time range, and the time of the run; by default all time, and the clock's.
    """
    planned = outline(app, search, addon, time)
    if planned.errors:
        raise planned.errors[0]
    return planned


def outline(app: App, search: str, addon: str = "current", time: TimeRange | None = None) -> Plan:
    """Return the plan of any search, with every error that keeps it from being run."""
    custom = dict.fromkeys(app.commands)
    expansion, errors = Expansion("", ((0, 0, True),)), []
    try:
        expansion = app.expansion(search)
    except SplError as error:
        errors.append(error)

    def read(text: str) -> Pipeline:
        return parser.parse(app.expansion(text).text, custom, read)

    pipeline, wrong = parser.outline(expansion.text, custom, read)
    return Plan(app, search, addon, time or TimeRange.of(), expansion, pipeline, errors or wrong)
