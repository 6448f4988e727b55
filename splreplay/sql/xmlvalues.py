"""The values of XML as xmlkv finds them: the texts of elements that hold no others, by the names of these."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Mapping

_ELEMENT = re.compile(r"<([^\s<>/!?=\"']+)(?:\s[^<>]*)?>([^<>]+)</\1\s*>")


@functools.lru_cache(4_096)  # each name is asked for in turn, for as many texts as the database works on at once
def leaves(text: str) -> Mapping[str, list[str]]:
    """Return the texts of the innermost elements of a *text*, which need not be whole XML; references become characters."""
    found: dict[str, list[str]] = {}
    for name, value in _ELEMENT.findall(text):
        found.setdefault(name, []).append(html.unescape(value))
    return found
