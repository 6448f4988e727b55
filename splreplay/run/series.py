"""Series: the values of a field as columns of their own, as chart and timechart show them (Search Reference, "chart")."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay import limits
from splreplay.run import Run
from splreplay.run.groups import grouped
from splreplay.run.stages import ORDER, Table
from splreplay.spl.pipeline import Segment
from splreplay.sql.aggregates import Aggregate
from splreplay.sql.values import Kind, Sql, as_number, as_text, literal

OTHER, NULL = "OTHER", "NULL"


@dataclass(frozen=True)
class Series:
    """One aggregate, split by a field.

    Args:
        segment: The command.
        aggregate: What is shown.
        field: The field whose values are the series.
        limit: How many series are kept; 0 keeps every one.
        least: Whether the series with the least sums are kept, and not those with the largest.
        other: The name of what is in no series that is kept; None leaves it out.
        null: The name of what has no value of the field; None leaves it out.
    """

    segment: Segment
    aggregate: Aggregate
    field: str
    limit: int = 10
    least: bool = False
    other: str | None = OTHER
    null: str | None = NULL

    def columns(self, row: str, rows: Table, run: Run) -> tuple[Table, dict[str, Sql]]:
        """Return a table, and the aggregates that make the series of it where it is grouped by the field *row*, by their names.

        The series stand in the order of their names, those for several values or none behind the others †.
        """
        key = self._unused(rows)
        groups = grouped(self.segment, (self.aggregate,), (row, key), self._named(row, key, rows, run), run)
        series = groups.field(key).text
        behind = ", ".join(literal(name) for name in (self.other, self.null) if name is not None) or "NULL"
        query = f"SELECT {series} FROM {groups.name} GROUP BY 1 ORDER BY coalesce({series} IN ({behind}), false), 1"
        names = run.stages.column(query)
        check_columns(self.segment, len(names))
        return groups, {name: cell(self.aggregate, groups, f"{series} = {literal(name)}") for name in names}

    def _unused(self, rows: Table) -> str:
        """Return a name for the series beside the results' own fields, because the aggregate may read the field that is split."""
        name = "series"
        while name in rows.columns or name == self.aggregate.alias:
            name += "_"
        return name

    def _named(self, row: str, key: str, rows: Table, run: Run) -> Table:
        """Return *rows* with the name of its series as each one's field *key*, none where it is in no series."""
        field = rows.field(self.field)
        if field.kind is Kind.MULTIVALUE:
            name = self.segment.name
            self.segment.refuse(f"replay's {name} does not split by a multivalue field", "put mvexpand before it")
        rows = run.stages.with_fields(rows, {key: Sql(shown_name(as_text(field), row), Kind.TEXT)})
        series = rows.field(key).text
        kept = ", ".join(map(literal, self._kept(row, key, rows, run))) or "NULL"
        other, null = (literal(name) if name is not None else "NULL" for name in (self.other, self.null))
        named = f"CASE WHEN {series} IS NULL THEN {null} WHEN {series} IN ({kept}) THEN {series} ELSE {other} END"
        return run.stages.with_fields(rows, {key: Sql(named, Kind.TEXT)})

    def _kept(self, row: str, key: str, rows: Table, run: Run) -> list[str]:
        """Return the series with the largest, or the least, sums of what is shown, as many as the limit says."""
        groups = grouped(self.segment, (self.aggregate,), (row, key), rows, run)
        series, value = groups.field(key).text, as_number(groups.field(self.aggregate.alias))
        way = "ASC" if self.least else "DESC"
        query = f"SELECT {series} FROM {groups.name} GROUP BY 1 ORDER BY sum({value}) {way} NULLS LAST, 1"
        query += f" LIMIT {self.limit}" if self.limit else ""
        return run.stages.column(query)


def shown_name(text: str, row: str) -> str:
    """Return SQL for the name of the column of a value, *text*; *row* is the field of the rows.

    Splunk hides fields that start with an underscore, so such a value gets a name that does not †; and so does one that would hide
    the field of the rows †.
    """
    hidden = f"starts_with({text}, '_') OR {text} = {literal(row)}"
    return f"CASE WHEN {hidden} THEN 'VALUE' || {text} ELSE {text} END"


def cell(aggregate: Aggregate, groups: Table, where: str = "true") -> Sql:
    """Return what *aggregate* is in a row: where there is nothing, a count is 0 and all else is empty."""
    value = groups.field(aggregate.alias)
    text = f"any_value({value.text}) FILTER (WHERE {where})"
    return Sql(f"coalesce({text}, 0)" if aggregate.function in ("count", "dc") else text, value.kind)


def rows_of(groups: Table, row: str, cells: dict[str, Sql], run: Run) -> Table:
    """Return one result for each value of the field *row*, in their order, with *cells* as its other fields."""
    key = groups.field(row)
    fields = {row: Sql(f"any_value({key.text})", key.kind), **cells}
    return run.stages.store(fields, f"FROM {groups.name} GROUP BY {key.text}", f"min({ORDER})")


def check_columns(segment: Segment, count: int) -> None:
    """Refuse to make more columns of values than a table can be worked with."""
    if count > limits.COLUMNS:
        segment.refuse(
            f"replay's {segment.name} makes at most {limits.COLUMNS:,} columns, and these values would make {count:,}",
            f"keep fewer of them before it: | head {limits.COLUMNS}",
        )
