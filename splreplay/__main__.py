"""The command `splreplay`, and `python -m splreplay`."""

from __future__ import annotations

import sys

from splreplay.cli import main


def program() -> int:
    """Run the command line of this process and return the exit status."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(program())
