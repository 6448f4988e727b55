"""One log, read into its Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from splreplay.errors import DataError
from splreplay.logs import clock, formats, table
from splreplay.logs.events import Columns, Item
from splreplay.logs.names import MAX_NAMES, Wanted
from splreplay.logs.opening import Log, peek
from splreplay.logs.report import BadEvent, FileReport


def read(path: str, wanted: Wanted, folder: Path, progress: Callable[[Log], None]) -> FileReport:
    """Read the log at *path* into Parquet files in *folder*; DataError where it cannot be read, or holds no event."""
    log, columns = Log(path), Columns(wanted)
    format_ = formats.recognised(log)
    head, log.blocks = peek(log.blocks)
    warning = clock.apart(log, format_, head)
    del head

    def items() -> Iterator[Item]:
        for item in format_.read(log, columns):
            progress(log)
            yield item

    try:
        counts, bad = table.write(items(), folder)
    except OSError as error:
        raise DataError(f"its events cannot be written to {folder}: {error}", path) from None
    if log.flaw:
        bad.count += 1
        bad.listed.append(BadEvent("end", log.flaw))
    if not counts:
        if not bad.count:
            raise DataError("this log holds no events", path)
        seen = f"at {bad.listed[0].place}: {bad.listed[0].reason}"
        raise DataError(f"no Windows event was found in this file ({seen}); {format_.EXPECTED}", path)
    if columns.left_out:
        names = ", ".join(repr(name[:40]) for name in sorted(columns.left_out)[:3])
        more = f"its events have more names of values than the {MAX_NAMES:,} that are kept; left out are {names} …"
        warning = "; ".join(filter(None, (warning, more)))
    return FileReport(path, format_.NAME, counts, bad.count, tuple(bad.listed), warning)
