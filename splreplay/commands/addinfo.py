"""addinfo: put the time range of the search on every result."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from splreplay.run import Run, Table
from splreplay.spl.pipeline import Segment
from splreplay.sql.values import Kind, Sql, literal, number

SID = "replay"


@dataclass(frozen=True)
class AddInfo:
    """`addinfo`."""

    segment: Segment = dataclasses.field(repr=False)

    @classmethod
    def parse(cls, segment: Segment) -> AddInfo:
        """Read nothing: addinfo takes no arguments."""
        segment.arguments().finish()
        return cls(segment)

    def run(self, rows: Table | None, run: Run) -> Table:
        """Add info_min_time, info_max_time, info_sid and info_search_time; all time is 0 to +Infinity.

        Source: Search Reference, "addinfo".
        """
        assert rows is not None
        latest = number(run.latest) if run.latest is not None else ""
        info = {
            "info_min_time": Sql(number(run.earliest or 0.0), Kind.NUMBER),
            "info_max_time": Sql(latest, Kind.NUMBER) if latest else Sql(literal("+Infinity"), Kind.TEXT),
            "info_sid": Sql(literal(SID), Kind.TEXT),
            "info_search_time": Sql(number(run.now), Kind.NUMBER),
        }
        return run.store({**rows.columns, **info}, f"FROM {rows.name}")
