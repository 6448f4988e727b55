"""A folder of tables that later runs over the same logs use again.

A table is named after the bytes of the log and the code that read them. Its entry, a file beside its parts, has the report and
the digest of all, and is written last. A table that is incomplete, damaged or from elsewhere does not match its entry and is
written again. Errors of the cache cost time, never a result.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from splreplay.logs.names import Wanted
from splreplay.logs.report import FileReport
from splreplay.writing import replacing

# The packages that read events or write tables.
PACKAGES = ("duckdb", "evtx", "lxml", "pyarrow")


class Cache:
    """The tables in one folder, which is created if it does not exist.

    Args:
        folder: The folder.
        wanted: The values that the tables have.
    """

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        self._folder = folder
        self._code = hashlib.sha256(repr([wanted, *map(version, PACKAGES)]).encode())
        for module in sorted(Path(__file__).parent.rglob("*.py")):
            self._code.update(module.read_bytes())

    def table(
        self, path: str, read: Callable[[], tuple[Sequence[Path], FileReport]]
    ) -> tuple[Sequence[Path], FileReport]:
        """Return the parts of the table of an ordinary file, and what was read of it.

        Args:
            path: The log.
            read: Reads the log, writes its table and returns the parts of that and the report.
        """
        try:
            before, name = os.stat(path), self._name(path)
        except OSError:
            return read()  # it raises what is wrong with the log
        entry = self._folder / f"{name}.json"
        kept: list[Path] = []
        with suppress(OSError):  # the folder is none, which matters when it is written
            kept = sorted(self._folder.glob(f"{name}.*.parquet"))
        warning = ""
        if os.path.lexists(entry) or kept:
            found = _fitting(entry, kept)
            if found:
                return kept, replace(found, path=path)
            warning = f"its table in the cache ({entry.name}) is damaged and is written anew"
        parts, report = read()
        try:
            after = os.stat(path)
            if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
                warning = "it changed while it was read, so its table is not kept in the cache"
            else:
                self._folder.mkdir(parents=True, exist_ok=True)
                for stale in kept[len(parts) :]:
                    stale.unlink()
                kept = [self._folder / f"{name}.{part.name}" for part in parts]
                for part, file in zip(parts, kept, strict=True):
                    with replacing(file) as unfinished:
                        shutil.copyfile(part, unfinished)
                text = report.as_json()
                with replacing(entry) as unfinished:
                    unfinished.write_text(f"{_digest(kept, text)}\n{text}", encoding="utf-8")
        except OSError as error:
            warning = f"its table cannot be kept in the cache: {error}"
        return parts, replace(report, warning="; ".join(filter(None, (report.warning, warning))))

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
