"""The results between the commands of a run, as tables in DuckDB.

Each stage is one table. It has a row for each result, a column for each field, and the column "#" for the order of the results.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import duckdb

from splreplay.spl.pipeline import Segment
from splreplay.sql.values import NOTHING, Kind, Sql, Value, as_text, cast, common_kind, identifier

ORDER = '"#"'
SAMPLE_ROWS = 1000


@dataclass(frozen=True)
class Table:
    """The results between two commands: an SQL table, its fields in order, and how many results there are."""

    name: str
    columns: Mapping[str, Sql]
    count: int

    def field(self, name: str) -> Sql:
        """Return the SQL of a field, NOTHING if no result has it."""
        return self.columns.get(name, NOTHING)

    def one_value(self, name: str, segment: Segment) -> Sql:
        """Return a field's SQL; UnsupportedError if it may have several values, for a command whose documents do not mention them."""
        value = self.field(name)
        if value.kind is Kind.MULTIVALUE:
            message = f"replay's {segment.name} does not read a multivalue field, as {name!r} is here"
            segment.refuse(message, "put mvexpand before it")
        return value


@dataclass
class Stages:
    """The stages of one run.

    Args:
        connection: Holds the events, and the stages.
        statements: The SQL that was run since the list was last emptied.
    """

    makes: ClassVar[bool] = True  # whether there are results, and not their SQL alone

    connection: duckdb.DuckDBPyConnection
    statements: list[str] = field(default_factory=list)
    _made: int = 0
    _stored: dict[str, Table] = field(default_factory=dict)

    def store(self, fields: Mapping[str, Sql], rest: str, order: str = ORDER) -> Table:
        """Return the stage `SELECT order AS "#", fields… rest`; the same query gives the same stage again.

        The tables that it reads never change, and searches often use a macro more than once.

        Args:
            fields: SQL of each field's value, in the order of the fields.
            rest: SQL from `FROM` on.
            order: SQL of the results' order; a window function where the command sorts.
        """
        names = _column_names(fields)
        kinds = {name: common_kind([value]) for name, value in fields.items()}
        listed = "".join(f", {cast(value, kinds[name])} AS {identifier(names[name])}" for name, value in fields.items())
        query = f'SELECT {order} AS "#"{listed} {rest}'
        columns = {name: Sql(identifier(names[name]), kinds[name]) for name in fields}
        stored = self._stored.get(query)
        if stored:
            self.statements.append(f"{stored.name}, which is the same")
            return replace(stored, columns=columns)
        self._stored[query] = created = self._create(query, columns)
        return created

    def with_fields(self, rows: Table, fields: Mapping[str, Sql]) -> Table:
        """Return the rows with *fields* added, or in the place of fields with these names."""
        return self.store({**rows.columns, **fields}, f"FROM {rows.name}")

    def keep(self, rows: Table, where: str) -> Table:
        """Return the rows for which *where* is true, with all their fields."""
        return self.store(rows.columns, f"FROM {rows.name} WHERE {where}")

    def named(self, rows: Table, columns: Mapping[str, Sql]) -> Table:
        """Return the results with these columns, under these names; a column that does not exist yet is made, empty."""
        if NOTHING in columns.values():
            return self.store(columns, f"FROM {rows.name}")
        return replace(rows, columns=columns)

    def union(self, first: Table, second: Table) -> Table:
        """Return the rows of *first* and then those of *second*, with the fields of both."""
        names = list(dict.fromkeys([*first.columns, *second.columns]))
        kinds = {name: common_kind([first.field(name), second.field(name)]) for name in names}

        def select(table: Table, part: int) -> str:
            cells = [cast(table.field(name), kinds[name]) for name in names]
            columns = "".join(f", {cell} AS c{number}" for number, cell in enumerate(cells))
            return f"SELECT {part} AS part, {ORDER} AS o{columns} FROM {table.name}"

        fields = {name: Sql(f"c{number}", kinds[name]) for number, name in enumerate(names)}
        rest = f"FROM ({select(first, 1)} UNION ALL {select(second, 2)})"
        return self.store(fields, rest, "row_number() OVER (ORDER BY part, o)")

    def first(self, rows: Table, count: int) -> Table:
        """Return the first *count* rows."""
        return self.store(rows.columns, f"FROM {rows.name} ORDER BY {ORDER} LIMIT {count}")

    def from_python(self, fields: Sequence[str], results: Iterable[Mapping[str, Value | None]]) -> Table:
        """Return a stage made of *results* (text, lists of text, or None for no value)."""
        import pyarrow as pa  # it takes a fifth of the program's start, and many runs do not need it

        listed = list(results)
        arrays: dict[str, Any] = {"#": pa.array(range(len(listed)), pa.int64())}
        columns: dict[str, Sql] = {}
        for name, column in _column_names(fields).items():
            cells = [result.get(name) for result in listed]
            multivalue = any(isinstance(cell, list) for cell in cells)
            if multivalue:
                cells = [[cell] if isinstance(cell, str) else cell for cell in cells]
            arrays[column] = pa.array(cells, pa.list_(pa.string()) if multivalue else pa.string())
            columns[name] = Sql(identifier(column), Kind.MULTIVALUE if multivalue else Kind.TEXT)
        self.connection.register("from_python", pa.table(arrays))
        table = self._create("SELECT * FROM from_python", columns)
        self.connection.unregister("from_python")
        return table

    def from_numbers(self, columns: Mapping[str, array[int] | array[float]]) -> Table:
        """Return a table of columns of numbers, without an order."""
        import pyarrow as pa

        self.connection.register("from_numbers", pa.table({name: pa.array(column) for name, column in columns.items()}))
        table = self._create(
            "SELECT * FROM from_numbers", {name: Sql(identifier(name), Kind.NUMBER) for name in columns}
        )
        self.connection.unregister("from_numbers")
        return table

    def _create(self, query: str, columns: Mapping[str, Sql]) -> Table:
        self._made += 1
        name = f"stage_{self._made}"
        statement = f"CREATE TEMP TABLE {name} AS {query}"
        self.statements.append(statement)
        return Table(name, columns, self.scalar(statement))

    def filled(self, rows: Table, fields: Collection[str]) -> set[str]:
        """Return those of *fields* that some result has."""
        filled: set[str] = set()
        limits = (f" LIMIT {SAMPLE_ROWS}", "") if rows.count > SAMPLE_ROWS else ("",)
        for limit in limits:  # most have a value near the start
            left = [name for name in fields if name not in filled and rows.field(name) != NOTHING]
            if left:
                counts = ", ".join(f"count({rows.field(name).text})" for name in left)
                [row] = self.connection.execute(f"SELECT {counts} FROM (FROM {rows.name}{limit})").fetchall()
                filled |= {name for name, count in zip(left, row, strict=True) if count}
        return filled

    def fetch(self, rows: Table) -> list[dict[str, Value]]:
        """Return the results as text, or lists of text where a field has several values; missing values are left out."""
        listed = [
            column.text if column.kind is Kind.MULTIVALUE else as_text(column) for column in rows.columns.values()
        ]
        query = f"SELECT {', '.join([ORDER, *listed])} FROM {rows.name} ORDER BY {ORDER}"
        results: list[dict[str, Value]] = []
        for _, *cells in self.connection.execute(query).fetchall():
            present = zip(rows.columns, cells, strict=True)
            results.append({name: _value(cell) for name, cell in present if cell is not None})
        return results

    def column(self, query: str) -> list[Any]:
        """Return the values of the one column of *query*."""
        return [value for (value,) in self.connection.execute(query).fetchall()]

    def scalar(self, query: str) -> Any:
        """Return the one value of *query*; for a query that creates a table, this is its number of rows."""
        # fetchall, because DuckDB refuses other work on a connection while a result has rows left.
        ((value,),) = self.connection.execute(query).fetchall()
        return value


class Compiled(Stages):
    """Stages that are compiled but never made: they have no results, so that a search can be tried without its cost."""

    makes: ClassVar[bool] = False

    def from_python(self, fields: Sequence[str], results: Iterable[Mapping[str, Value | None]]) -> Table:
        """Return a stage of these fields without the results."""
        several = {name for result in results for name, cell in result.items() if isinstance(cell, list)}
        kinds = {name: Kind.MULTIVALUE if name in several else Kind.TEXT for name in fields}
        columns = {name: Sql(identifier(column), kinds[name]) for name, column in _column_names(fields).items()}
        return self._create("", columns)

    def from_numbers(self, columns: Mapping[str, array[int] | array[float]]) -> Table:
        """Return a table of these columns without the numbers."""
        return self._create("", {name: Sql(identifier(name), Kind.NUMBER) for name in columns})

    def _create(self, query: str, columns: Mapping[str, Sql]) -> Table:
        self._made += 1
        return Table(f"stage_{self._made}", columns, 0)

    def fetch(self, rows: Table) -> list[dict[str, Value]]:
        """Return no result."""
        return []

    def column(self, query: str) -> list[Any]:
        """Return no value."""
        return []

    def scalar(self, query: str) -> Any:
        """Return no value."""
        return None


def _value(cell: str | list[str]) -> Value:
    """A multivalue field with one value is a single value."""
    return cell[0] if isinstance(cell, list) and len(cell) == 1 else cell


def _column_names(fields: Iterable[str]) -> dict[str, str]:
    """Return the column name of each field: the field's own name, with a number where two differ in case only, as SQL ignores case.

    No name starts with `#`, because commands use such names for columns of their own.
    """
    names: dict[str, str] = {}
    taken = {"#"}
    for name in fields:
        plain = name.replace("\0", "\ufffd")
        column = plain if plain and not plain.startswith("#") else f"~{plain}"
        number = 1
        while column.lower() in taken:
            number += 1
            column = f"{plain.lstrip('#')}~{number}"
        taken.add(column.lower())
        names[name] = column
    return names
