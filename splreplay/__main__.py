"""`python -m splreplay`: the command line."""

from __future__ import annotations

import signal
import sys

from splreplay.cli import main

if __name__ == "__main__":
    # As Ctrl-C: the temporary folder is taken away, and no process of a command is left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
