"""head: keep the first results."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from replay.commands.options import count, read_options, refuse_options
from replay.run import Run, Table
from replay.spl.pipeline import Segment


@dataclass(frozen=True)
class Head:
    """`head [count]`, or `head limit=count`; ten by default."""

    segment: Segment = dataclasses.field(repr=False)
    limit: int = 10

    @classmethod
    def parse(cls, segment: Segment) -> Head:
        """Read the count.

        Raises:
            UnsupportedError: For head with a test instead of a count.
        """
        cursor = segment.arguments()
        refuse_options(cursor, ("null", "keeplast"), "it goes with head's form that takes a test")
        limit = read_options(cursor, {"limit": count}).get("limit", 10)
        if cursor.here.kind == "word" and re.fullmatch(r"\d+", cursor.here.value):
            limit = int(cursor.take().value)
        if cursor.here.is_op("("):
            cursor.refuse("replay's head takes a count, not a test", hint="write: head 10")
        cursor.finish()
        return cls(segment, limit)

    def run(self, rows: Table | None, run: Run) -> Table:
        """Return at most *limit* results."""
        assert rows is not None
        return run.first(rows, self.limit)
