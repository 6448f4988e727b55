"""xyseries: a table of one field by another, of values that were grouped before (Search Reference, "xyseries")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import NONE, ORDER, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.run.series import check_columns, shown_name
from splreplay.spl.options import Convert, boolean, read_options
from splreplay.sql.values import Kind, Sql, as_number, as_text, literal

_OPTIONS: dict[str, Convert] = {"grouped": boolean, "sep": str, "format": str}


@dataclass(frozen=True)
class XySeries(Transform):
    """`xyseries [grouped=] x y_name y_data… [sep=] [format=]`."""

    by_name = True

    x: str
    y: str
    data: tuple[str, ...]
    format: str = "$AGG$: $VAL$"

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> XySeries:
        """Read the fields, and the options before and behind them.

        Raises:
            UnsupportedError: For grouped=true, which leaves rows apart that have the same x.
        """
        start = cursor.here
        options = read_options(cursor, _OPTIONS)
        fields = cursor.names()
        while cursor.here.is_op("=") and len(fields) > 1:  # the last name is that of an option
            cursor.position -= 1
            fields.pop()
            before = cursor.position
            options |= read_options(cursor, _OPTIONS)
            if cursor.position == before:
                cursor.fail("xyseries has no such option")
        if options.get("grouped"):
            cursor.refuse("replay's xyseries does not run grouped=true", start, f"put sort 0 {fields[0]} before it")
        if len(fields) < 3:
            cursor.fail("xyseries needs three fields", remedy="write: xyseries row column value")
        if any("*" in name for name in fields):
            cursor.refuse("replay's xyseries takes no wildcard", start, "name the fields")
        x, y, *data = fields
        form = options.get("format", f"$AGG${options['sep']}$VAL$" if "sep" in options else cls.format)
        return cls(segment, x, y, tuple(dict.fromkeys(data)), form)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.x, self.y, *self.data)

    def behind(self, before: Outputs) -> Outputs:
        return NONE.plus([self.x] if before.may_have(self.x) else []).opened()  # a column for each value

    def run(self, rows: Table, run: Run) -> Table:
        """Return one result for each value of x, in the order of `sort` †, with a column for each value of y, by name †.

        Of several results for one cell it has the last one's value †. With several data fields a column is called
        `data: value`, or as sep= or format= say.
        """
        x, y = rows.one_value(self.x, self.segment), rows.one_value(self.y, self.segment)
        name, key = shown_name(as_text(y), self.x), x.text if x.kind is Kind.NUMBER else as_text(x)
        kind = Kind.NUMBER if x.kind is Kind.NUMBER else Kind.TEXT
        present = f"{key} IS NOT NULL AND {name} IS NOT NULL"
        names = run.stages.column(f"SELECT DISTINCT {name} AS n FROM {rows.name} WHERE {present} ORDER BY n")
        check_columns(self.segment, len(names) * len(self.data))
        cells = {}
        for field in self.data:
            value = rows.field(field)
            for one in names:
                there = f"{name} = {literal(one)} AND {value.text} IS NOT NULL"
                last = (
                    f"arg_max({value.text}, {ORDER}) FILTER (WHERE {there})"
                    if value.kind is not Kind.NOTHING
                    else "NULL"
                )
                cells[self._column(field, one)] = Sql(last, value.kind)
        fields = {self.x: Sql(key, kind), **cells}
        order = f"row_number() OVER (ORDER BY {as_number(Sql(key, kind))}, {key})"
        return run.stages.store(fields, f"FROM {rows.name} WHERE {present} GROUP BY {key}", order)

    def _column(self, field: str, value: str) -> str:
        if len(self.data) == 1:
            return value
        parts = {"$AGG$": field, "$VAL$": value}
        return re.sub(r"\$(?:AGG|VAL)\$", lambda part: parts[part.group()], self.format)
