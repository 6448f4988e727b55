"""What is wrong with a detection, and where."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.located import Place


@dataclass(frozen=True)
class Problem:
    """One thing that keeps a detection from being run, or that is likely wrong with it.

    Attributes:
        message: What is wrong.
        place: Where in its file.
        remedy: What to do instead; empty where nobody knows.
        rule: The rule that says so; empty for what cannot be run.
    """

    message: str
    place: Place
    remedy: str = ""
    rule: str = ""

    def __str__(self) -> str:
        """Return it on one line, without the place."""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.message}{remedy}{f' [{self.rule}]' if self.rule else ''}"
