"""The fields that a command extracts out of texts, whose names only the texts tell."""

from __future__ import annotations

from splreplay import limits
from splreplay.run import Run
from splreplay.run.stages import Table


def names(listed: str, rows: Table, run: Run) -> list[str]:
    """Return the names of all the results in the order in which they come, of which *listed* is SQL for those of one result.

    There is at most one name more than limits allow.
    """
    each = f'SELECT unnest({listed}) AS name, "#" AS place FROM {rows.name}'
    most = limits.EXTRACTED_FIELDS + 1
    return run.stages.column(f"SELECT name FROM ({each}) GROUP BY name ORDER BY min(place), name LIMIT {most}")
