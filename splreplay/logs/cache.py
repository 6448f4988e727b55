"""A folder of tables that later runs over the same logs use again.

A table is named after the bytes of the log and the code that read them. Its entry, a file beside it, has the report and the
digest of both, and is written last. A table that is incomplete, damaged or from elsewhere does not match its entry and is
written again. Errors of the cache cost time, never a result.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from splreplay.logs.report import FileReport
from splreplay.writing import replacing

# The packages that read events or write tables.
PACKAGES = ("duckdb", "evtx", "lxml", "pyarrow")


class Cache:
    """The tables in one folder, which is created if it does not exist.

    Args:
        folder: The folder.
        fields: The fields that the tables have.
    """

    def __init__(self, folder: Path, fields: Sequence[str]) -> None:
        self._folder = folder
        self._code = hashlib.sha256(repr([*fields, *map(version, PACKAGES)]).encode())
        for module in sorted(Path(__file__).parent.rglob("*.py")):
            self._code.update(module.read_bytes())

    def table(self, path: str, spare: Path, read: Callable[[Path], FileReport]) -> tuple[Path, FileReport]:
        """Return the table of an ordinary file, and what was read of it.

        Args:
            path: The log.
            spare: Where its table is written if the cache has none.
            read: Reads the log and writes its table to a path.
        """
        try:
            before, name = os.stat(path), self._name(path)
        except OSError:
            return spare, read(spare)  # it raises what is wrong with the log
        file, entry = self._folder / f"{name}.parquet", self._folder / f"{name}.json"
        warning = ""
        if os.path.lexists(entry) or os.path.lexists(file):
            report = _fitting(entry, file)
            if report:
                return file, replace(report, path=path)
            warning = f"its table in the cache ({file.name}) is damaged and is written anew"
        report = read(spare)
        try:
            after = os.stat(path)
            if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
                warning = "it changed while it was read, so its table is not kept in the cache"
            else:
                self._folder.mkdir(parents=True, exist_ok=True)
                with replacing(file) as unfinished:
                    shutil.copyfile(spare, unfinished)
                text = report.as_json()
                with replacing(entry) as unfinished:
                    unfinished.write_text(f"{_digest(file, text)}\n{text}", encoding="utf-8")
        except OSError as error:
            warning = f"its table cannot be kept in the cache: {error}"
        return spare, replace(report, warning=warning)

    def _name(self, path: str) -> str:
        name = self._code.copy()
        with open(path, "rb") as log:
            while block := log.read(1 << 20):
                name.update(block)
        return name.hexdigest()


def _fitting(entry: Path, file: Path) -> FileReport | None:
    """Return the report of a table, or None if entry and table do not match."""
    if not os.path.isfile(entry) or not os.path.isfile(file):
        return None  # nor are a pipe or a device read, which may have no end
    try:
        digest, _, report = entry.read_text(encoding="utf-8").partition("\n")
        return FileReport.from_json(report) if digest == _digest(file, report) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _digest(file: Path, report: str) -> str:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    digest.update(report.encode())
    return digest.hexdigest()
