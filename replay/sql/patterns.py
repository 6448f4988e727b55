"""Regular expressions: Splunk's are PCRE's, DuckDB's are RE2's, which lack look-around and name groups in another way."""

from __future__ import annotations

import re

# An escaped character, a bracket expression, or the start of a group with what makes it special.
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?P?<(?=[A-Za-z_])|\?)?", re.S)


def re2_pattern(pattern: str) -> str:
    """Return *pattern* with its named groups as RE2 writes them: `(?P<name>…)`."""
    return _PART.sub(lambda part: "(?P<" if part.group() == "(?<" else part.group(), pattern)


def named_groups(pattern: str) -> dict[str, int]:
    """Return the number of each named group of *pattern*; several of one name are one that RE2 refuses."""
    groups: dict[str, int] = {}
    number = 0
    for part in _PART.finditer(pattern):
        if part.group() in ("(", "(?<", "(?P<"):
            number += 1
        if part.group().endswith("<") and (name := re.match(r"\w+", pattern[part.end() :])):
            groups[name.group()] = number
    return groups
