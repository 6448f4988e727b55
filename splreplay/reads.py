"""Which fields of a log's events searches read, told from their text alone, so that readers keep no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from splreplay import cim
from splreplay.commands import Pipeline
from splreplay.commands.foreach import ForEach
from splreplay.commands.format import Format
from splreplay.commands.savedsearch import SavedSearch
from splreplay.commands.search import Search
from splreplay.commands.tstats import Tstats
from splreplay.run.fields import ANY, outputs, stages
from splreplay.spl.predicate import fields_of


class _AllFieldsError(Exception):
    """A search may read any field."""


def fields(searches: Iterable[Pipeline], addons: Iterable[str]) -> tuple[str, ...]:
    """Return the names of EventData/Data elements that searches read: all of cim.FIELDS where their text does not tell."""
    described = [cim.described(addon) for addon in addons]
    try:
        read = {
            own
            for search in searches
            for dataset, names in _asked(search)
            for datasets in described
            if dataset in datasets
            for own in datasets[dataset].reads(names)
        }
    except _AllFieldsError:
        return cim.FIELDS
    return tuple(field for field in cim.FIELDS if field in read)


def shared(search: Pipeline) -> dict[str, set[str]]:
    """Return the fields that a search reads of each dataset that it reads more than once; nothing where its text does not tell."""
    found: dict[str, list[set[str]]] = {}
    try:
        for dataset, names in _asked(search):
            found.setdefault(dataset, []).append(names)
    except _AllFieldsError:
        return {}
    return {dataset: {"_time"}.union(*asked) for dataset, asked in found.items() if len(asked) > 1}


def _asked(search: Pipeline) -> Iterator[tuple[str, set[str]]]:
    """Yield each dataset that a search reads, with the fields that it asks for."""
    for stage in stages(search, {}):
        match stage.command:
            case Tstats() as tstats:
                names = {one.field for one in tstats.aggregates if one.field is not None}
                names |= {*tstats.by, *fields_of(tstats.predicate)}
                for inner in stage.inner:
                    names |= _of_results(inner)
                if any("*" in name for name in names):
                    raise _AllFieldsError
                prefix = f"{tstats.datamodel.rpartition('.')[2]}."
                yield tstats.datamodel, {name.removeprefix(prefix) for name in names}
            case SavedSearch() | ForEach():
                raise _AllFieldsError  # what they run is not in the text
            case Search() if stage.before is ANY:
                raise _AllFieldsError  # it starts from the events themselves


def _of_results(subsearch: Pipeline) -> set[str]:
    """Return the fields that the results of a subsearch may name where they are put in as a predicate."""
    *before, last = subsearch
    found = outputs(tuple(before) if isinstance(last, Format) else subsearch, {})
    if found.open or {"search", "query"} & found.names:
        raise _AllFieldsError
    return set(found.names)
