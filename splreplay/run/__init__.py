"""One run of a search: what its commands share."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from splreplay.app import App
from splreplay.app.lookups import LookupTable
from splreplay.cim import Dataset
from splreplay.cim.blind import Deciding
from splreplay.errors import SplError
from splreplay.logs.facts import Facts
from splreplay.output import Blind, Notice, NoticeKind
from splreplay.run import chunked
from splreplay.run.stages import Stages
from splreplay.spl.expression import Expression
from splreplay.spl.names import in_other_case
from splreplay.spl.pipeline import Segment
from splreplay.spl.predicate import Predicate
from splreplay.spl.tokens import Cursor
from splreplay.sql import functions
from splreplay.sql.expressions import Compiler, FieldLookup
from splreplay.times import TimeRange


@dataclass(frozen=True)
class Means:
    """What a run may use besides the log.

    Args:
        python: The interpreter that runs custom commands. With None these leave the results as they are, which is enough
            to try a search without events.
        collect: The folder of the summary indexes, or None where nothing may be written.
        commands: Whether the app's custom commands may run; they are its authors' code.
        lookups: The folder that outputlookup writes into, and whose lookups go before the app's; None where it may not write.
        geoip: The database of addresses that iplocation looks into.
    """

    python: str | None = sys.executable
    collect: Path | None = None
    commands: bool = True
    lookups: Path | None = None
    geoip: Path | None = None


@dataclass
class Models:
    """The data models that a search reads.

    Args:
        datasets: The datasets, by name ("Endpoint.Processes").
        shared: The datasets that the search reads more than once, and the fields that it reads of each.
        decided_by: The datasets that were read, with the fields that decided which of their rows count.
    """

    datasets: dict[str, Dataset] = field(default_factory=dict)
    shared: Mapping[str, Collection[str]] = field(default_factory=dict)
    decided_by: dict[str, Deciding] = field(default_factory=dict)

    def decides(self, dataset: str, tested: Iterable[str], grouped: Iterable[str], predicate: Predicate) -> None:
        """Note that a command read *dataset*, tested some of its fields by *predicate*, and dropped rows that lack others."""
        deciding = self.decided_by.setdefault(dataset, Deciding())
        deciding.tested.update(tested)
        deciding.grouped.update(grouped)
        deciding.predicates.append(predicate)


@dataclass(frozen=True)
class Step:
    """What one command did, for --explain."""

    depth: int
    source: str
    node: str
    statements: tuple[str, ...]
    rows: int


@dataclass
class Run:
    """Everything that the commands of one run share.

    Args:
        stages: The results between the commands, and the events of the log.
        app: Whose macros, saved searches, lookups and commands are used.
        time: The time range, and the time of the run.
        facts: What is known of the events of the log.
        models: The data models.
        means: What the run may use beside the log.
        notices: The messages about the run.
        steps: What its commands did.
        lacking: The fields of which it was said that no result has them.
        errors: Why commands cannot be run, where none is.
        depth: How many searches are around the one that runs.
        started: The processes of custom commands that were started before their turn, by the command's id().
        failing: What is undone if the run fails: files that it wrote are removed.
        ending: What ends with the run: the processes of custom commands.
        addon: How Sysmon is mapped.
        raw: Whether events have their text.
        naming: A text that names every field of events which can matter; None where all may.
        formats: The form in which a field is shown at the end, with the command that gave it.
    """

    stages: Stages
    app: App
    time: TimeRange
    facts: Facts
    models: Models = field(default_factory=Models)
    means: Means = field(default_factory=Means)
    notices: list[Notice] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    lacking: set[str] = field(default_factory=set)
    errors: list[SplError] = field(default_factory=list)
    depth: int = 0
    started: dict[int, chunked.Command] = field(default_factory=dict)
    failing: ExitStack = field(default_factory=ExitStack)
    ending: ExitStack = field(default_factory=ExitStack)
    addon: str = "current"
    raw: bool = True
    naming: str | None = None
    formats: dict[str, tuple[Segment, Expression]] = field(default_factory=dict)

    def say(self, kind: NoticeKind, said: str | Blind) -> None:
        """Add a notice, once."""
        if (notice := Notice(kind, said)) not in self.notices:
            self.notices.append(notice)

    def note_case(self, missing: Iterable[str], known: Collection[str]) -> None:
        """Add a note for each field that is *missing*, where one that is *known* has the same name but for its case."""
        for text in in_other_case(missing, known):
            self.say("note", text)

    def compiler(self, cursor: Cursor, field: FieldLookup) -> Compiler:
        """Return a compiler of eval expressions; *cursor* is that of their command, *field* gives the SQL of a field."""
        return Compiler(cursor, field, self.time.now, self.warn, functions.call)

    def lookup(self, name: str) -> LookupTable:
        """Return a lookup: one that outputlookup wrote, or else the app's."""
        return self.app.lookup(name, self.means.lookups)

    def warn(self, text: str) -> None:
        """Add a notice that the results may be other than they seem."""
        self.say("doubt", text)
