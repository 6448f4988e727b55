"""The logs that the names on a command line stand for: files, folders that are searched through, and globs.

Of a folder, only ordinary files are opened: no pipe and no device, which may have no end. What a link to a folder leads to is not
searched, so that no loop is entered. Files and folders whose names begin with a dot are left out, as a shell's glob leaves them.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from splreplay.errors import DataError
from splreplay.logs.report import Passed

MAGIC = frozenset("*?[")
# A path in which a name begins with a dot, but for the dots that stand for a folder.
HIDDEN = re.compile(r"(^|/)\.(?!\.?(/|$))")


def find(names: Sequence[str]) -> tuple[list[str], list[Passed]]:
    """Return the paths of logs, in the order of the names and sorted in each, and what is there and is not read.

    Raises:
        DataError: If a name stands for no file at all.
    """
    logs: list[str] = []
    passed: list[Passed] = []
    seen: set[tuple[int, int] | None] = set()
    for name in names:
        found = list(_found(name))
        if not found:
            raise DataError("nothing here can be a log: a folder or a glob must lead to files", name)
        for path, reason in found:
            # A file is one log, however many names lead to it; but a name that stands there itself is taken at its word.
            file = _identity(path)
            if reason:
                passed.append(Passed(path, reason))
            elif path == name or file not in seen:
                logs.append(path)
            seen.add(file)
    return logs, passed


def _found(name: str) -> Iterator[tuple[str, str]]:
    """Yield each path that a name leads to, with why it is not read, or ""."""
    if os.path.isdir(name):
        yield from _searched(name)
    elif MAGIC.isdisjoint(name) or os.path.lexists(name):
        yield name, ""
    else:
        # Unlike the module glob, this follows no link for a "**".
        root = Path(name).anchor
        try:
            matching = sorted(map(str, Path(root).glob(name[len(root) :])))
        except (ValueError, NotImplementedError) as error:
            raise DataError(f"this is no glob: {error}", name) from None
        for path in matching:
            if HIDDEN.search(path) and not HIDDEN.search(name):
                continue
            if not os.path.isdir(path):
                yield path, _unread(path)
            elif "**" not in name:
                yield from _searched(path)


def _searched(folder: str) -> Iterator[tuple[str, str]]:
    refused: list[OSError] = []
    for path, folders, files in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if os.path.islink(os.path.join(path, name))]
        for name in sorted([*files, *linked]):
            if not name.startswith("."):
                file = os.path.join(path, name)
                yield file, _unread(file)
    for error in refused:
        yield os.fspath(error.filename), f"this folder cannot be searched: {error.strerror}"


def _unread(path: str) -> str:
    """Return why a path that was found, not named, is not opened; "" where it is."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if stat.S_ISDIR(mode):
        return "this is a link to a folder, which is not followed: name it"
    return "" if stat.S_ISREG(mode) else "this is a pipe or a device, which is not opened"


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
