"""The data models that searches read, as queries of the table `event`: first an add-on's mapping, then the CIM's.

`current` is Splunk_TA_microsoft_sysmon 5 with CIM 6.4 or later; `cim5` the same with CIM 5; `legacy` is
TA-microsoft-sysmon 10.6.2 with CIM 4.20. Splunk_TA_windows stands beside each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from splreplay.cim import (
    authentication,
    change,
    endpoint,
    network_resolution,
    network_traffic,
    risk,
    sysmon,
    updates,
    web,
    windows,
)
from splreplay.cim.dataset import EVENT_FIELDS as EVENT_FIELDS
from splreplay.cim.dataset import Dataset as Dataset
from splreplay.cim.dataset import kind as kind
from splreplay.cim.mapping import EventMapping, own_values
from splreplay.errors import UnsupportedError

if TYPE_CHECKING:  # the command line only needs the names below
    from splreplay.logs.report import EventKind

ADDONS = ("current", "cim5", "legacy")

# The kinds of event, (provider, id), of a process that starts and of a connection.
PROCESSES_STARTED = ((sysmon.SYSMON.provider, 1), (windows.SECURITY.provider, 4688))
CONNECTIONS = ((sysmon.SYSMON.provider, 3), (windows.SECURITY.provider, 5156))

DATASETS: Mapping[str, Mapping[str, str]] = {
    "Authentication.Authentication": authentication.AUTHENTICATION,
    "Change.All_Changes": change.ALL_CHANGES,
    "Endpoint.Filesystem": endpoint.FILESYSTEM,
    "Endpoint.Ports": endpoint.PORTS,
    "Endpoint.Processes": endpoint.PROCESSES,
    "Endpoint.Registry": endpoint.REGISTRY,
    "Endpoint.Services": endpoint.SERVICES,
    "Network_Resolution.DNS": network_resolution.DNS,
    "Network_Traffic.All_Traffic": network_traffic.ALL_TRAFFIC,
    risk.NAME: risk.ALL_RISK,
    "Updates.Updates": updates.UPDATES,
    "Web.Web": web.WEB,
}
_CONSTRAINTS = {"Authentication.Authentication": authentication.CONSTRAINT}
CHILDREN = {"Authentication.Authentication": authentication.CHILDREN, "Change.All_Changes": change.CHILDREN}
_MODELS = [name.partition(".")[0] for name in DATASETS]
# What a data model's name alone stands for, where it has one root; the fields then have the root's name before them.
ROOTS = {model: name for model, name in zip(_MODELS, DATASETS, strict=True) if _MODELS.count(model) == 1}
# Fields that CIM 5 and earlier lack: process_guid came with 6.4.0; of the others it is inferred.
NEW_IN_CIM_6 = {
    ("Endpoint.Filesystem", "image"),
    ("Endpoint.Processes", "loaded_file"),
    ("Endpoint.Processes", "parent_user"),
    ("Endpoint.Registry", "image"),
    ("Network_Traffic.All_Traffic", "process_guid"),
}


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

    (provider, None) is any other event of a provider, and (None, None) any other event at all. Each field has its SQL over the
    event's own fields: see `mapping`, whose `over` replaces them. What every event has (EVENT_FIELDS) is left out.
    """
    fields: dict[tuple[str | None, int | None], Mapping[str, str]] = {
        (mapping.source.provider, mapping.event_id): mapping.fields for mapping in mappings(addon)
    }
    for provider, other in (*windows.OTHER_EVENTS.items(), *sysmon.OTHER_EVENTS.items()):
        fields[provider, None] = other
    return {
        kind: {name: sql for name, sql in made.items() if name not in EVENT_FIELDS} for kind, made in fields.items()
    }


def datasets(kinds: Collection[EventKind], addon: str) -> dict[str, Dataset]:
    """Return the datasets that searches read, by name: "Endpoint.Processes" and so on.

    Args:
        kinds: The kinds of events of the log.
        addon: One of ADDONS.

    Raises:
        UnsupportedError: If it is not one of them.
    """
    complete = described(addon)
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
        constraint, children = _CONSTRAINTS.get(name, "true"), CHILDREN.get(name, {})
        by_name[name] = Dataset(name, columns, fill, fill, constraint, children)
    return by_name


# The names of the values that the mappings read.
FIELDS = tuple(own_values(sql for addon in ADDONS for made in event_fields(addon).values() for sql in made.values()))
