"""A folder of tables that later runs over the same logs use again.

A table is named after the bytes of the log and the code that read them. Its entry, a file beside its parts, has the report and
the digest of all, and is written last. A table that is incomplete, damaged or from elsewhere does not match its entry and is
written again. Errors of the cache cost time, never a result.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from splreplay.logs.names import SOURCE, Wanted
from splreplay.logs.opening import Log
from splreplay.logs.report import FileReport
from splreplay.sql.values import literal
from splreplay.writing import replacing

# The packages that read events or write tables.
PACKAGES = ("duckdb", "evtx", "lxml", "pyarrow")


class Cache:
    """The tables in one folder, which is created if it does not exist: each log has its own.

    Args:
        folder: The folder.
        wanted: The values that the tables have.
        scratch: Where a table is written that cannot be kept.
        progress: Called now and then while a log is read.
    """

    def __init__(self, folder: Path, wanted: Wanted, scratch: Path, progress: Callable[[Log], None]) -> None:
        self._folder, self._scratch = folder, scratch
        self._wanted, self._progress = wanted, progress
        self._folders = itertools.count()
        self._sources: dict[Path, str] = {}
        # The folder is listed once, because there may be many logs.
        self._kept: dict[str, list[Path]] = defaultdict(list)
        with suppress(OSError):  # the folder is none, which matters when it is written
            for file in sorted(folder.glob("*.parquet")):
                self._kept[file.name.partition(".")[0]].append(file)
        self._code = hashlib.sha256(repr([wanted, *map(version, PACKAGES)]).encode())
        for module in sorted(Path(__file__).parent.rglob("*.py")):
            self._code.update(module.read_bytes())

    @property
    def files(self) -> int:
        """How many files the rows are in."""
        return len(self._sources)

    def rows(self) -> str:
        """Return the SQL of all events, whose source is the name under which the log was read now."""
        files = ", ".join(literal(str(part)) for part in self._sources)
        sources = ", ".join(f"{literal(str(part))}: {literal(path)}" for part, path in self._sources.items())
        return (
            f"SELECT * EXCLUDE (filename), MAP {{{sources}}}[filename] AS {SOURCE} "
            f"FROM read_parquet([{files}], union_by_name = true, filename = true)"
        )

    def read(self, path: str) -> FileReport:
        """Read a log, or find its table; DataError where it cannot be read, or holds no event."""
        parts, report = self._found(path) if os.path.isfile(path) else self._made(path)
        if not self._sources.keys().isdisjoint(parts):  # another log has the same bytes
            folder = self._new_folder()
            folder.mkdir()
            links = [folder / part.name for part in parts]
            for link, part in zip(links, parts, strict=True):
                link.symlink_to(part.resolve())
            parts = links
        self._sources |= dict.fromkeys(parts, path)
        return report

    def _made(self, path: str) -> tuple[Sequence[Path], FileReport]:
        """Read a log into a table for this run."""
        from splreplay.logs import (
            reading,
            table,
        )  # with Arrow and numpy, which a run that finds all tables does not need

        made = table.Table(self._new_folder())
        report = reading.read(path, self._wanted, made, self._progress, named=False)
        return made.complete(), report

    def _found(self, path: str) -> tuple[Sequence[Path], FileReport]:
        """Return the parts of the table of an ordinary file, and what was read of it, now or when it was written."""
        try:
            before, name = os.stat(path), self._name(path)
        except OSError:
            return self._made(path)  # it raises what is wrong with the log
        entry = self._folder / f"{name}.json"
        kept = self._kept[name]
        warning = ""
        if os.path.lexists(entry) or kept:
            found = _fitting(entry, kept)
            if found:
                return kept, replace(found, path=path)
            warning = f"its table in the cache ({entry.name}) is damaged and is written anew"
        parts, report = self._made(path)
        try:
            after = os.stat(path)
            if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
                warning = "it changed while it was read, so its table is not kept in the cache"
            else:
                self._folder.mkdir(parents=True, exist_ok=True)
                for stale in kept[len(parts) :]:
                    stale.unlink()
                self._kept[name] = kept = [self._folder / f"{name}.{part.name}" for part in parts]
                for part, file in zip(parts, kept, strict=True):
                    with replacing(file) as unfinished:
                        shutil.copyfile(part, unfinished)
                text = report.as_json()
                with replacing(entry) as unfinished:
                    unfinished.write_text(f"{_digest(kept, text)}\n{text}", encoding="utf-8")
        except OSError as error:
            warning = f"its table cannot be kept in the cache: {error}"
        return parts, replace(report, warning="; ".join(filter(None, (report.warning, warning))))

    def _new_folder(self) -> Path:
        return self._scratch / str(next(self._folders))

    def _name(self, path: str) -> str:
        name = self._code.copy()
        with open(path, "rb") as log:
            while block := log.read(1 << 20):
                name.update(block)
        return name.hexdigest()


def _fitting(entry: Path, parts: Sequence[Path]) -> FileReport | None:
    """Return the report of a table, or None if entry and table do not match."""
    if not all(map(os.path.isfile, (entry, *parts))):
        return None  # nor are a pipe or a device read, which may have no end
    try:
        digest, _, report = entry.read_text(encoding="utf-8").partition("\n")
        return FileReport.from_json(report) if digest == _digest(parts, report) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _digest(parts: Sequence[Path], report: str) -> str:
    digest = hashlib.sha256(report.encode())
    for part in parts:
        with part.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
