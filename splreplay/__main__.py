"""`python -m splreplay`, and the command `splreplay`: the command line."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import sys

# The names of the streams that a process is given, in the order of their descriptors, and whether it writes to them.
STREAMS = {"stdin": False, "stdout": True, "stderr": True}


class Told(io.TextIOWrapper):
    """Standard error whose messages are lost where it cannot be written, as on a full disk: the results are not lost for that."""

    def write(self, text: str) -> int:
        """Write *text* if that is possible."""
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered if that is possible."""
        with contextlib.suppress(OSError):
            super().flush()


def program() -> int:
    """Run the command line of this process and return the exit status."""
    _open_closed()
    standard_error = open(2, "wb", closefd=False)  # noqa: SIM115 - open until the end
    sys.stderr = Told(standard_error, sys.stderr.encoding, "backslashreplace", line_buffering=True)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are imported, there is nothing to undo
    gc.set_threshold(50_000)  # what imports and events make is hardly ever garbage, and looking for it takes a while
    from splreplay.cli import guarded, main

    return guarded(lambda: main(sys.argv[1:]))


def _open_closed() -> None:
    """Put the null device where the caller closed a stream, as a file that is opened later would get its descriptor, and its text."""
    for name, written in STREAMS.items():
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest that is free
            null = open(descriptor, "w" if written else "r", encoding="utf-8", closefd=False)  # noqa: SIM115 - until the end
            setattr(sys, name, null)


if __name__ == "__main__":
    sys.exit(program())
