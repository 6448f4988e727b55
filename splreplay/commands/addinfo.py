"""addinfo: put the time range of the search on every result."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.sql.values import Kind, Sql, literal, number

SID = "replay"


@dataclass(frozen=True)
class AddInfo(Transform):
    """`addinfo`, without arguments."""

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> AddInfo:
        return cls(segment)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(("info_min_time", "info_max_time", "info_sid", "info_search_time"))

    def run(self, rows: Table, run: Run) -> Table:
        """Add info_min_time, info_max_time, info_sid and info_search_time; all time is 0 to +Infinity.

        Source: Search Reference, "addinfo".
        """
        latest = number(run.time.latest) if run.time.latest is not None else ""
        info = {
            "info_min_time": Sql(number(run.time.earliest or 0.0), Kind.NUMBER),
            "info_max_time": Sql(latest, Kind.NUMBER) if latest else Sql(literal("+Infinity"), Kind.TEXT),
            "info_sid": Sql(literal(SID), Kind.TEXT),
            "info_search_time": Sql(number(run.time.now), Kind.NUMBER),
        }
        return run.stages.with_fields(rows, info)
