"""Files that somebody else names: the conf files, lookups and scripts of an app, and the recordings of a detection."""

from __future__ import annotations

import os
from pathlib import Path

from splreplay.errors import DataError


def confined(path: Path, root: Path, limit: int) -> Path:
    """Return *path*; DataError unless it is a plain file inside of *root*, links followed, of at most *limit* bytes.

    A link could expose any file of this machine, a pipe could block forever, and a device has no end.
    """
    if not os.path.lexists(path):  # pathlib's raises where a name is too long
        raise DataError("there is no such file", str(path))
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(root)):
        raise DataError(f"leads out of {root}; name a file inside of it", str(path))
    if not os.path.isfile(real):
        raise DataError("is no plain file", str(path))
    if os.path.getsize(real) > limit:
        raise DataError(f"has more than the {limit:,} bytes that replay reads", str(path))
    return path
