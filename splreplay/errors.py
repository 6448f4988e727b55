"""Every error that replay raises on purpose: what is wrong, where, and what to do next."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection


class SplError(Exception):
    """Base of all of replay's own errors; its text is fit to show to a user as it stands.

    Attributes:
        source: The search text, or the part of one, that is wrong; None where no text is.
        offset: Where in it.
        remedy: What to do next, where that is told apart from what is wrong.
    """

    source: str | None = None
    offset: int = 0
    remedy: str = ""

    @property
    def reason(self) -> str:
        """What is wrong, in one line, without the place: that is one in a text with its macros expanded."""
        return re.sub(r" \(line \d+, column \d+\)$", "", str(self).partition("\n")[0])

    def place(self, source: str, offset: int) -> None:
        """Say where in *source* the error is, unless it knows that; one in another text is where that text came from."""
        if self.source != source:
            self.source, self.offset = source, offset


class SplSyntaxError(SplError):
    """The search text is wrong: Splunk would refuse it too."""


class UnsupportedError(SplError):
    """The search may be right, but replay would have to guess at it, so it refuses."""


class UsageError(SplError):
    """What was asked for by name is not there, or an option's value means nothing; says what there is."""


class DataError(SplError):
    """A log, a lookup or a conf file is wrong; says which file and, where known, which record.

    Args:
        message: What is wrong and what to do about it.
        path: The file, as the user named it.
        record: Where in the file: "line 3", "offset 4096", "record 12".
    """

    def __init__(self, message: str, path: str | None = None, record: str | None = None) -> None:
        self.path = path
        self.record = record
        place = ", ".join(part for part in (path, record) if part)
        super().__init__(f"{place}: {message}" if place else message)


NAMES_LISTED = 20


def there_is(owner: str, wanted: str, names: Collection[str]) -> str:
    """Return what *owner* has instead of *wanted*: every name, or of many those that are spelt nearly so."""
    if not names:
        return f"{owner} has none"
    if len(names) <= NAMES_LISTED:
        return f"{owner} has: {' '.join(sorted(names))}"
    close = difflib.get_close_matches(wanted, names, cutoff=0.8)
    return f"{owner} has {len(names):,} others" + (f", of which the nearest: {' '.join(close)}" if close else "")
