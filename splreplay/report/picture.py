"""A process between its parent and its far ends, as the template draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from splreplay.report import text
from splreplay.sql.values import Value

ENDS = 12  # drawn

# The fields of each part; the first one that a result has is used.
PARTS = {
    "parent": ("parent_process_name", "parent_process"),
    "process": ("process_name", "process_path"),
    "pid": ("process_id",),
    "command": ("process",),
    "user": ("user",),
    "host": ("dest", "host"),
}
END = ("connection_to_CNC", "dest_ip")
PORT = ("dest_port",)
TIMES = ("firstTime", "lastTime")


@dataclass(frozen=True)
class End:
    """A far end: an address or a name, its port ("" if the results do not have it), and the first and last time."""

    address: str
    port: str
    times: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """What started what, who ran it where, and what it connected to.

    Args:
        parts: The text of each of PARTS, "" for none.
        fields: The fields that they are taken from.
        ends: The far ends that are drawn.
        left: How many are not.
    """

    parts: Mapping[str, str]
    fields: frozenset[str]
    ends: Sequence[End]
    left: int

    @classmethod
    def of(cls, rows: Sequence[dict[str, Value]]) -> Picture | None:
        """Return the picture of the results of one process; None if they do not name it."""
        taken = {part: next((name for name in names if rows[0].get(name)), "") for part, names in PARTS.items()}
        if not taken["process"]:
            return None
        parts = {part: ", ".join(text.values(rows[0], name)) for part, name in taken.items()}
        ends = list(dict.fromkeys(end for row in rows for end in _ends(row)))
        return cls(parts, frozenset(taken.values()), ends[:ENDS], len(ends[ENDS:]))


def _ends(row: dict[str, Value]) -> list[End]:
    ports = ", ".join(text.values(row, *PORT))
    times = tuple(dict.fromkeys(time for name in TIMES for time in text.values(row, name)))
    return [End(address, ports, times) for address in text.values(row, *END)]
