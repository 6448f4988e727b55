"""Where a command writes what it found, and in which format."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from types import ModuleType

from splreplay.errors import DataError, UsageError
from splreplay.writing import write_whole

# The formats that the name of --output asks for.
_OF_SUFFIX = {".json": "json", ".csv": "csv", ".html": "html", ".htm": "html"}


def format_of(asked: str | None, output: Path | None) -> str:
    """Return the format that is *asked* for, or that the name of the output tells; a table else.

    Raises:
        UsageError: If it cannot be written there. It is raised before a large log is read.
    """
    format_ = asked or (_OF_SUFFIX.get(output.suffix.lower(), "table") if output else "table")
    if format_ == "html" and output is None and sys.stdout.isatty():
        raise UsageError("a report is read in a browser, not in a terminal; write it into a file with --output FILE")
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise UsageError(f"--output {output} cannot be written: name a file in a folder that is there")
    return format_


def width(output: Path | None) -> int | None:
    """Return the width of the terminal that the results go to; None where they go elsewhere, and must not depend on it."""
    return shutil.get_terminal_size().columns if output is None and sys.stdout.isatty() else None


def report(name: str) -> ModuleType:
    """Return a module of reports, which needs an extra of the engine (Jinja2 and the chart) and is slow to import."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(f"a report needs {error.name}", "install it: pip install 'splreplay[report]'") from error


def write(text: str, output: Path | None) -> None:
    """Write the results to a file, or else to standard output."""
    if output is None:
        print(text, end="", flush=True)
        return
    try:
        write_whole(output, text.encode())
    except OSError as error:
        raise DataError(f"the results cannot be written: {error.strerror}", str(output)) from error
