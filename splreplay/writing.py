"""Write a file completely or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write *content* into the file *path*, which stays as it was until everything is on the disk; OSError if that fails.

    A pipe or a terminal is written to directly. So is the file that standard output or error goes into: as /dev/stdout it
    must not be replaced by another file.
    """
    if path.exists() and (not path.is_file() or _is_open(path)):
        path.write_bytes(content)
        return
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException:  # a full disk, an interrupt
        beside.unlink(missing_ok=True)
        raise


def _is_open(path: Path) -> bool:
    """Return whether standard output or error goes into *path*."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # it is closed
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return True
    return False
