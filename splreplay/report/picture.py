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
class Ends:
    """The far ends of one result: addresses and names, the ports ("" for none), the first and last time, and how many more."""

    addresses: tuple[str, ...]
    ports: str
    times: tuple[str, ...]
    left: int = 0


@dataclass(frozen=True)
class Picture:
    """What started what, who ran it where, and what it connected to.

    Args:
        parts: The text of each of PARTS, "" for none.
        fields: The fields that they are taken from.
        ends: The far ends that are drawn, those of a result together: it does not say which of them had which port.
        left: How many results' far ends are not drawn.
    """

    parts: Mapping[str, str]
    fields: frozenset[str]
    ends: Sequence[Ends]
    left: int

    @classmethod
    def of(cls, rows: Sequence[dict[str, Value]]) -> Picture | None:
        """Return the picture of the results of one process; None if they do not name it."""
        taken = {part: next((name for name in names if rows[0].get(name)), "") for part, names in PARTS.items()}
        if not taken["process"]:
            return None
        parts = {part: ", ".join(text.values(rows[0], name)) for part, name in taken.items()}
        ends = list(dict.fromkeys(_ends(row) for row in rows if text.values(row, *END)))
        return cls(parts, frozenset(taken.values()), ends[:ENDS], len(ends[ENDS:]))


def _ends(row: dict[str, Value]) -> Ends:
    addresses = text.values(row, *END)
    ports = ", ".join(text.listed(text.values(row, *PORT)))
    times = tuple(dict.fromkeys(time for name in TIMES for time in text.values(row, name)))
    return Ends(tuple(addresses[:ENDS]), ports, times, len(addresses[ENDS:]))
