"""The engine's command line, called in this process: it prints what a separate process would, but needs no start-up."""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from splreplay import cli
from tests.conftest import REPO


class Ran(NamedTuple):
    """What a call of the command line returned and printed."""

    status: int
    stdout: str
    stderr: str


def splreplay(
    *arguments: str, cwd: Path = REPO, stdin: bytes = b"", main: Callable[[Sequence[str]], int] = cli.main
) -> Ran:
    """Call the command line, or another *main*, in a folder."""
    out, err = (
        io.TextIOWrapper(io.BytesIO(), "utf-8", errors, newline="") for errors in ("strict", "backslashreplace")
    )
    read = io.TextIOWrapper(io.BytesIO(stdin))
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch("sys.stdin", read),
    ):
        try:
            status = main(arguments)
        except SystemExit as left:  # argparse, on usage and on --help
            status = int(left.code or 0)
        except BaseException:
            # As the interpreter does.
            traceback.print_exc()
            status = 1
    return Ran(status, *(_written(stream) for stream in (out, err)))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
