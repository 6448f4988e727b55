"""The events of a recording as a database file that several processes read: a data model that searches read is computed once.

Events that lie in files stay there, because to copy them takes longer than all searches of events save by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

from splreplay import cim
from splreplay.cim.dataset import Stored
from splreplay.logs.names import name_of
from splreplay.logs.report import LoadReport
from splreplay.recording import Recording, connect
from splreplay.sql.values import Sql, identifier, literal

_NAME = "settled"


def settle(recording: Recording, addon: str, datasets: Collection[str], file: Path) -> None:
    """Write the events, or where they lie, and those *datasets* that some event fills into a database *file*."""
    connection = recording.connection
    connection.execute(f"ATTACH {literal(str(file))} AS {_NAME}")
    views = connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'event'").fetchall()
    for (sql,) in views:
        connection.execute(f"CREATE VIEW {_NAME}.event AS {sql.partition(' AS ')[2]}")
    if not views:
        connection.execute(f"CREATE TABLE {_NAME}.event AS FROM event")
    there = {name_of(column) for column in recording.facts.columns}
    for name, dataset in recording.datasets(addon).items():
        if name in datasets and dataset.in_log:
            # A field that no search reads may be made of values that were not kept.
            fields = [field for field in (*dataset.columns, "nodename") if dataset.reads([field]) <= there]
            connection.execute(f"CREATE TABLE {_NAME}.{identifier(name)} AS {dataset.query(fields)}")
    connection.execute(f"DETACH {_NAME}")


def settled(file: Path, report: LoadReport, addon: str, folder: Path, share: int) -> Recording:
    """Return the recording that *file* holds, for one process of *share* that read it: each has one thread and its part of the memory."""
    connection = connect(folder, share)
    connection.execute(f"ATTACH {literal(str(file))} AS {_NAME} (READ_ONLY)")
    connection.execute(f"CREATE VIEW event AS FROM {_NAME}.event")
    recording = Recording(connection, report)
    tables: dict[str, list[str]] = defaultdict(list)
    columns = f"SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = '{_NAME}'"
    for table, column in recording.facts.all(columns):
        tables[table].append(column)
    plain = cim.datasets(recording.facts.kinds, addon)
    kept = {name: _stored(dataset, tables[name]) if name in tables else dataset for name, dataset in plain.items()}
    recording.facts.once(("datasets", addon), lambda: kept)
    return recording


def _stored(dataset: cim.Dataset, columns: Iterable[str]) -> Stored:
    values = {name: Sql(identifier(name), dataset.kind(name)) for name in columns}
    return Stored(
        dataset.name,
        dataset.columns,
        dataset.fill,
        dataset.in_log,
        dataset.constraint,
        dataset.children,
        table=f"{_NAME}.{identifier(dataset.name)}",
        values=values,
    )
