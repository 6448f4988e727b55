"""The data models that searches read, as queries of the table `event`: first an add-on's mapping, then the CIM's.

`current` is Splunk_TA_microsoft_sysmon 5 with CIM 6.4 or later; `cim5` the same with CIM 5; `legacy` is
TA-microsoft-sysmon 10.6.2 with CIM 4.20. Splunk_TA_windows stands beside each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from splreplay.cim import endpoint, network_resolution, network_traffic, sysmon, windows
from splreplay.cim.mapping import EventMapping
from splreplay.errors import UnsupportedError
from splreplay.sql.values import Kind

if TYPE_CHECKING:  # the command line only needs the names below
    import duckdb

ADDONS = ("current", "cim5", "legacy")

# The names of EventData/Data elements that the readers keep.
FIELDS = tuple(dict.fromkeys(sysmon.SYSMON.fields + windows.SECURITY.fields))

# The kinds of event, (provider, id), of a process that starts and of a connection.
PROCESSES_STARTED = ((sysmon.SYSMON.provider, 1), (windows.SECURITY.provider, 4688))
CONNECTIONS = ((sysmon.SYSMON.provider, 3), (windows.SECURITY.provider, 5156))

DATASETS: Mapping[str, Mapping[str, str]] = {
    "Endpoint.Filesystem": endpoint.FILESYSTEM,
    "Endpoint.Ports": endpoint.PORTS,
    "Endpoint.Processes": endpoint.PROCESSES,
    "Endpoint.Registry": endpoint.REGISTRY,
    "Endpoint.Services": endpoint.SERVICES,
    "Network_Resolution.DNS": network_resolution.DNS,
    "Network_Traffic.All_Traffic": network_traffic.ALL_TRAFFIC,
}
# Fields that CIM 5 and earlier lack: process_guid came with 6.4.0; of the others it is inferred.
NEW_IN_CIM_6 = {
    ("Endpoint.Filesystem", "image"),
    ("Endpoint.Processes", "loaded_file"),
    ("Endpoint.Processes", "parent_user"),
    ("Endpoint.Registry", "image"),
    ("Network_Traffic.All_Traffic", "process_guid"),
}
MULTIVALUE = ("answer", "record_type")
# Every event has these, whatever the data model.
EVENT_FIELDS = {name: f'"{name}"' for name in ("_time", "host", "source", "sourcetype", "index")}
_TYPES = {Kind.NUMBER: "DOUBLE", Kind.TEXT: "VARCHAR", Kind.MULTIVALUE: "VARCHAR[]"}


def kind(field: str) -> Kind:
    """Return the kind of a dataset's field: `_time` is in seconds since 1970, others are text, or lists of it."""
    return Kind.NUMBER if field == "_time" else Kind.MULTIVALUE if field in MULTIVALUE else Kind.TEXT


def mappings(addon: str) -> tuple[EventMapping, ...]:
    """Return the mappings of *addon*, and of Splunk_TA_windows beside it.

    Raises:
        UnsupportedError: If it is not one of ADDONS.
    """
    if addon not in ADDONS:
        raise UnsupportedError(f"unknown add-on {addon!r}: replay knows {', '.join(ADDONS)}")
    return (sysmon.MAPPINGS_LEGACY if addon == "legacy" else sysmon.MAPPINGS) + windows.MAPPINGS


def event_fields(addon: str) -> dict[tuple[str | None, int | None], Mapping[str, str]]:
    """Return the fields that the add-ons make of each kind of event, (provider, event id), for searches of events.

    Each field has its SQL over the event's own fields; what every event has is left out.
    """
    return {
        (mapping.source.provider, mapping.event_id): {
            name: sql for name, sql in mapping.fields.items() if name not in EVENT_FIELDS
        }
        for mapping in mappings(addon)
    }


def datasets(connection: duckdb.DuckDBPyConnection, addon: str) -> dict[str, Dataset]:
    """Return the datasets that searches read, by name: "Endpoint.Processes" and so on.

    Args:
        connection: A database with the table `event`, loaded with the fields that are read.
        addon: One of ADDONS.

    Raises:
        UnsupportedError: If it is not one of them.
    """
    complete = described(addon)
    kinds = set(connection.execute("SELECT DISTINCT provider, event_id FROM event").fetchall())
    return {
        name: replace(
            dataset, in_log=tuple(fill for fill in dataset.fill if (fill.source.provider, fill.event_id) in kinds)
        )
        for name, dataset in complete.items()
    }


def described(addon: str) -> dict[str, Dataset]:
    """Return the datasets as they are over a log that has events of every kind."""
    by_name = {}
    for name, all_columns in DATASETS.items():
        columns = EVENT_FIELDS | {
            field: sql for field, sql in all_columns.items() if addon == "current" or (name, field) not in NEW_IN_CIM_6
        }
        fill = tuple(mapping for mapping in mappings(addon) if name in mapping.datasets)
        by_name[name] = Dataset(columns, fill, fill)
    return by_name


@dataclass(frozen=True)
class Dataset:
    """One dataset of a data model, over the table `event`.

    Args:
        columns: The SQL of each field over what an add-on extracts; NULL where the event does not fill it. Fields that the
            CIM version lacks are left out.
        fill: The mappings of the events that fill it.
        in_log: The mappings of events that the log has; each costs a scan of its own.
    """

    columns: Mapping[str, str]
    fill: tuple[EventMapping, ...]
    in_log: tuple[EventMapping, ...]

    def reads(self, fields: Iterable[str]) -> set[str]:
        """Return the events' own fields from which *fields* are made; a field that the dataset lacks needs none."""
        extracted = self._extracted(field for field in fields if field in self.columns)
        return {own for mapping in self.fill for own in mapping.reads(extracted)}

    def query(self, fields: Iterable[str]) -> str:
        """Return the query of its rows, with these fields."""
        chosen = {field: self.columns[field] for field in fields}
        extracted = self._extracted(chosen)
        # A query without rows gives the names and kinds of the fields that no event fills.
        nothing = ", ".join(f'CAST(NULL AS {_TYPES[kind(name)]}) AS "{name}"' for name in sorted(extracted))
        queries = [f"SELECT {nothing} WHERE false", *(mapping.query(extracted) for mapping in self.in_log)]
        selected = ", ".join(f'{expression} AS "{field}"' for field, expression in chosen.items())
        query = f"SELECT {selected} FROM ({' UNION ALL BY NAME '.join(queries)})"
        return " ".join(line.strip() for line in query.splitlines())  # as --explain shows it

    def _extracted(self, fields: Iterable[str]) -> set[str]:
        """Return the fields that an add-on extracts for *fields*, and the time."""
        expressions = " ".join(self.columns[field] for field in fields)
        return {"_time"} | set(re.findall(r"\w+", expressions)) & self.columns.keys()
