"""What a search asked for that the log cannot show: an empty answer is told from a blind one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb

from replay.cim.fill import is_filler
from replay.cim.mapping import EventMapping

# Where an add-on puts connections: a search that reads both is not blind while one of them has any.
ALTERNATIVES = ({"Endpoint.Ports", "Network_Traffic.All_Traffic"},)


def blind_spots(
    connection: duckdb.DuckDBPyConnection,
    mapped: Collection[EventMapping],
    addon: str,
    decided_by: Mapping[str, Collection[str]],
) -> tuple[list[str], list[str]]:
    """Return the warnings of datasets, and of fields of other datasets, that a search read and no event of the log fills.

    Args:
        connection: A database with the log and the views of the datasets.
        mapped: What the add-on makes of events.
        addon: Its name, for the text.
        decided_by: Of each dataset that the search read, the fields that its where tests or its by loses rows for.
    """
    filled = {dataset for dataset in decided_by if _any(connection, dataset, "true")}
    datasets, fields = [], []
    for dataset, names in decided_by.items():
        if any(dataset in group and filled & group - {dataset} for group in ALTERNATIVES):
            continue
        if dataset not in filled:
            datasets.append(f"this search is blind in {dataset}: {_what_fills(dataset, mapped, addon)}")
            continue
        empty = [name for name in sorted(names) if not _any(connection, dataset, f"NOT ({is_filler(name)})")]
        if empty:
            named = ", ".join(f"{dataset}.{name}" for name in empty)
            fields.append(f"this search is blind in {named}: no event of this log has a value there")
    return datasets, fields


def _any(connection: duckdb.DuckDBPyConnection, dataset: str, test: str) -> bool:
    ((found,),) = connection.execute(f'SELECT EXISTS (SELECT 1 FROM "{dataset}" WHERE {test})').fetchall()
    return bool(found)


def _what_fills(dataset: str, mapped: Collection[EventMapping], addon: str) -> str:
    ids: dict[str, list[str]] = {}
    for one in mapped:
        if dataset in one.datasets:
            ids.setdefault(one.source.name, []).append(str(one.event_id))
    if not ids:
        return "replay knows no event that fills it"
    named = " and ".join(f"{name} event {', '.join(numbers)}" for name, numbers in ids.items())
    return f"on add-on {addon} it is filled by {named}, of which this log has none"
