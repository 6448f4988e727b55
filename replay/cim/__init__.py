"""The data models that searches read, as views of the table `event`: an add-on's mapping, then the CIM's.

`current` is Splunk_TA_microsoft_sysmon 5 with CIM 6.4 or later; `cim5` the same with CIM 5; `legacy` is
TA-microsoft-sysmon 10.6.2 with CIM 4.20. Splunk_TA_windows stands beside each.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from replay.cim import all_traffic, dns, filesystem, ports, processes, registry, services, sysmon, windows
from replay.cim.mapping import EventMapping
from replay.errors import UnsupportedError

ADDONS = ("current", "cim5", "legacy")

# What the readers need to keep: the ids of each provider, and the names of EventData/Data elements.
EVENTS: Mapping[str, tuple[int, ...]] = {
    sysmon.SYSMON.provider: (1, 3, 5, 7, 11, 12, 13, 14, 15, 22, 23),
    windows.SECURITY.provider: (4688, 4689, 5156, 5158),
}
FIELDS = tuple(dict.fromkeys(sysmon.SYSMON.fields + windows.SECURITY.fields))

# The kinds of event, (provider, id), that tell of a process started and of a connection.
PROCESSES_STARTED = ((sysmon.SYSMON.provider, 1), (windows.SECURITY.provider, 4688))
CONNECTIONS = ((sysmon.SYSMON.provider, 3), (windows.SECURITY.provider, 5156))

DATASETS: Mapping[str, Mapping[str, str]] = {
    "Endpoint.Filesystem": filesystem.COLUMNS,
    "Endpoint.Ports": ports.COLUMNS,
    "Endpoint.Processes": processes.COLUMNS,
    "Endpoint.Registry": registry.COLUMNS,
    "Endpoint.Services": services.COLUMNS,
    "Network_Resolution.DNS": dns.COLUMNS,
    "Network_Traffic.All_Traffic": all_traffic.COLUMNS,
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


def mappings(addon: str) -> tuple[EventMapping, ...]:
    """Return what *addon*, and Splunk_TA_windows beside it, make of events.

    Raises:
        UnsupportedError: It is none of ADDONS.
    """
    if addon not in ADDONS:
        raise UnsupportedError(f"unknown add-on {addon!r}: replay knows {', '.join(ADDONS)}")
    return (sysmon.MAPPINGS_LEGACY if addon == "legacy" else sysmon.MAPPINGS) + windows.MAPPINGS


def create_datamodels(connection: duckdb.DuckDBPyConnection, addon: str) -> dict[str, tuple[str, ...]]:
    """Create one view a dataset, named "Endpoint.Processes" and so on, and return the fields of each.

    `_time` is in seconds since 1970; all other fields are VARCHAR (VARCHAR[] where they can have several values),
    NULL where the event does not fill them. What the CIM version lacks is no column.

    Args:
        connection: A database with the table `event`, loaded with FIELDS.
        addon: One of ADDONS.

    Raises:
        UnsupportedError: It is none of them.
    """
    mapped = mappings(addon)
    fields = {}
    for dataset, all_columns in DATASETS.items():
        columns = EVENT_FIELDS | {
            field: sql
            for field, sql in all_columns.items()
            if addon == "current" or (dataset, field) not in NEW_IN_CIM_6
        }
        # No row, for the names and the kinds of the columns that no event fills.
        nothing = ", ".join(f'CAST(NULL AS {_kind(field)}) AS "{field}"' for field in columns)
        queries = [f"SELECT {nothing} WHERE false", *(one.query(columns) for one in mapped if dataset in one.datasets)]
        selected = ",\n    ".join(f'{expression} AS "{field}"' for field, expression in columns.items())
        events = "\nUNION ALL BY NAME ".join(queries)
        connection.execute(f'CREATE OR REPLACE VIEW "{dataset}" AS SELECT\n    {selected}\nFROM ({events})')
        fields[dataset] = tuple(columns)
    return fields


def _kind(field: str) -> str:
    return "DOUBLE" if field == "_time" else "VARCHAR[]" if field in MULTIVALUE else "VARCHAR"
