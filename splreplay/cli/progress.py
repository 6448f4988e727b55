"""How far a long load or hunt is: a line on the terminal that is written over, or a line now and then in a log."""

from __future__ import annotations

import time
from typing import TextIO

from splreplay.logs import Log
from splreplay.output import printable

# So many seconds pass before the first line and between two: on a terminal, and where each stays, as in the log of a pipeline.
TERMINAL_S, LOG_S = 1.0, 30.0
CLEAR = "\r\x1b[K"


class Progress:
    """Shows on *stream* how far a load is; a short one has no line."""

    def __init__(self, stream: TextIO) -> None:
        """Begin; nothing is shown yet."""
        self._stream = stream
        self._terminal = stream.isatty()
        self._pause_s = TERMINAL_S if self._terminal else LOG_S
        self._due = time.monotonic() + self._pause_s
        self._shown = False

    def show(self, log: Log) -> None:
        """Show how much of *log* was read."""
        read = f"{log.taken / log.size:.0%}" if log.size else f"{log.taken >> 20:,} MB"
        self._say(f"reading {printable(log.path)}: {read}")

    def count(self, done: int, of: int) -> None:
        """Show how many of some searches were run."""
        self._say(f"{of - done:,} of {of:,} searches left")

    def _say(self, text: str) -> None:
        if time.monotonic() < self._due:
            return
        self._stream.write(f"{CLEAR}{text}" if self._terminal else f"{text}\n")
        self._stream.flush()
        self._due = time.monotonic() + self._pause_s
        self._shown = self._terminal

    def clear(self) -> None:
        """Remove the line from a terminal."""
        if self._shown:
            self._stream.write(CLEAR)
            self._stream.flush()
