"""bin, also called bucket: put times and numbers into buckets of one size."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import Convert, count, read_options, refuse_options
from splreplay.sql import spans
from splreplay.sql.spans import Span
from splreplay.sql.values import Kind, Sql, as_number, as_text

_BINS = 100  # Search Reference, "bin": the default of bins=


def _number(text: str) -> float:
    """Return a number; ValueError for anything else."""
    if not re.fullmatch(r"[-+]?\d{1,15}(?:\.\d{1,9})?", text):
        raise ValueError("a number")
    return float(text)


_OPTIONS: dict[str, Convert] = {"span": str, "bins": count, "minspan": str, "start": _number, "end": _number}


@dataclass(frozen=True)
class Width:
    """A size of buckets of numbers: 10 to the power of *exponent*, times *factor*."""

    factor: int
    exponent: int = 0

    def edges(self, value: str) -> tuple[str, str]:
        """Return SQL for the start and the end of the bucket of a number."""
        if self.exponent < 0:  # 1.15 * 100 is not exactly 115
            parts = 10**-self.exponent
            place = f"floor(round({value} * {parts}, 6))"
            return f"({place} / {parts})", f"(({place} + 1) / {parts})"
        size = self.factor * 10**self.exponent
        return f"(floor({value} / {size}) * {size})", f"(floor({value} / {size}) * {size} + {size})"

    def __str__(self) -> str:
        """The size as a number."""
        return f"{self.factor * 10.0**self.exponent:.15g}"


@dataclass(frozen=True)
class Bin(Transform):
    """`bin [span=size] [bins=count] [minspan=size] [start=number] [end=number] field [AS name]`.

    A *span* is one of time or a width of numbers; where there is none, at most *bins* buckets hold what lies between the least
    and the greatest value, or *start* and *end* if these are further apart.
    """

    names = ("bin", "bucket")
    by_name = True

    field: str
    alias: str
    span: Span | Width | None = None
    bins: int = _BINS
    minspan: Span | Width | None = None
    start: float = math.inf
    end: float = -math.inf

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Bin:
        """Read the options, before or behind the field.

        Raises:
            UnsupportedError: For a span that is neither a time nor a whole number, and for aligntime=.
        """
        start = cursor.here
        options = _read_options(cursor)
        field = cursor.name()
        options |= _read_options(cursor)
        alias = cursor.name("a name") if cursor.accept_word("as") else field
        options |= _read_options(cursor)
        if options.get("bins", _BINS) < 2:
            cursor.fail("bins= takes 2 or more", start)
        for name in options.keys() & {"span", "minspan"}:
            size = size_of(options[name], field)
            if size is None:
                hint = "write for example span=1h or span=10"
                cursor.refuse("replay knows spans of seconds to months, and whole numbers", start, hint)
            options[name] = size
        return cls(segment, field, alias, **options)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus((self.alias,))

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with the start of each bin where it is one of time, else `start-end`; text is kept as it is †.

        Source: Search Reference, "bin": "if a timescale is provided, this is used as a time range"; what a bin of another
        field than `_time` then looks like, it does not say †.
        """
        value = rows.one_value(self.field, self.segment)
        if value.kind is Kind.NOTHING:
            return rows
        size = self.span or self._chosen(as_number(value), rows, run)
        if isinstance(size, Width):
            start, end = size.edges(as_number(value))
            text = f"spl_text({start}) || '-' || spl_text({end})"
            bucket = Sql(f"coalesce({text}, {as_text(value)})", Kind.TEXT)
        elif self.field == "_time":
            bucket = Sql(size.start_of(as_number(value)), Kind.NUMBER)
        else:
            bucket = Sql(f"coalesce(spl_text({size.start_of(as_number(value))}), {as_text(value)})", Kind.TEXT)
        return run.stages.with_fields(rows, {self.alias: bucket})

    def _chosen(self, number: str, rows: Table, run: Run) -> Span | Width:
        """Return the least size that makes no more than *bins* buckets: one of time for `_time`, else a power of ten †."""
        finite = f"isfinite({number})"
        edges = run.stages.scalar(
            f"SELECT [min({number}) FILTER ({finite}), max({number}) FILTER ({finite})] FROM {rows.name}"
        )
        least, greatest = (0.0, 0.0) if edges in (None, [None, None]) else edges
        size = self._of_time(least, greatest) if self.field == "_time" else self._of_numbers(least, greatest)
        run.warn(f"{self.segment.name} names no span= for {self.field}, so replay took {size}; Splunk may take another")
        return size

    def _of_time(self, least: float, greatest: float) -> Span:
        span = spans.chosen(least, greatest, self.bins)
        return self.minspan if isinstance(self.minspan, Span) and self.minspan.least_s > span.least_s else span

    def _of_numbers(self, least: float, greatest: float) -> Width:
        low, high = min(least, self.start), max(greatest, self.end)
        shortest = self.minspan.factor if isinstance(self.minspan, Width) else 0

        def fits(exponent: int) -> bool:
            size = 10.0**exponent
            # The greatest value lies in the last bucket, the end= behind it.
            last = max(math.floor(greatest / size), math.ceil(high / size) - 1)
            return last - math.floor(low / size) < self.bins and size >= shortest

        return Width(1, next((exponent for exponent in range(-9, 308) if fits(exponent)), 308))


def _read_options(cursor: Cursor) -> dict[str, Any]:
    options = read_options(cursor, _OPTIONS)
    refuse_options(cursor, ("aligntime",), "its bins start at the epoch, in UTC")
    return options


def size_of(text: str, field: str) -> Span | Width | None:
    """Return a size of buckets as it is written, None for others; a number is one of seconds for `_time`."""
    if field != "_time" and re.fullmatch(r"0*[1-9]\d{0,14}", text):
        return Width(int(text))
    return Span.of(text)
