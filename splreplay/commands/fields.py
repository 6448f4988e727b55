"""fields: keep the named fields, or drop them with `-`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.wildcards import matching


@dataclass(frozen=True)
class Fields(Transform):
    """`fields [+|-] fields`."""

    streams = True
    by_name = True
    keeps_values = True

    fields: tuple[str, ...]
    drop: bool

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Fields:
        drop = False
        first = cursor.here
        if first.is_word("+", "-"):
            drop = cursor.take().value == "-"
        fields = cursor.names()
        if first.kind == "word" and first.value[0] in "+-" and len(first.value) > 1:
            drop, fields[0] = first.value[0] == "-", first.value[1:]
        if any(name[:1] in ("+", "-") for name in fields[1:]):
            cursor.fail("a sign stands before the first field only, and holds for all of them", first)
        return cls(segment, tuple(fields), drop)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return () if self.drop else self.fields

    def behind(self, before: Outputs) -> Outputs:
        if self.drop:
            dropped = {name for pattern in self.fields for name in matching(pattern, before.names)}
            return Outputs(before.names - dropped, before.open)
        return before.named(("_time", "_raw", *self.fields))

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with fewer fields; `_time` and `_raw` stay unless they are dropped by name."""
        named = {name for pattern in self.fields for name in matching(pattern, rows.columns)}
        if self.drop:
            kept = [name for name in rows.columns if name not in named]
        else:
            listed = [name for pattern in self.fields for name in matching(pattern, rows.columns)]
            kept = list(dict.fromkeys([*(name for name in ("_time", "_raw") if name in rows.columns), *listed]))
        return run.stages.named(rows, {name: rows.field(name) for name in kept})
