"""What the CIM puts in the place of missing or empty values, and fields that nothing here can fill.

Source: aplura/splunk-sa-cim@254c447b (CIM 6.4.0) default/data/models/*.json, "calculations". Earlier versions
are assumed to do the same.
"""

from __future__ import annotations


def unknown(field: str) -> str:
    """Return `if(isnull(f) OR f="","unknown",f)`; events have no empty values here."""
    return f"coalesce({field}, 'unknown')"


def or_unknown(*fields: str) -> dict[str, str]:
    """Return fields that are "unknown" where the add-on extracts nothing."""
    return {field: unknown(field) for field in fields}


def zero(field: str) -> str:
    """Return `if(isnum(f),f,0)`."""
    return f"CASE WHEN try_cast({field} AS DOUBLE) IS NULL THEN '0' ELSE {field} END"


def name_of(name: str, command_line: str) -> str:
    r"""A program's name: its own, else the one at the start of its command line, else "unknown".

    The CIM's two patterns, without the look-ahead that DuckDB's regular expressions lack: `"C:\a b\c.exe" d`
    and `C:\a\c.exe d`.
    """
    return f"""coalesce(
        {name},
        nullif(regexp_extract({command_line}, '^\\s*".+\\\\([^"]+)"', 1), ''),
        nullif(regexp_extract({command_line}, '^(?:.+\\\\)?([^\\s"]+)(?:\\s|$)', 1), ''),
        'unknown')"""


def as_extracted(*fields: str) -> dict[str, str]:
    """Return fields that the data model takes from the add-on unchanged."""
    return {field: f'"{field}"' for field in fields}


def of_assets(*roles: str) -> dict[str, str]:
    """Return the fields that Enterprise Security adds for the assets and identities in *roles* (dest, src, user), and the tags."""
    kinds = ("bunit", "category", "priority")
    return as_extracted(*(f"{role}_{kind}" for role in roles for kind in kinds), "cim_entity_zone", "tag")


def of_endpoints(*roles: str) -> dict[str, str]:
    """Return the other fields that Enterprise Security adds for the assets of the model Endpoint."""
    kinds = ("requires_av", "should_timesync", "should_update")
    return as_extracted(*(f"{role}_{kind}" for role in roles for kind in kinds))


def is_filler(field: str) -> str:
    """Return SQL for whether a field of a dataset has only the value that the CIM put there."""
    fillers = ("0", "unknown") if field.endswith("_port") else ("unknown", "[unknown]")
    return f"""coalesce(CAST("{field}" AS VARCHAR), 'unknown') IN {fillers}"""
