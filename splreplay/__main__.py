"""`python -m splreplay`, and the command `splreplay`: the command line."""

from __future__ import annotations

import signal
import sys

from splreplay.cli import main


def program() -> int:
    """Run the command line of this process and return the exit status."""
    # SIGTERM ends the program as Ctrl-C does: the temporary folder is removed, and no process of a command is left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(program())
