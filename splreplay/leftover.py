"""The temporary folders of runs that were killed, as for want of memory: they could not remove them, so the next run does.

A run has a lock on its folder, which its processes share and which ends with the last of them. A folder without one is nobody's.
Where the system has no such locks, as on Windows, nothing is removed.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import time

PREFIX = "replay-"
# A younger folder may be that of a run that has no lock on it yet.
YOUNG_S = 60.0


def lock(folder: str) -> int | None:
    """Return a descriptor that has the lock on *folder* until it is closed; None if another has it, or it cannot be had."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@functools.cache  # once in a process
def sweep(parent: str) -> None:
    """Remove the folders in *parent* that runs of this user left behind."""
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and _is_old(entry) and (descriptor := lock(entry.path)) is not None:
                shutil.rmtree(entry.path, ignore_errors=True)
                os.close(descriptor)


def _is_old(entry: os.DirEntry[str]) -> bool:
    with contextlib.suppress(OSError, AttributeError):  # it is gone; Windows has no os.getuid
        status = entry.stat(follow_symlinks=False)
        return status.st_uid == os.getuid() and status.st_ctime < time.time() - YOUNG_S
    return False
