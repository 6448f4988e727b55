"""Wildcards in the names of fields: `*` stands for any text."""

from __future__ import annotations

import re
from collections.abc import Iterable


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Return the *names* that match *pattern*, in which `*` stands for any text.

    Internal fields begin with `_`, and match only a pattern that does too, as `_*` (Search Reference, "fields"). `foreach`
    is seen to keep to that in the Reference's example behind timechart; of other commands it is inferred †.
    """
    if "*" not in pattern:
        return [name for name in names if name == pattern]
    expression = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.S)
    internal = pattern.startswith("_")
    return [name for name in names if expression.fullmatch(name) and (internal or not name.startswith("_"))]


def substitute(pattern: str, replacement: str, name: str) -> str:
    """Return *replacement* with its wildcards filled by what those of *pattern* stand for in *name*.

    Both sides must have the same number of wildcards (Search Reference, "rename").
    """
    expression = "(.*)".join(re.escape(part) for part in pattern.split("*"))
    match = re.fullmatch(expression, name, re.S)
    assert match is not None, "only called for names that match"
    parts = replacement.split("*")
    return "".join(part + value for part, value in zip(parts, [*match.groups(), ""], strict=True))
