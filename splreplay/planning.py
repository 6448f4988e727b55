"""A search is planned once: expanded, parsed, and with the fields of the log that it reads. All that looks at a search takes its plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from splreplay import cim, parser
from splreplay.app import App
from splreplay.app.macros import Expansion
from splreplay.commands.bin import Bin
from splreplay.commands.convert import Convert
from splreplay.commands.dedup import Dedup
from splreplay.commands.eval import Eval
from splreplay.commands.fields import Fields
from splreplay.commands.head import Head
from splreplay.commands.regex import Regex
from splreplay.commands.rename import Rename
from splreplay.commands.rex import Rex
from splreplay.commands.savedsearch import SavedSearch
from splreplay.commands.search import Search
from splreplay.commands.sort import Sort
from splreplay.commands.stats import Stats
from splreplay.commands.table import Table_
from splreplay.commands.timechart import TimeChart
from splreplay.commands.where import Where
from splreplay.errors import SplError
from splreplay.logs.names import Wanted
from splreplay.run.command import Command, Pipeline, outputs, walk
from splreplay.spl.predicate import terms_of
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
        sources = [position.command for position in walk(self.pipeline) if position.first]
        if any(isinstance(source, Search | SavedSearch) for source in sources):
            return Wanted(
                cim.FIELDS,
                every=True,
                raw=any(_reads_raw(position.command) for position in walk(self.pipeline))
                or "_Xml" in self.expansion.text,
            )
        if self._reads is None:
            return Wanted(cim.FIELDS)
        described = cim.described(self.addon)
        asked = [(described[name], names) for name, names in self._reads if name in described]
        read = {own for dataset, names in asked for own in dataset.reads(names)}
        return Wanted(tuple(field for field in cim.FIELDS if field in read))

    @cached_property
    def naming(self) -> str | None:
        """The text that names every field of an event which can matter to its results; None where others may matter too."""
        named = all(
            isinstance(command, _BY_NAME) and (isinstance(command, Search) or "*" not in command.segment.source)
            for command in self.pipeline
        )
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


# These use fields that they name, and no others, unless they have a wildcard.
_BY_NAME = (Bin, Convert, Dedup, Eval, Fields, Head, Regex, Rename, Rex, Search, Sort, Stats, Table_, TimeChart, Where)


def _reads_raw(command: Command) -> bool:
    """Return whether a command may read the text of events; its tree shows its default field, too."""
    terms = isinstance(command, Search) and any(term.value != "*" for term in terms_of(command.predicate))
    return terms or isinstance(command, SavedSearch) or "_raw" in repr(command)


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
