"""dedup: keep the first results of each combination of some fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import ORDER, Cursor, Run, Segment, Table, Transform
from splreplay.run.order import Key, parse_keys, sorted_by
from splreplay.spl.options import at_option, boolean, read_option
from splreplay.sql.values import Sql, as_text

_OPTIONS = {"keepevents": boolean, "keepempty": boolean, "consecutive": boolean}


@dataclass(frozen=True)
class Dedup(Transform):
    """`dedup [count] fields [keepevents=] [keepempty=] [consecutive=] [sortby keys]`."""

    keeps_fields = True
    by_name = True
    keeps_values = True

    count: int
    fields: tuple[str, ...]
    keepevents: bool = False
    keepempty: bool = False
    consecutive: bool = False
    sortby: tuple[Key, ...] = ()

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Dedup:
        """Read the count, the fields and the options, which may stand between the fields, and sortby at the end."""
        count = 1
        if cursor.here.kind == "word" and re.fullmatch(r"[1-9]\d{0,14}", cursor.here.value):
            count = int(cursor.take().value)
        fields: list[str] = []
        options: dict[str, bool] = {}
        sortby: tuple[Key, ...] = ()
        while cursor.here.kind in ("word", "quoted"):
            if at_option(cursor, _OPTIONS):
                name, value = read_option(cursor, _OPTIONS)
                options[name] = value
            elif fields and cursor.accept_word("sortby"):
                sortby = parse_keys(cursor)
            else:
                fields.append(cursor.name())
            cursor.accept_op(",")
        if not fields:
            cursor.fail("expected a field")
        return cls(segment, count, tuple(fields), **options, sortby=sortby)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (*self.fields, *(key.field for key in self.sortby))

    def run(self, rows: Table, run: Run) -> Table:
        """Keep the first *count* results of each combination; results that lack a field are dropped, unless keepempty.

        sortby puts them in order before †. keepevents keeps all others too, those that repeat a combination without the fields.
        Source: Search Reference, "dedup".
        """
        rows = sorted_by(self.sortby, rows, run) if self.sortby else rows
        values = [as_text(rows.field(name)) for name in self.fields]
        key = ", ".join(values)
        absent = " OR ".join(f"{value} IS NULL" for value in values)
        first = f"row_number() OVER (PARTITION BY {key} ORDER BY {ORDER})"
        if self.consecutive:
            # Consecutive equal results are one group, which starts where a value differs from that of the previous result.
            before = " OR ".join(f"{value} IS DISTINCT FROM lag({value}) OVER (ORDER BY {ORDER})" for value in values)
            begins = f'SELECT {ORDER}, ({before}) AS "#begins" FROM {rows.name}'
            runs = f'SELECT {ORDER}, count_if("#begins") OVER (ORDER BY {ORDER}) AS "#run" FROM ({begins})'
            first = f'row_number() OVER (PARTITION BY "#run" ORDER BY {ORDER})'
            rest = f"FROM {rows.name} JOIN ({runs}) USING ({ORDER})"
        else:
            rest = f"FROM {rows.name}"
        first = f"({first} <= {self.count})"
        if self.keepevents:
            stays = f"({absent}) OR {first}"
            emptied = {
                name: Sql(f"CASE WHEN {stays} THEN {value.text} END", value.kind)
                for name, value in rows.columns.items()
                if name in self.fields
            }
            return run.stages.store({**rows.columns, **emptied}, rest)
        return run.stages.store(
            rows.columns, f"{rest} QUALIFY CASE WHEN {absent} THEN {str(self.keepempty).lower()} ELSE {first} END"
        )
