"""Write a file completely or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a file beside *path*, to be written; it takes the place of *path* in the end, or goes if that fails."""
    beside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield beside
        beside.replace(path)
    finally:  # also after a full disk, or an interrupt
        beside.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write *content* into the file *path*, which stays as it was until everything is on the disk; OSError if that fails.

    A pipe or a terminal is written to directly. So is the file that standard output or error goes into: as /dev/stdout it
    must not be replaced by another file.
    """
    if path.exists() and (not path.is_file() or _is_open(path)):
        path.write_bytes(content)
        return
    target = Path(os.path.realpath(path))
    with replacing(target) as beside:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)


def _is_open(path: Path) -> bool:
    """Return whether standard output or error goes into *path*."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # it is closed
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return True
    return False
