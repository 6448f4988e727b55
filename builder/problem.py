"""What is wrong with a source file or the package, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One finding; prints as `path:line: claim; remedy`.

    Attributes:
        path: The file, relative to the repository or to the app.
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


class BuildError(Exception):
    """The build cannot go on; carries every problem that was found, not the first alone."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep *problems* in the order of their places."""
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
