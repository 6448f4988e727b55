"""One run of a search: its rows stage by stage in DuckDB, its warnings, and what --explain shows.

A stage is a table: one row per result, one column per field, and the column "#" for the order of the results.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from splreplay.cim import Dataset
from splreplay.cim.blind import Deciding
from splreplay.errors import SplError, UnsupportedError
from splreplay.run import chunked
from splreplay.spl.pipeline import Segment
from splreplay.sql.values import NOTHING, Kind, Sql, Value, as_text, cast, common_kind, identifier

if TYPE_CHECKING:
    from splreplay.app import App
    from splreplay.commands import Command, Pipeline

# What RE2 says of a pattern that may be right elsewhere.
_NOT_RE2 = ("invalid perl operator", "invalid escape sequence", "bad repetition operator")
_PATTERN_HINT = "replay's regular expressions are RE2's, and that is what it says of the pattern"
_REGEX_HINT = "replay's regular expressions are RE2's: no look-around, no back-references, no possessive quantifiers"
ORDER = '"#"'


@dataclass(frozen=True)
class Table:
    """The results between two commands: an SQL table, its fields in order, and how many results there are."""

    name: str
    columns: Mapping[str, Sql]
    count: int

    def field(self, name: str) -> Sql:
        """Return the SQL of a field, NOTHING if no result has it."""
        return self.columns.get(name, NOTHING)

    def named(self, columns: Mapping[str, Sql], run: Run) -> Table:
        """Return the results with some of their columns, under the names that fields now have; an empty column is made."""
        if NOTHING in columns.values():
            return run.store(columns, f"FROM {self.name}")
        return replace(self, columns=columns)


@dataclass(frozen=True)
class Step:
    """What one command did, for --explain."""

    depth: int
    source: str
    node: str
    statements: tuple[str, ...]
    rows: int


@dataclass
class Run:
    """Everything that the commands of one run share.

    Args:
        connection: Holds the events, and the stages.
        app: Whose macros, saved searches, lookups and commands are used.
        datamodels: The datasets, by name ("Endpoint.Processes").
        now: The time of the run, epoch seconds.
        earliest: Start of the time range, epoch seconds, or None for all time.
        latest: End of the time range (exclusive), or None.
        python: The interpreter that custom commands are run with; without one they leave the results as they are,
            which is enough to plan a search.
        collect: The folder of the summary indexes, or None where nothing may be written.
        shared: The datasets that the search reads more than once, and the fields that it reads of each.
        started: The processes of custom commands that were started before their turn, by the command's id().
        written: The files that were written there; a run that fails takes them away again.
    """

    connection: duckdb.DuckDBPyConnection
    app: App
    datamodels: Mapping[str, Dataset]
    now: float
    earliest: float | None = None
    latest: float | None = None
    python: str | None = None
    collect: Path | None = None
    shared: Mapping[str, Collection[str]] = field(default_factory=dict)
    started: dict[int, chunked.Command] = field(default_factory=dict)
    written: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)
    decided_by: dict[str, Deciding] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    depth: int = 0
    _stages: int = 0
    _stored: dict[str, Table] = field(default_factory=dict)
    _statements: list[str] = field(default_factory=list)

    def execute(self, pipeline: Pipeline, rows: Table | None = None) -> Table:
        """Return the results of *pipeline*, each command fed with what the one before it left; an error leaves no file."""
        try:
            for command in pipeline:
                rows = self._execute(command, rows)
        except BaseException:  # an interrupt too
            while self.written:
                self.written.pop().unlink(missing_ok=True)
            raise
        assert rows is not None, "a pipeline has at least one command"
        return rows

    def _execute(self, command: Command, rows: Table | None) -> Table:
        outer, self._statements = self._statements, []
        place = len(self.steps)
        try:
            rows = command.run(rows, self)
        except duckdb.Error as error:
            raise self.refused(command.segment, error) from error
        except SplError as error:
            error.place(command.segment.span())
            raise
        step = Step(self.depth, command.segment.source, repr(command), tuple(self._statements), rows.count)
        self.steps.insert(place, step)  # before those of its subsearches
        self._statements = outer
        return rows

    def nested(self, pipeline: Pipeline) -> Table:
        """Return the results of a search inside this one."""
        self.depth += 1
        rows = self.execute(pipeline)
        self.depth -= 1
        return rows

    def subsearch(self, pipeline: Pipeline, maxout: int, what: str) -> Table:
        """Return at most *maxout* results of a subsearch; warns when there were more."""
        rows = self.nested(pipeline)
        if rows.count > maxout:
            self.limit(
                f"{what} kept {maxout:,} of {rows.count:,} rows of its subsearch; "
                f"{rows.count - maxout:,} were dropped without a trace, as Splunk's limit does"
            )
            return self.first(rows, maxout)
        return rows

    def search_info(self) -> dict[str, Any]:
        """Return what a custom command is told about the search."""
        return {
            "sid": "replay",
            "search": "",
            "earliest_time": str(self.earliest or 0),
            "latest_time": str(self.latest or 0),
            "app": self.app.folder.name,
            "owner": "replay",
            "username": "replay",
            "splunk_version": "0",
            "dispatch_dir": "",
            "session_key": "",
            "splunkd_uri": "",
        }

    def warn(self, text: str) -> None:
        """Add a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def limit(self, text: str) -> None:
        """Add the warning that a limit of Splunk's cost results."""
        self.warn(text)
        self.limits.append(text)

    def decides(self, dataset: str, tested: Iterable[str], grouped: Iterable[str]) -> None:
        """Note that a command read *dataset*, tested some of its fields, and lost rows for want of others."""
        deciding = self.decided_by.setdefault(dataset, Deciding())
        deciding.tested.update(tested)
        deciding.grouped.update(grouped)

    # Stages

    def store(self, fields: Mapping[str, Sql], rest: str, order: str = ORDER) -> Table:
        """Return the stage `SELECT order AS "#", fields… rest`: that which is there, where the same was asked before.

        What it reads does not change, and searches name a macro more than once.

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
            self._statements.append(f"{stored.name}, which is the same")
            return replace(stored, columns=columns)
        self._stored[query] = created = self._create(query, columns)
        return created

    def keep(self, rows: Table, where: str) -> Table:
        """Return the rows for which *where* is true, all fields as they are."""
        return self.store(rows.columns, f"FROM {rows.name} WHERE {where}")

    def first(self, rows: Table, count: int) -> Table:
        """Return the first *count* rows."""
        return self.store(rows.columns, f"FROM {rows.name} ORDER BY {ORDER} LIMIT {count}")

    def from_python(self, fields: Sequence[str], results: Iterable[Mapping[str, Value | None]]) -> Table:
        """Return a stage made of *results* (text, lists of text, or None for no value)."""
        listed = list(results)
        arrays: dict[str, pa.Array] = {"#": pa.array(range(len(listed)), pa.int64())}
        columns: dict[str, Sql] = {}
        for name, column in _column_names(fields).items():
            cells = [result.get(name) for result in listed]
            multivalue = any(isinstance(cell, list) for cell in cells)
            if multivalue:
                cells = [[cell] if isinstance(cell, str) else cell for cell in cells]
            arrays[column] = pa.array(cells, pa.list_(pa.string()) if multivalue else pa.string())
            columns[name] = Sql(identifier(column), Kind.MULTIVALUE if multivalue else Kind.TEXT)
        self.connection.register("from_python", pa.table(arrays))
        found = self._create("SELECT * FROM from_python", columns)
        self.connection.unregister("from_python")
        return found

    def _create(self, query: str, columns: Mapping[str, Sql]) -> Table:
        self._stages += 1
        name = f"stage_{self._stages}"
        statement = f"CREATE TEMP TABLE {name} AS {query}"
        self._statements.append(statement)
        return Table(name, columns, self.scalar(statement))

    def fetch(self, rows: Table) -> list[dict[str, Value]]:
        """Return the results as text, lists of text where a field has several values; absent values are left out."""
        listed = [
            column.text if column.kind is Kind.MULTIVALUE else as_text(column) for column in rows.columns.values()
        ]
        query = f"SELECT {', '.join([ORDER, *listed])} FROM {rows.name} ORDER BY {ORDER}"
        found: list[dict[str, Value]] = []
        for _, *cells in self.connection.execute(query).fetchall():
            present = zip(rows.columns, cells, strict=True)
            found.append({name: _value(cell) for name, cell in present if cell is not None})
        return found

    def scalar(self, query: str) -> Any:
        """Return the one value that *query* yields: of one that creates a table, how many rows it has."""
        # All of it: DuckDB refuses other work on a connection while a result has rows left to ask for.
        ((value,),) = self.connection.execute(query).fetchall()
        return value

    def refused(self, segment: Segment, error: duckdb.Error) -> UnsupportedError:
        """Return our error for one that DuckDB raised while *segment* ran."""
        said = str(error).splitlines()[0]
        reason = said.removeprefix("Invalid Input Error: ")  # as which comes what RE2 raises
        message = f"{segment.name} could not be run: {reason}"
        remedy = "" if reason == said else _REGEX_HINT if reason.startswith(_NOT_RE2) else _PATTERN_HINT
        return UnsupportedError(message, remedy, segment.span())


def _value(cell: str | list[str]) -> Value:
    """A multivalue field with one value is a single value."""
    return cell[0] if isinstance(cell, list) and len(cell) == 1 else cell


def _column_names(fields: Iterable[str]) -> dict[str, str]:
    """Return the name of each field's column: its own, numbered where SQL, blind to case, would confuse two.

    None starts with `#`: those are the names that the commands make up.
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
