"""How much memory and disk a run may take beside the log, and what is said where a search needs more."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from splreplay.errors import DataError, Span, UnsupportedError, UsageError

MEMORY, DISK = "SPLREPLAY_MEMORY", "SPLREPLAY_DISK"  # environment variables, such as 8GB
MEMORY_BYTES = 4_000_000_000  # unless half of the machine's memory is less
DISK_BYTES = 20_000_000_000

# DuckDB counts what it stores. Not counted are code, threads, the blocks of a log that is read, what a function makes of a block
# of values, and the results as Python has them.
BESIDE_BYTES = 4_000_000_000

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?([KMGT]?)B?", re.I)


def memory() -> int:
    """Return how many bytes of memory the results between the commands of a search may take."""
    return _size(MEMORY) or min(MEMORY_BYTES, _physical() // 2)


def disk() -> int:
    """Return how many bytes the results that do not fit into the memory may take, in the folder of the run."""
    return _size(DISK) or DISK_BYTES


def settings(folder: Path | None, share: int = 1) -> dict[str, str]:
    """Return these bounds, for one of *share* processes, as DuckDB's settings, to be SET; without a *folder* it stores nothing on disk."""
    return {
        "memory_limit": f"{memory() // share}B",
        "temp_directory": str(folder) if folder else "",
        "max_temp_directory_size": f"{disk() // share}B",
    }


def bound_process() -> None:
    """Keep this process, and each that it starts, below BESIDE_BYTES more than `memory`, where the system can: on Linux."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    limit, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = memory() + BESIDE_BYTES
    if limit == resource.RLIM_INFINITY or wanted < limit:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))


def exceeded(error: BaseException, span: Span | None = None) -> UnsupportedError:
    """Return our error for one of DuckDB, Arrow or Python that says that memory or disk ran out."""
    what, name, size = ("memory", MEMORY, memory())
    if "max_temp_directory_size" in str(error):
        what, name, size = ("disk", DISK, disk())
    return UnsupportedError(
        f"this needs more {what} than the {size / 1e9:.3g} GB that a run may take",
        f"have fewer results come here (--earliest, --latest, a where before it), or set {name} to more, such as "
        f"{max(1, round(size * 2 / 1e9))}GB",
        span,
    )


def refused(error: BaseException) -> DataError | None:
    """Return our error for one of DuckDB that says that files in the temporary folder cannot be used; None for any other."""
    import duckdb  # --help needs none

    # A transaction of ours ends with an error only where it cannot be written.
    if isinstance(error, duckdb.IOException | duckdb.TransactionException):
        remedy = "free some of its disk, or set TMPDIR to another"
        return DataError(f"the temporary folder cannot be used: {error}", remedy=remedy)
    return None


def _size(name: str) -> int:
    """Return the size that an environment variable has, 0 where it is not set; UsageError where it has none."""
    text = os.environ.get(name, "")
    if not text:
        return 0
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if size < 1:
        raise UsageError(f"{name}={text} is no size", "write for example 8GB or 500MB")
    return size


def _physical() -> int:
    """Return how many bytes of memory the machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not every system tells
        return 2 * MEMORY_BYTES
