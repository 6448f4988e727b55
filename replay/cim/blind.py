"""What a search asked for that the log cannot show: an empty answer is told from a blind one."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import duckdb

from replay import times
from replay.cim.fill import is_filler
from replay.cim.mapping import EventMapping
from replay.sql.values import number

# Where an add-on puts connections: a search that reads both is not blind while one of them has any.
ALTERNATIVES = ({"Endpoint.Ports", "Network_Traffic.All_Traffic"},)


@dataclass
class Deciding:
    """Which fields of a dataset decided which of its rows count: those that a where tests, and those that a by needs."""

    tested: set[str] = field(default_factory=set)
    grouped: set[str] = field(default_factory=set)


def blind_spots(
    connection: duckdb.DuckDBPyConnection,
    mapped: Collection[EventMapping],
    decided_by: Mapping[str, Deciding],
) -> list[str]:
    """Return a warning for each dataset that a search read, and each field that decided, and no event of the log fills.

    Args:
        connection: A database with the log and the views of the datasets.
        mapped: What the add-on makes of events.
        decided_by: The datasets that the search read, and which of their fields decided which rows count.
    """
    filled = {dataset for dataset in decided_by if _any(connection, dataset, "true")}
    datasets, fields = [], []
    for dataset, deciding in decided_by.items():
        if any(dataset in group and filled & group - {dataset} for group in ALTERNATIVES):
            continue
        if dataset not in filled:
            datasets.append(f"this search is blind in {dataset}: {_what_fills(dataset, mapped)}")
            continue
        # A where finds no filler, while a row with one is not lost by grouping.
        useful = {name: f'"{name}" IS NOT NULL' for name in deciding.grouped}
        useful |= {name: f"NOT ({is_filler(name)})" for name in deciding.tested}
        empty = [name for name, test in sorted(useful.items()) if not _any(connection, dataset, test)]
        if empty:
            named = ", ".join(f"{dataset}.{name}" for name in empty)
            fields.append(f"this search is blind in {named}: no event of this log has a value there")
    return datasets + fields


def outside(connection: duckdb.DuckDBPyConnection, earliest: float | None, latest: float | None) -> list[str]:
    """Return a warning where the log has events, and none of them is in a time range (epoch seconds, latest exclusive)."""
    inside = f"time >= {number(earliest if earliest is not None else -math.inf)}"
    inside += f" AND time < {number(latest)}" if latest is not None else ""
    ((first, last, found),) = connection.execute(
        f"SELECT min(time), max(time), coalesce(bool_or({inside}), true) FROM event"
    ).fetchall()
    if found:
        return []
    return [
        f"no event of this log is in the time range: the first is of {times.iso(first)}, the last of {times.iso(last)}"
    ]


def _any(connection: duckdb.DuckDBPyConnection, dataset: str, test: str) -> bool:
    ((found,),) = connection.execute(f'SELECT EXISTS (SELECT 1 FROM "{dataset}" WHERE {test})').fetchall()
    return bool(found)


def _what_fills(dataset: str, mapped: Collection[EventMapping]) -> str:
    ids: dict[str, list[str]] = {}
    for one in mapped:
        if dataset in one.datasets:
            ids.setdefault(one.source.name, []).append(str(one.event_id))
    if not ids:
        return "replay knows no event that fills it"
    named = " and ".join(f"{name} {', '.join(numbers)}" for name, numbers in ids.items())
    return f"no event of this log fills it (this add-on does from {named})"
