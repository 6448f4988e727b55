"""What a search asks for that no log which replay reads can hold: it runs, and never finds anything.

Nothing is said where a log might hold it: Windows records events of any id, with any fields of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from splreplay import cim
from splreplay.cim.mapping import EVENTTYPES, INDEX, SOURCETYPE
from splreplay.commands.append import Append
from splreplay.commands.appendcols import AppendCols
from splreplay.commands.datamodel import DataModel
from splreplay.commands.join import Join
from splreplay.commands.map import Map
from splreplay.commands.multisearch import MultiSearch
from splreplay.commands.search import Search
from splreplay.commands.tstats import Tstats
from splreplay.commands.union import Union
from splreplay.run.command import Pipeline, Source
from splreplay.spl.predicate import Unmet, unmet

# All that an event of a Windows log can have in these fields; what `collect` wrote is no log.
EVENT_VALUES = {
    "index": (INDEX,),
    "source": (f"{SOURCETYPE}:*",),
    "sourcetype": (SOURCETYPE,),
    "eventtype": tuple(f"wineventlog_{channel}" for channel in EVENTTYPES),
    "tag": (),
}
# What the CIM puts into a field that an event does not fill, and `fillnull_value` in the macros of security_content.
_FILLERS = ("unknown", "[unknown]", "0", "null")


@dataclass(frozen=True)
class NoModel:
    """A data model that no event is in."""

    name: str

    def __str__(self) -> str:
        """Return it in words."""
        return f"the data model {self.name}"


# What a search needs, and does not find.
Missing = Unmet | NoModel


def unfilled(pipeline: Pipeline, addon: str) -> Sequence[Missing]:
    """Return what a search needs and no log fills; nothing if it may find something."""

    def of_source(source: Source) -> Sequence[Missing]:
        match source:
            case Search():
                return unmet(source.predicate, EVENT_VALUES.get)
            case Tstats():
                return _of_model(source, addon)
            case DataModel():
                dataset = cim.described(addon).get(source.name)
                return [NoModel(source.name)] if dataset is not None and not dataset.fill else []
        return []

    return needed(pipeline, of_source)


def needed(pipeline: Pipeline, of_source: Callable[[Source], Sequence[Missing]]) -> Sequence[Missing]:
    """Return what keeps a search from ever having a result, given what keeps its sources; nothing if it may have one."""

    def of_all(searches: Iterable[Pipeline]) -> Sequence[Missing]:
        of_each = [needed(search, of_source) for search in searches]
        return [what for part in of_each for what in part] if all(of_each) else []

    source, *others = pipeline
    missing = of_all(source.searches) if isinstance(source, MultiSearch | Union) else of_source(source)
    for command in others:
        match command:
            case Append() | AppendCols() | Union():
                missing = missing and [*missing, *more] if (more := of_all(command.searches)) else []
            case Join(type="inner"):
                missing = [*missing, *needed(command.subsearch, of_source)]
            case Join() | Map() | Search():
                pass
            case _ if command.searches or command.inside or isinstance(command, Source):  # it may add results
                missing = []
    return list(dict.fromkeys(missing))


def _of_model(command: Tstats, addon: str) -> Sequence[Missing]:
    dataset = cim.described(addon).get(command.datamodel)
    if dataset is None:  # it cannot be run
        return []
    if not dataset.fill:
        return [NoModel(command.datamodel)]
    prefix = f"{command.datamodel.rpartition('.')[2]}."
    filled = {name for mapping in dataset.fill for name, sql in mapping.fields.items() if not sql.startswith("NULL")}

    def values(name: str) -> Sequence[str] | None:
        """Return the only values that a field can have; None for any."""
        if name in EVENT_VALUES:
            return EVENT_VALUES[name]
        column = dataset.columns.get(name.removeprefix(prefix))
        if column is None and name.startswith(prefix):
            return ()
        if name in cim.EVENT_FIELDS or column is None or filled & set(re.findall(r"\w+", column)):
            return None
        return () if _as_extracted(column) else _FILLERS

    missing = unmet(command.predicate, values)
    if command.fillnull_value is None:
        missing += [Unmet(name) for name in command.by if values(name) == ()]
    return missing


def _as_extracted(column: str) -> bool:
    """Return whether the CIM takes a field as the add-on extracts it, and puts nothing where it does not."""
    return re.fullmatch(r'"?\w+"?', column) is not None
