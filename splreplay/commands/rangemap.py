"""rangemap: name the ranges in which a number lies, in the field `range`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.sql.values import EACH, Kind, Sql, as_number, literal, number, or_null

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_RANGE = re.compile(rf"({_NUMBER})-({_NUMBER})")
OUTPUT = "range"


@dataclass(frozen=True)
class Range:
    """The numbers from *least* to *greatest*, both of them included."""

    name: str
    least: float
    greatest: float


@dataclass(frozen=True)
class RangeMap(Transform):
    """`rangemap field=field [name=least-greatest] … [default=text]`."""

    streams = True
    by_name = True

    field: str
    ranges: tuple[Range, ...]
    default: str = "None"

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> RangeMap:
        """Read the options, of which all but `field` and `default` are ranges."""
        field, default, ranges = None, "None", []
        while cursor.here.kind in ("word", "quoted"):
            name = cursor.take()
            cursor.expect_op("=")
            token = cursor.here
            value = cursor.name("a value")
            if name.is_word("field"):
                field = value
            elif name.is_word("default"):
                default = value
            elif (match := _RANGE.fullmatch(value)) and float(match[1]) <= float(match[2]):
                ranges.append(Range(name.value, float(match[1]), float(match[2])))
            else:
                cursor.fail(f"{value!r} is no range", token, "write the lower number first: low=1-5 or below=-5--1")
            cursor.accept_op(",")
        if field is None:
            cursor.fail("rangemap needs the field of numbers", remedy="write: rangemap field=count low=0-9 high=10-99")
        return cls(segment, field, tuple(ranges), default)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus((OUTPUT,))

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with the names of all ranges that hold the number, else the default, for what is no number too †.

        Source: Search Reference, "rangemap".
        """
        value = as_number(rows.one_value(self.field, self.segment))
        names = [
            f"CASE WHEN {value} BETWEEN {number(one.least)} AND {number(one.greatest)} THEN {literal(one.name)} END"
            for one in self.ranges
        ]
        held = or_null(f"list_filter(CAST([{', '.join(names)}] AS VARCHAR[]), lambda {EACH}: {EACH} IS NOT NULL)")
        named = Sql(f"coalesce({held}, [{literal(self.default)}])", Kind.MULTIVALUE)
        return run.stages.with_fields(rows, {OUTPUT: named})
