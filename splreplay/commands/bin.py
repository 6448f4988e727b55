"""bin, also called bucket: put times and numbers into buckets of one size."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from splreplay import times
from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import Convert, count, read_options, refuse_options
from splreplay.sql.values import Kind, Sql, as_number, as_text


@dataclass(frozen=True)
class Bin(Transform):
    """`bin span=size field [AS name]`; *is_time* says whether the size is one of time, so that a bin is its start."""

    names = ("bin", "bucket")
    by_name = True

    field: str
    span: int
    alias: str
    is_time: bool

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Bin:
        """Read the options, before or behind the field.

        Raises:
            UnsupportedError: Without span=, because Splunk then chooses the size by the data; for a span that is neither a
                time nor a whole number; and for aligntime=.
        """
        spec: dict[str, Convert] = {"span": str, "bins": count, "minspan": str, "start": count, "end": count}
        start = cursor.here
        options = read_options(cursor, spec)
        refuse_options(cursor, ("aligntime",), "its bins start at the epoch, in UTC")
        field = cursor.name()
        options |= read_options(cursor, spec)
        refuse_options(cursor, ("aligntime",), "its bins start at the epoch, in UTC")
        alias = cursor.name("a name") if cursor.accept_word("as") else field
        options |= read_options(cursor, spec)
        if "span" not in options:
            cursor.refuse("replay does not guess the size of bins", start, "add one: span=1h or span=10")
        text: str = options["span"]
        is_number = re.fullmatch(r"0*[1-9]\d{0,14}", text) is not None
        span = int(text) if is_number else times.span_seconds(text)
        if span is None:
            hint = "write for example span=1h or span=10"
            cursor.refuse("replay knows spans of seconds to weeks, and whole numbers", start, hint)
        return cls(segment, field, span, alias, field == "_time" or not is_number)

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
        start = f"floor({as_number(value)} / {self.span}) * {self.span}"
        if self.field == "_time":
            bucket = Sql(start, Kind.NUMBER)
        elif self.is_time:
            bucket = Sql(f"coalesce(spl_text({start}), {as_text(value)})", Kind.TEXT)
        else:
            text = f"spl_text({start}) || '-' || spl_text({start} + {self.span})"
            bucket = Sql(f"coalesce({text}, {as_text(value)})", Kind.TEXT)
        return run.stages.with_fields(rows, {self.alias: bucket})
