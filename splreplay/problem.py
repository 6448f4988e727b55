"""What is wrong with a file, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.errors import DataError


@dataclass(frozen=True, order=True)
class Problem:
    """One finding; prints as `path:line: claim; remedy`.

    Attributes:
        path: The file, as its reader names it.
        line: Its line from 1, or 0 where the file as a whole is meant.
        claim: What is wrong.
        remedy: What to do.
    """

    path: str
    line: int
    claim: str
    remedy: str

    def __str__(self) -> str:
        """Return the finding as compilers print theirs, so that editors can jump to it."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.claim}; {self.remedy}"


def as_error(problems: Iterable[Problem]) -> DataError:
    """Return the problems of one file as an error to raise: the first in the file, and each other on a line of its own."""
    first, *others = sorted(problems)
    message = "\n".join([f"{first.claim}; {first.remedy}", *map(str, others)])
    return DataError(message, first.path, f"line {first.line}" if first.line else None)
