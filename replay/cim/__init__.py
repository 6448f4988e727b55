"""The data models that searches read, as views of the table `event`: an add-on's mapping, then the CIM's.

`current` is Splunk_TA_microsoft_sysmon 5 with CIM 6.4 or later; `cim5` the same with CIM 5; `legacy` is
TA-microsoft-sysmon 10.6.2 with CIM 4.20.
"""

from __future__ import annotations

import duckdb

from replay.cim import all_traffic, ports, processes, sysmon
from replay.errors import UnsupportedError

ADDONS = ("current", "cim5", "legacy")
FIELDS = sysmon.FIELDS

# Every event has these, whatever the data model.
EVENT_FIELDS = {name: name for name in ("_time", "host", "source", "sourcetype", "index")}


def create_datamodels(connection: duckdb.DuckDBPyConnection, addon: str) -> dict[str, tuple[str, ...]]:
    """Create one view a dataset, named "Endpoint.Processes" and so on, and return the fields of each.

    `_time` is in seconds since 1970; all other fields are VARCHAR, NULL where the event does not fill them.
    What the CIM version lacks is no column.

    Args:
        connection: A database with the table `event`, loaded with FIELDS.
        addon: One of ADDONS.

    Raises:
        UnsupportedError: It is none of them.
    """
    if addon not in ADDONS:
        raise UnsupportedError(f"unknown add-on {addon!r}: replay knows {', '.join(ADDONS)}")
    datasets = {
        "Endpoint.Processes": (processes.COLUMNS, sysmon.processes(addon)),
        "Endpoint.Ports": (ports.COLUMNS, sysmon.ports(addon)),
        "Network_Traffic.All_Traffic": (all_traffic.columns(addon), sysmon.network(addon)),
    }
    fields = {}
    for name, (columns, events) in datasets.items():
        columns = EVENT_FIELDS | columns
        selected = ",\n    ".join(f'{expression} AS "{field}"' for field, expression in columns.items())
        connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT\n    {selected}\nFROM ({events})')
        fields[name] = tuple(columns)
    return fields
