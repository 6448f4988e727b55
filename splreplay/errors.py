"""Every error that replay raises on purpose: what is wrong, where, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass

EXCERPT = 72  # characters of a long search line shown around a caret


@dataclass(frozen=True)
class Span:
    """A part of a search: *text[start:end]*."""

    text: str
    start: int
    end: int

    @property
    def place(self) -> str:
        """The line and the column where it starts, both from 1."""
        return f"line {self.text.count(chr(10), 0, self.start) + 1}, column {self._column + 1}"

    def drawn(self) -> list[str]:
        """Return the line that it starts in, or what is around its start where the line is long, and a caret under it."""
        line = self.text[self.start - self._column :].partition("\n")[0]
        cut = max(0, self._column - EXCERPT // 2) if len(line) > EXCERPT else 0
        shown = line[cut : cut + EXCERPT].replace("\t", " ")
        width = max(1, min(self.end - self.start, cut + EXCERPT - self._column))
        return [f"  {shown}", f"  {' ' * (self._column - cut)}{'^' * width}"]

    @property
    def _column(self) -> int:
        return self.start - (self.text.rfind("\n", 0, self.start) + 1)


class SplError(Exception):
    """Base of all of replay's own errors; printed, it can be shown to a user as it is.

    Attributes:
        message: What is wrong.
        remedy: What to do next; empty where nobody knows.
        span: The text that is wrong, which is shown with a caret under it; None where no text is.
        known: What replay knows instead; printed where there is no remedy.
        at: Where the error is in the search: its span, unless that is inside a macro or in generated text.
    """

    def __init__(self, message: str, remedy: str = "", span: Span | None = None, known: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.span = span
        self.known = known
        self.at = span

    @property
    def title(self) -> str:
        """What is wrong, and the line and the column."""
        return f"{self.message} ({self.span.place})" if self.span else self.message

    @property
    def detail(self) -> str:
        """What else is printed, in lines."""
        return "\n".join([*(self.span.drawn() if self.span else ()), *filter(None, [self.remedy or self.known])])

    def __str__(self) -> str:
        """Return the error as it is printed."""
        return "\n".join(filter(None, [self.title, self.detail]))

    def place(self, span: Span) -> None:
        """Set where the error is, unless it is in this text already: an error in another text is where that text came from."""
        if self.at is None or self.at.text != span.text:
            self.at = span


class SplSyntaxError(SplError):
    """The search text is wrong: Splunk would refuse it too."""


class UnsupportedError(SplError):
    """The search may be right, but replay would have to guess what it means, so it refuses."""


class UsageError(SplError):
    """A name that the user gave does not exist, or the value of an option is invalid; says what there is."""


class DataError(SplError):
    """A log, a lookup or a conf file is wrong; says which file and, where known, which record.

    Args:
        message: What is wrong and what to do about it.
        path: The file, as the user named it.
        record: Where in the file: "line 3", "offset 4096", "record 12".
        remedy: What to do next, where the message does not say so.
    """

    def __init__(self, message: str, path: str | None = None, record: str | None = None, remedy: str = "") -> None:
        self.path = path
        self.record = record
        self.reason = f"{record}: {message}" if record else message
        place = ", ".join(part for part in (path, record) if part)
        super().__init__(f"{place}: {message}" if place else message, remedy)


NAMES_LISTED = 20


def there_is(owner: str, wanted: str, names: Collection[str]) -> str:
    """Return what *owner* has instead of *wanted*: all names, or only similar ones where there are many."""
    if not names:
        return f"{owner} has none"
    if len(names) <= NAMES_LISTED:
        return f"{owner} has: {' '.join(sorted(names))}"
    close = difflib.get_close_matches(wanted, names, cutoff=0.8)
    return f"{owner} has {len(names):,} others" + (f", of which the nearest: {' '.join(close)}" if close else "")


class ValueLimitError(Exception):
    """One value in the database would grow out of bounds; the message is for the user. The database passes it on as text."""
