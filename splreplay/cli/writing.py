"""Where a command writes what it found, and in which format."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from splreplay.cli.options import Output
from splreplay.errors import DataError, UsageError
from splreplay.writing import write_whole

# The formats that the name of --output asks for.
_OF_SUFFIX = {".json": "json", ".csv": "csv", ".html": "html", ".htm": "html"}
# What reports import that the engine can be without.
_OF_REPORTS = ("jinja2", "vl_convert")


class Target(NamedTuple):
    """Where results go, None for standard output, and in which format."""

    format: str
    path: Path | None


def targets(asked: str | None, outputs: Sequence[Output]) -> list[Target]:
    """Return where the results go, in the format that is *asked* for, or that an output says or its name tells; a table else.

    Raises:
        UsageError: If they cannot be written there, or so. It is raised before a large log is read.
    """
    if asked and outputs and (len(outputs) > 1 or outputs[0].format):
        raise UsageError(
            f"--format {asked} does not say which --output it is for", f"write --output {asked}=FILE, and leave it out"
        )
    files: set[object] = set()
    for _, path in outputs:
        if path.is_dir() or not Path(os.path.realpath(path)).parent.is_dir():
            raise UsageError(f"--output {path} cannot be written: name a file in a folder that is there")
        if (file := _identity(path)) in files:
            raise UsageError(f"--output names {path} twice, and one would replace the other")
        files.add(file)
    found = [Target(asked or said or _OF_SUFFIX.get(path.suffix.lower(), "table"), path) for said, path in outputs]
    found = found or [Target(asked or "table", None)]
    if any(target.format == "html" for target in found):
        _refuse_report(to_terminal=not outputs and sys.stdout.isatty())
    return found


def refuse_replaced(written: Iterable[Target], read: Iterable[str | Path]) -> None:
    """Raise UsageError if the results would replace a file that is *read*, which may be the only copy of evidence."""
    outputs = {_identity(target.path): target.path for target in written if target.path and target.path.is_file()}
    for file in read if outputs else ():
        if output := outputs.get(_identity(file)):
            raise UsageError(f"--output {output} would replace {file}, which is read", "name another file")


def _identity(path: str | Path) -> object:
    """Return what two names of one file have in common, be it by links or by another spelling."""
    try:
        status = os.stat(path)
    except OSError:  # it is not there yet
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def _refuse_report(to_terminal: bool) -> None:
    """Raise UsageError if no report can be written."""
    if to_terminal:
        raise UsageError("a report is read in a browser, not in a terminal; write it into a file with --output FILE")
    for needed in _OF_REPORTS:
        if importlib.util.find_spec(needed) is None:
            raise UsageError(f"a report needs {needed}", "install it: pip install 'splreplay[report]'")


def width(output: Path | None) -> int | None:
    """Return the width of the terminal that the results go to; None where they go elsewhere, and must not depend on it."""
    return shutil.get_terminal_size().columns if output is None and sys.stdout.isatty() else None


def report(name: str) -> ModuleType:
    """Return a module of reports, which is slow to import."""
    return importlib.import_module(name)


def write(targets: Iterable[Target], text: Callable[[Target], str]) -> None:
    """Write the results to each target, in the *text* for it.

    What no encoding holds, as a name of a file that is no UTF-8, is written as an escape, which JSON reads.

    Raises:
        DataError: If the file system refuses some; the others are written.
    """
    refused = []
    for target in targets:
        if target.path is None:
            encoding = sys.stdout.encoding
            print(text(target).encode(encoding, "backslashreplace").decode(encoding), end="", flush=True)
            continue
        try:
            write_whole(target.path, text(target).encode(errors="backslashreplace"))
        except OSError as error:
            refused.append(DataError(f"the results cannot be written: {error.strerror}", str(target.path)))
    if refused:
        raise DataError("\n".join(map(str, refused)))
