"""One log, read into its Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from splreplay.errors import DataError
from splreplay.logs import formats, table
from splreplay.logs.events import Item
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent, FileReport


def read(path: str, fields: Sequence[str], file: Path, progress: Callable[[Log], None]) -> FileReport:
    """Read the log at *path* into the Parquet file *file*; DataError where it cannot be read, or holds no event."""
    log = Log(path)
    format_ = formats.recognised(log)

    def items() -> Iterator[Item]:
        for item in format_.read(log, fields):
            progress(log)
            yield item

    try:
        counts, bad = table.write(items(), file)
    except OSError as error:
        raise DataError(f"its events cannot be written to {file}: {error}", path) from None
    if log.flaw:
        bad.count += 1
        bad.listed.append(BadEvent("end", log.flaw))
    if not counts:
        seen = f" (at {bad.listed[0].place}: {bad.listed[0].reason})" if bad.listed else ""
        raise DataError(f"no Windows event was found in this file{seen}; {format_.EXPECTED}", path)
    return FileReport(path, format_.NAME, counts, bad.count, tuple(bad.listed))
