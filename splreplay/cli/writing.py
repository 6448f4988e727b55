"""Where a command writes what it found, and in which format."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Sequence
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
    paths = [output.path for output in outputs]
    for path in paths:
        if path.is_dir() or not path.parent.is_dir():
            raise UsageError(f"--output {path} cannot be written: name a file in a folder that is there")
        if paths.count(path) > 1:
            raise UsageError(f"--output names {path} twice, and one would replace the other")
    found = [Target(asked or said or _OF_SUFFIX.get(path.suffix.lower(), "table"), path) for said, path in outputs]
    found = found or [Target(asked or "table", None)]
    if any(target.format == "html" for target in found):
        _refuse_report(to_terminal=not outputs and sys.stdout.isatty())
    return found


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


def write(text: str, output: Path | None) -> None:
    """Write the results to a file, or else to standard output."""
    if output is None:
        print(text, end="", flush=True)
        return
    try:
        write_whole(output, text.encode())
    except OSError as error:
        raise DataError(f"the results cannot be written: {error.strerror}", str(output)) from error
