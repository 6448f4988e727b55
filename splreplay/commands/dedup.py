"""dedup: keep the first results of each combination of some fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import ORDER, Cursor, Run, Segment, Table, Transform
from splreplay.spl.options import at_option, boolean, read_option, refuse_options
from splreplay.sql.values import as_text

_OPTIONS = {"keepevents": boolean, "keepempty": boolean, "consecutive": boolean}


@dataclass(frozen=True)
class Dedup(Transform):
    """`dedup [count] fields [keepempty=] [consecutive=]`."""

    keeps_fields = True
    by_name = True

    count: int
    fields: tuple[str, ...]
    keepempty: bool = False
    consecutive: bool = False

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Dedup:
        """Read the count, the fields and the options, which may stand between the fields.

        Raises:
            UnsupportedError: For keepevents=true and sortby.
        """
        count = 1
        if cursor.here.kind == "word" and re.fullmatch(r"[1-9]\d*", cursor.here.value):
            count = int(cursor.take().value)
        fields: list[str] = []
        options = {"keepempty": False, "consecutive": False}
        while cursor.here.kind in ("word", "quoted"):
            if at_option(cursor, _OPTIONS):
                token = cursor.here
                name, value = read_option(cursor, _OPTIONS)
                if name == "keepevents" and value:
                    cursor.refuse("replay's dedup does not keep the events that it empties", token)
                options |= {name: value} if name != "keepevents" else {}
            elif cursor.here.is_word("sortby"):
                cursor.refuse("replay's dedup does not sort", remedy="put sort before or behind it")
            else:
                fields.append(cursor.name())
            cursor.accept_op(",")
        refuse_options(cursor, ("sortby",), "put sort before or behind it")
        if not fields:
            cursor.fail("expected a field")
        return cls(segment, count, tuple(fields), **options)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return self.fields

    def run(self, rows: Table, run: Run) -> Table:
        """Keep the first *count* results of each combination; results that lack a field are dropped, unless keepempty."""
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
        empty = f"({absent})" if self.keepempty else "false"
        test = f"CASE WHEN {absent} THEN {empty} ELSE {first} <= {self.count} END"
        return run.stages.store(rows.columns, f"{rest} QUALIFY {test}")
