"""The rows of a test as a dataset that tstats reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from splreplay.cim import Dataset, kind
from splreplay.sql.values import Kind, identifier


class Rows(Dataset):
    """A dataset made from the table `rows`."""

    def query(self, fields: Iterable[str]) -> str:
        """Return all of it, whatever the fields."""
        return "SELECT * FROM rows"


def dataset(connection: duckdb.DuckDBPyConnection, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Rows:
    """Return *rows*, whose fields are *names*, as a dataset: `_time` is a number, everything else is text."""
    types = {Kind.NUMBER: pa.float64(), Kind.TEXT: pa.string()}
    columns = {name: pa.array([row.get(name) for row in rows], types[kind(name)]) for name in names}
    connection.register("rows", pa.table(columns))
    return Rows("Endpoint.Processes", {name: identifier(name) for name in names}, (), ())
