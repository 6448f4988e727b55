"""The tokens of a risk message: `$field$` or `$result.field$` stands for the value of a result's field."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(r"\$(?:result\.)?([A-Za-z_](?:[\w.{}-]*[\w}])?)(\$?)")

# Without blanks in the name, so that `$5 and $6` is money. As TOKEN in bin/installutil_rba_lookups.py.
_FILLED = re.compile(r"\$(?:result\.)?([^$\s]+)\$")


def filled(message: str, value: Callable[[str], str]) -> str:
    """Return a message with the *value* of each field in the place of its token; values are put in once and never scanned."""
    return _FILLED.sub(lambda match: value(match[1]), message)


def fields(message: str) -> dict[str, int]:
    """Return the fields that a message shows, with the first place of each."""
    return _found(message, closed=True)


def unclosed(message: str) -> dict[str, int]:
    """Return the names behind a `$` that no `$` ends, with the first place of each: a result shows them as they stand."""
    return _found(message, closed=False)


def _found(message: str, closed: bool) -> dict[str, int]:
    places: dict[str, int] = {}
    for match in _TOKEN.finditer(message):
        if bool(match[2]) is closed:
            places.setdefault(match[1], match.start())
    return places
