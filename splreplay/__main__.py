"""`python -m splreplay`, and the command `splreplay`: the command line."""

from __future__ import annotations

import gc
import signal
import sys


def program() -> int:
    """Run the command line of this process and return the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are imported, there is nothing to undo
    gc.set_threshold(50_000)  # what imports and events make is hardly ever garbage, and looking for it takes a while
    from splreplay.cli import guarded, main

    return guarded(lambda: main(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(program())
