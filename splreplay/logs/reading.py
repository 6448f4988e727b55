"""Logs, read into a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from splreplay.errors import DataError
from splreplay.logs import formats
from splreplay.logs.clock import WANTED, Clock
from splreplay.logs.events import Columns, Item
from splreplay.logs.names import MAX_NAMES, Wanted
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent, BadEvents, FileReport
from splreplay.logs.table import Table
from splreplay.sql.values import literal


class Reader:
    """Reads logs into one table in a folder."""

    def __init__(self, wanted: Wanted, folder: Path, progress: Callable[[Log], None]) -> None:
        """Prepare the table; OSError, here and later, where it cannot be written."""
        self._wanted, self._progress = wanted, progress
        self._table = Table(folder / "events")

    def read(self, path: str) -> FileReport:
        """Read the log at *path*; DataError where it cannot be read, or holds no event."""
        return read(path, self._wanted, self._table, self._progress, named=True)

    @property
    def files(self) -> int:
        """How many files the rows are in."""
        return len(self._table.complete())

    def rows(self) -> str:
        """Complete the table, and return the SQL of all events."""
        files = ", ".join(literal(str(part)) for part in self._table.complete())
        return f"FROM read_parquet([{files}], union_by_name = true)"


def read(path: str, wanted: Wanted, table: Table, progress: Callable[[Log], None], *, named: bool) -> FileReport:
    """Read the log at *path* into a table, where each event has the path if it is *named*.

    Raises:
        DataError: Where the log cannot be read, or holds no event; the table is as before.
        OSError: Where the table cannot be written.
    """
    log, columns, clock = Log(path), Columns(wanted if wanted.every else wanted | WANTED), Clock()
    format_ = formats.recognised(log)

    def items() -> Iterator[Item]:
        for item in format_.read(log, columns):
            progress(log)
            if not isinstance(item, BadEvents):
                clock.see(item)
            yield item

    counts, bad = table.add(items(), path if named else None)
    if log.flaw:
        bad.count += 1
        bad.listed.append(BadEvent("end", log.flaw))
    if not counts:
        if not bad.count:
            raise DataError("this log holds no events", path)
        seen = f"at {bad.listed[0].place}: {bad.listed[0].reason}"
        raise DataError(f"no Windows event was found in this file ({seen}); {format_.EXPECTED}", path)
    warning = clock.apart
    if columns.left_out:
        names = ", ".join(repr(name[:40]) for name in sorted(columns.left_out)[:3])
        more = f"its events have more names of values than the {MAX_NAMES:,} that are kept; left out are {names} …"
        warning = "; ".join(filter(None, (warning, more)))
    return FileReport(path, format_.NAME, counts, bad.count, tuple(bad.listed), warning)
