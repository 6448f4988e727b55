"""Rows of a test as a dataset that tstats reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from replay.cim import Dataset
from replay.sql.values import Kind


class Rows(Dataset):
    """A dataset that is made of the table `rows`."""

    def query(self, fields: Iterable[str]) -> str:
        """Return all of it, whatever the fields."""
        return "SELECT * FROM rows"


def dataset(connection: duckdb.DuckDBPyConnection, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Rows:
    """Return *rows*, whose fields are *names*, as a dataset: `_time` is a number, all else text."""
    kinds = {name: Kind.NUMBER if name == "_time" else Kind.TEXT for name in names}
    types = {Kind.NUMBER: pa.float64(), Kind.TEXT: pa.string()}
    columns = {name: pa.array([row.get(name) for row in rows], types[kind]) for name, kind in kinds.items()}
    connection.register("rows", pa.table(columns))
    return Rows({}, kinds, (), ())
