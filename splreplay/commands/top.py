"""top: the most frequent values of some fields, how often each occurs, and its share (Search Reference, "top")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from splreplay import limits
from splreplay.run.command import NONE, ORDER, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.run.groups import grouped
from splreplay.spl.options import Convert, at_option, boolean, count, read_count, read_options
from splreplay.sql.aggregates import Aggregate, parse_by
from splreplay.sql.values import Kind, Sql, as_text, literal

_OPTIONS: dict[str, Convert] = {
    "limit": count,
    "countfield": str,
    "percentfield": str,
    "otherstr": str,
    "showcount": boolean,
    "showperc": boolean,
    "useother": boolean,
}


@dataclass(frozen=True)
class Top(Transform):
    """`top [count] options fields BY fields`; a limit of 0 shows every value."""

    by_name = True
    order: ClassVar[str] = "DESC"  # of the counts

    fields: tuple[str, ...]
    by: tuple[str, ...]
    limit: int = 10
    countfield: str = "count"
    percentfield: str = "percent"
    otherstr: str = "OTHER"
    showcount: bool = True
    showperc: bool = True
    useother: bool = False

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Self:
        """Read the count, the options, which may stand between and behind the fields too, the fields and the by-clause.

        Raises:
            SplSyntaxError: If no field is named.
            UnsupportedError: For a wildcard, and where a field is called as the count or the share.
        """
        options: dict[str, Any] = {}
        if (number := read_count(cursor, segment.name)) is not None:
            options["limit"] = number
        fields: list[str] = []
        start = cursor.here
        while cursor.here.kind in ("word", "quoted") and not cursor.here.is_word("by"):
            if at_option(cursor, _OPTIONS):
                options |= read_options(cursor, _OPTIONS)
            else:
                fields.append(cursor.name())
            cursor.skip_commas()
        by = parse_by(cursor, _OPTIONS)
        options |= read_options(cursor, _OPTIONS)
        if not fields:
            cursor.fail("expected a field", remedy=f"write: {segment.name} field")
        command = cls(segment, tuple(fields), by, **options)
        taken = {*fields, *by}
        if any("*" in name for name in taken):
            cursor.refuse(f"replay's {segment.name} takes no wildcard", start, "name the fields")
        for option in ("countfield", "percentfield"):
            if (name := getattr(command, option)) in taken:
                cursor.refuse(f"two outputs are called {name!r}", start, f"give one another name: {option}=…")
            taken.add(name)
        return command

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (*self.fields, *self.by)

    def behind(self, before: Outputs) -> Outputs:
        made = [self.countfield] * self.showcount + [self.percentfield] * self.showperc
        return NONE.plus([*(name for name in (*self.by, *self.fields) if before.may_have(name)), *made])

    def run(self, rows: Table, run: Run) -> Table:
        """Return the values of each group, the first first; of equally frequent ones the first in the order of `sort` †.

        Only results that have all the fields count, in the share too †. With useother=true the others of a group are one more
        result, if there are any.
        """
        keys = (*self.by, *self.fields)
        counted = Aggregate("count", None, self.countfield, self.segment.cursor().here)
        values = grouped(self.segment, (counted,), keys, rows, run)
        number = values.field(self.countfield).text
        group = ", ".join(values.field(name).text for name in self.by) or "1"
        place = f"row_number() OVER (PARTITION BY {group} ORDER BY {number} {self.order}, {ORDER})"
        of_group = f"PARTITION BY {group}"
        ranked = (
            f'SELECT *, {place} AS "#place", sum({number}) OVER ({of_group}) AS "#all", '
            f'min({ORDER}) OVER ({of_group}) AS "#group" FROM {values.name}'
        )
        fields = {name: values.field(name) for name in keys}
        if self.limit and self.useother:
            fields |= {name: self._or_other(values.field(name)) for name in self.fields}
            fields = {name: Sql(f"any_value({value.text})", value.kind) for name, value in fields.items()}
            rest = f'FROM ({ranked}) GROUP BY "#group", least("#place", {self.limit + 1})'
            number, place, of_all = f"sum({number})", 'min("#place")', 'any_value("#all")'
        else:
            rest = f"FROM ({ranked})" + f' WHERE "#place" <= {self.limit}' * bool(self.limit)
            place, of_all = '"#place"', '"#all"'
        if self.showcount:
            fields[self.countfield] = Sql(number, Kind.NUMBER)
        if self.showperc:
            # Six digits behind the point, zeros too †.
            fields[self.percentfield] = Sql(f"format('{{:.6f}}', 100 * {number} / {of_all})", Kind.TEXT)
        found = run.stages.store(fields, rest, f'row_number() OVER (ORDER BY "#group", {place})')
        if found.count <= limits.TOP_MAX:
            return found
        run.say(
            "limit", f"{self.segment.name} kept {limits.TOP_MAX:,} of {found.count:,} results, which is Splunk's limit"
        )
        return run.stages.first(found, limits.TOP_MAX)

    def _or_other(self, value: Sql) -> Sql:
        text = f'CASE WHEN "#place" > {self.limit} THEN {literal(self.otherstr)} ELSE {as_text(value)} END'
        return Sql(text, Kind.TEXT)
