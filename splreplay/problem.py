"""What is wrong in a file, where, and what to do about it: the one form in which anything that looks at files says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.errors import DataError


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong, or likely to be.

    Attributes:
        path: The file, as its reader names it.
        line: Its line from 1, or 0 where the file as a whole is meant.
        message: What is wrong.
        remedy: What to do; empty where nobody knows.
        column: The column from 1, or 0 where only the line is known.
        rule: The rule of the linter that says so; empty for all else.
    """

    path: str
    line: int
    message: str
    remedy: str = ""
    column: int = 0
    rule: str = ""

    def __str__(self) -> str:
        """Return it as compilers print theirs, so that editors can jump to it: `path:line:column: message; remedy [rule]`."""
        place = ":".join([self.path, *(str(number) for number in (self.line, self.column) if number)])
        remedy = f"; {self.remedy}" if self.remedy else ""
        rule = f" [{self.rule}]" if self.rule else ""
        return f"{place}: {self.message}{remedy}{rule}"


def as_error(problems: Iterable[Problem]) -> DataError:
    """Return the problems of one file as an error to raise: the first in the file, and each other on a line of its own."""
    first, *others = sorted(problems)
    message = "\n".join([f"{first.message}; {first.remedy}", *map(str, others)])
    return DataError(message, first.path, f"line {first.line}" if first.line else None)
