"""join: add the fields of a subsearch's results to the results with the same key (Search Reference, "join")."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from splreplay import limits
from splreplay.run.command import ORDER, Cursor, Outputs, Run, Segment, Table, WithSubsearch, outputs
from splreplay.run.execute import subsearch
from splreplay.spl.options import boolean, choice, count, read_options
from splreplay.spl.tokens import Token
from splreplay.sql.values import Kind, Sql, as_number, as_text

_OPTIONS = {
    "type": choice("inner", "outer", "left"),
    "usetime": boolean,
    "earlier": boolean,
    "overwrite": boolean,
    "max": count,
}


@dataclass(frozen=True)
class Join(WithSubsearch):
    """`join options fields [subsearch]`."""

    fields: tuple[str, ...]
    type: str
    usetime: bool
    earlier: bool
    overwrite: bool
    max: int
    fields_token: Token = dataclasses.field(repr=False, compare=False)

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Join:
        """Read the options, before or behind the fields, the fields, and the subsearch.

        Raises:
            UnsupportedError: For the form with aliases (`left=L right=R where L.a = R.b`) and for datasets.
        """
        options = {"type": "inner", "usetime": False, "earlier": True, "overwrite": True, "max": 1}
        options |= read_options(cursor, _OPTIONS)
        if cursor.here.is_word("left", "right") and cursor.ahead().is_op("="):
            cursor.refuse("replay's join takes field names, not left= and right=", remedy="rename the key on one side")
        token = cursor.here
        fields: list[str] = []
        while cursor.here.kind in ("word", "quoted"):
            options |= read_options(cursor, _OPTIONS)
            if cursor.here.kind in ("word", "quoted"):
                fields.append(cursor.name())
            cursor.accept_op(",")
        if cursor.here.kind != "subsearch":
            cursor.refuse("replay's join needs a subsearch", remedy="write: join key [| tstats …]")
        inner = cursor.subsearch(cursor.take())
        return cls(segment, inner, tuple(fields), fields_token=token, **options)  # type: ignore[arg-type]

    def uses(self, needed: bool = False) -> Iterable[str]:
        return self.fields

    def origin(self, name: str, before: Outputs) -> str | None:
        return name if name in self.fields or not outputs(self.subsearch).may_have(name) else None

    def run(self, rows: Table, run: Run) -> Table:
        """Return the joined results, ordered by the left results and then by the right ones."""
        right = subsearch(self.subsearch, limits.JOIN_MAXOUT, "join", run)
        keys = self.fields or tuple(name for name in rows.columns if name in right.columns and name[0] != "_")
        pairs = [(self._key(rows.field(name)), self._key(right.field(name))) for name in keys]
        on = " AND ".join(f'l."#k{number}" = r."#k{number}"' for number in range(len(pairs))) or "false"
        if self.usetime:
            l_time, r_time = as_number(rows.field("_time")), as_number(right.field("_time"))
            on += f' AND r."#t" {"<=" if self.earlier else ">="} l."#t"'
        else:
            l_time = r_time = "0"

        left_sql = self._side(rows, [a for a, _ in pairs], l_time)
        right_sql = self._side(right, [b for _, b in pairs], r_time)
        kept = f' QUALIFY row_number() OVER (PARTITION BY l."#" ORDER BY r."#") <= {self.max}' if self.max else ""
        how = "JOIN" if self.type == "inner" else "LEFT JOIN"
        self._warn_of_max(run, left_sql, right_sql, on)

        fields = {name: column.of("l") for name, column in rows.columns.items()}
        for name, column in right.columns.items():
            mine = column.of("r")
            if name not in fields:
                fields[name] = mine
            elif name not in keys:
                fields[name] = mine.or_else(fields[name]) if self.overwrite else fields[name].or_else(mine)
        rest = f"FROM ({left_sql}) l {how} ({right_sql}) r ON {on}{kept}"
        return run.stages.store(fields, rest, 'row_number() OVER (ORDER BY l."#", r."#")')

    def _key(self, key: Sql) -> str:
        if key.kind is Kind.MULTIVALUE:
            message = "replay does not join on a multivalue field: how Splunk does is not documented"
            self.segment.refuse(message, "put mvexpand before the join", self.fields_token)
        return as_text(key)

    @staticmethod
    def _side(table: Table, keys: list[str], time: str) -> str:
        columns = "".join(f', {key} AS "#k{number}"' for number, key in enumerate(keys))
        return f'SELECT *, {time} AS "#t"{columns} FROM {table.name}'

    def _warn_of_max(self, run: Run, left_sql: str, right_sql: str, on: str) -> None:
        """Add a notice of how many matches `max` drops: authors often forget its default of 1."""
        if not self.max:
            return
        matches = f"SELECT count(*) AS n FROM ({left_sql}) l JOIN ({right_sql}) r ON {on} GROUP BY l.{ORDER}"
        dropped = run.stages.scalar(f"SELECT coalesce(sum(greatest(n - {self.max}, 0)), 0) FROM ({matches})")
        if dropped:
            run.say(
                "limit", f"join kept at most max={self.max} match for each result; {int(dropped):,} more were dropped"
            )
