"""A line on the terminal that shows how far a long load is; a short load, or another output than a terminal, has none."""

from __future__ import annotations

import time
from typing import TextIO

from splreplay.logs import Log
from splreplay.output import printable

QUIET_S = 1.0
CLEAR = "\r\x1b[K"


class Progress:
    """Shows on *stream* how far a load is."""

    def __init__(self, stream: TextIO) -> None:
        """Show nothing for the first second."""
        self._stream = stream
        self._due = time.monotonic() + QUIET_S if stream.isatty() else float("inf")
        self._shown = False

    def show(self, log: Log) -> None:
        """Show how much of *log* was read, at most once a second."""
        read = f"{log.taken / log.size:.0%}" if log.size else f"{log.taken >> 20:,} MB"
        self._say(f"reading {printable(log.path)}: {read}")

    def count(self, done: int, of: int) -> None:
        """Show how many of some searches were run, at most once a second."""
        self._say(f"{of - done:,} of {of:,} searches left")

    def _say(self, text: str) -> None:
        if time.monotonic() < self._due:
            return
        self._stream.write(f"{CLEAR}{text}")
        self._stream.flush()
        self._due = time.monotonic() + QUIET_S
        self._shown = True

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            self._stream.write(CLEAR)
            self._stream.flush()
