"""What a search asks for but the log cannot show, so that no results are not mistaken for no attack."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from splreplay import times
from splreplay.cim import risk
from splreplay.cim.dataset import Dataset
from splreplay.cim.fill import is_filler
from splreplay.logs.facts import Facts
from splreplay.output import Blind, Notice
from splreplay.spl.predicate import Predicate, unmet
from splreplay.sql.values import number

# The datasets where an add-on may put connections: a search that reads both is not blind if one of them has events.
ALTERNATIVES = ({"Endpoint.Ports", "Network_Traffic.All_Traffic"},)
# So many rows of each kind of event are read first.
SAMPLE_ROWS = 1000


@dataclass
class Deciding:
    """What decided which rows of a dataset count: the fields that a where tests, those that a by needs, and each where."""

    tested: set[str] = field(default_factory=set)
    grouped: set[str] = field(default_factory=set)
    predicates: list[Predicate] = field(default_factory=list)

    def blinded(self, dataset: str, empty: Collection[str]) -> bool:
        """Return whether no row can count if no event has a value in the fields *empty* of *dataset*."""
        prefix = f"{dataset.rpartition('.')[2]}."

        def values(name: str) -> Sequence[str] | None:
            return () if name.removeprefix(prefix) in empty else None

        return not self.grouped.isdisjoint(empty) or any(unmet(predicate, values) for predicate in self.predicates)


def blind_spots(
    connection: duckdb.DuckDBPyConnection,
    facts: Facts,
    datasets: Mapping[str, Dataset],
    decided_by: Mapping[str, Deciding],
) -> list[Notice]:
    """Return a notice for each dataset that a search read and each deciding field, if no event of the log fills it.

    Where the search may find something all the same, as by the other side of an OR, it is only partly blind.

    Args:
        connection: The connection of the run, which has what it collected.
        facts: What is known of the events of the log.
        datasets: The datasets of the add-on, by name.
        decided_by: The datasets that the search read, with the fields that decided which of their rows count.
    """
    filled = {name for name in decided_by if datasets[name].parts()}
    empty, unfilled = [], []
    for name, deciding in decided_by.items():
        if any(name in group and filled & group - {name} for group in ALTERNATIVES):
            continue
        if name not in filled:
            empty.append(Notice("blind", Blind(name, _what_fills(datasets[name]), "event")))
            continue
        # A where does not find a filler, but grouping keeps a row with one.
        useful = {field: f'"{field}" IS NOT NULL' for field in deciding.grouped}
        useful |= {field: f"NOT ({is_filler(field)})" for field in deciding.tested}
        blind = _empty(connection, facts, datasets[name], useful)
        if blind:
            named = ", ".join(f"{name}.{field}" for field in blind)
            said = Blind(named, "no event of this log has a value there")
            unfilled.append(Notice("blind" if deciding.blinded(name, blind) else "partly blind", said))
    return empty + unfilled


def outside(facts: Facts, earliest: float | None, latest: float | None) -> list[Blind]:
    """Return why a search is blind if the log has events, but none in a time range (epoch seconds, latest exclusive)."""
    if earliest is None and latest is None:
        return []
    inside = f"time >= {number(earliest if earliest is not None else -math.inf)}"
    inside += f" AND time < {number(latest)}" if latest is not None else ""
    ((first, last, any_inside),) = facts.all(
        f"SELECT min(time), max(time), coalesce(bool_or({inside}), true) FROM event"
    )
    if any_inside:
        return []
    why = (
        f"no event of this log is in the time range: the first is of {times.iso(first)}, the last of {times.iso(last)}"
    )
    return [Blind("", why, "event")]


def _empty(
    connection: duckdb.DuckDBPyConnection, facts: Facts, dataset: Dataset, useful: Mapping[str, str]
) -> list[str]:
    """Return the fields whose test no event of the log passes, sorted."""
    asked = {field: (dataset.name, field, test) for field, test in sorted(useful.items())}
    # What one run collected is nothing to the next.
    known: dict[object, bool] = {} if dataset.name == risk.NAME else facts.once("passing", dict)
    unknown = {field: useful[field] for field, key in asked.items() if key not in known}
    never = _never(connection, dataset, unknown)
    known |= {asked[field]: field not in never for field in unknown}
    return [field for field, key in asked.items() if not known[key]]


def _never(connection: duckdb.DuckDBPyConnection, dataset: Dataset, left: Mapping[str, str]) -> Collection[str]:
    """Return the fields whose test no event of the log passes."""
    for limit in (f"LIMIT {SAMPLE_ROWS}", ""):
        # One kind of event after the other, because the first kind often has all the values.
        for part in dataset.parts():
            if not left:
                return ()
            rows = part.query(left)
            tests = ", ".join(f"bool_or({test})" for test in left.values())
            [passing] = connection.execute(f"SELECT {tests} FROM (FROM ({rows}) {limit})").fetchall()
            left = {field: test for (field, test), passed in zip(left.items(), passing, strict=True) if not passed}
    return left


def _what_fills(dataset: Dataset) -> str:
    if dataset.name == risk.NAME:
        return f"no event that collect wrote into the index {risk.INDEX} is in the folder of --collect, and nothing else fills it"
    ids: dict[str, list[int]] = {}
    for mapping in dataset.fill:
        ids.setdefault(mapping.source.name, []).append(mapping.event_id)
    if not ids:
        return "replay knows no event that fills it"
    named = " and ".join(f"{name} {_listed(numbers)}" for name, numbers in ids.items())
    return f"no event of this log fills it (this add-on does from {named})"


def _listed(numbers: list[int]) -> str:
    """Return numbers, each once and in order, those of a long row as `4722 to 4735`."""
    rows: list[list[int]] = []
    for one in sorted(set(numbers)):
        if rows and one == rows[-1][-1] + 1:
            rows[-1].append(one)
        else:
            rows.append([one])
    texts = (f"{row[0]} to {row[-1]}" if len(row) > 3 else ", ".join(map(str, row)) for row in rows)
    return ", ".join(texts)
