"""Regular expressions: Splunk uses PCRE, DuckDB uses RE2, which has no look-around and other syntax for named groups."""

from __future__ import annotations

import re
from collections.abc import Callable

# Text between \Q and \E, an escaped character, a bracket expression, the start of a group with what makes it special, or a $.
_PART = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\((?:\?P?<(?=[A-Za-z_])|\?)?|\$", re.S
)
# Parts that may hold anything: a comment, and a pattern with the flag x.
_COMMENT = re.compile(r"\(\?(?:#|[a-zA-Z^]*x)")
_STRAY = re.compile(r"\[|\\\Z|(?:\A|\|)[*+?]")
# The flag m, with which a $ is the end of any line, and escapes that depend on the line break being left.
_OTHER_ENDS = re.compile(r"\(\?[a-zA-Z^]*m|\\[zB]")
_ESCAPED = re.compile(r"\\.", re.S)

# PCRE's white space (pcre2pattern, "Generic character types") as it is written inside of brackets.
_SPACES = {
    r"\s": r"\x0b\s",
    r"\h": r"\t \x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}",
    r"\v": r"\n-\r\x{85}\x{2028}\x{2029}",
}
_WITHIN = {**_SPACES, r"\S": r"\x00-\x08\x0e-\x1f!-\x{10ffff}"}
_ALONE = {name: f"[{spaces}]" for name, spaces in _SPACES.items()} | {
    name.upper(): f"[^{spaces}]" for name, spaces in _SPACES.items()
}


def re2_pattern(pattern: str) -> str:
    """Return *pattern* in RE2's syntax, with named groups as `(?P<name>…)` and white space spelled out.

    A `$` stays as it is: in RE2 it is only the end of the text, in PCRE also the place before a last line break.
    """
    return _PART.sub(_translated, pattern)


def re2_test(pattern: str) -> str:
    """Return *pattern* for a test whether it matches: its `$` also matches before a last line break, as in PCRE.

    The translated `$` consumes the break, so a `$` that is followed by more stays as it is.
    """
    return _with_break(pattern, re.compile(r"\)*(?:\||\Z)"))


def re2_extraction(pattern: str) -> str:
    """Return *pattern* to extract groups of its first match: a `$` at its end, in no group, also matches before a last break."""
    return _with_break(pattern, re.compile(r"\Z"))


def _with_break(pattern: str, behind: re.Pattern[str]) -> str:
    """Return *pattern* in RE2's syntax, where a `$` that *behind* follows also matches before a last line break."""
    if _OTHER_ENDS.search(pattern):
        return re2_pattern(pattern)

    def translated(part: re.Match[str]) -> str:
        last = part.group() == "$" and behind.match(pattern, part.end())
        return r"(?:\n?\z)" if last else _translated(part)

    return _PART.sub(translated, pattern)


def _translated(part: re.Match[str]) -> str:
    text = part.group()
    if text == "(?<":
        return "(?P<"
    if text.startswith("["):
        return _ESCAPED.sub(lambda escaped: _WITHIN.get(escaped.group(), escaped.group()), text)
    return _ALONE.get(text, text)


def of_field(translate: Callable[[str], str]) -> Callable[[str], str | None]:
    """Return *translate* for the values of a field: it gives None for a value that is not a regular expression at all †."""
    return lambda pattern: None if _broken(pattern) else translate(pattern)


def _broken(pattern: str) -> bool:
    """Return whether a bracket has no partner, a backslash ends the pattern, or a quantifier follows nothing.

    Whatever else RE2 refuses may be valid in PCRE.
    """
    if _COMMENT.search(pattern):
        return False
    rest = _PART.sub(lambda part: "(" if part.group()[0] == "(" else "_", pattern)
    depth = 0
    for letter in rest:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return True
    return depth > 0 or _STRAY.search(rest) is not None


def named_groups(pattern: str) -> dict[str, int]:
    """Return the number of each named group of *pattern*; RE2 refuses a pattern with two groups of one name."""
    return {name: number for number, name in enumerate(_groups(pattern), start=1) if name}


def group_count(pattern: str) -> int:
    """Return how many groups *pattern* has."""
    return len(_groups(pattern))


def re2_replacement(pattern: str, by: str) -> str:
    r"""Return the replacement *by* of *pattern* in RE2's syntax, where a backslash is special only before a digit.

    `\0` is the whole match, and the number of a group that *pattern* does not have is text †.
    """
    count = group_count(pattern)

    def rewritten(part: re.Match[str]) -> str:
        number = part.group(1)
        return part.group() if number and int(number) <= count else "\\\\" + number

    return re.sub(r"\\([0-9]?)", rewritten, by)


def _groups(pattern: str) -> list[str]:
    """Return the names of the groups of *pattern* in order; an empty name for a group without one."""
    names: list[str] = []
    for part in _PART.finditer(pattern):
        if part.group() in ("(", "(?<", "(?P<"):
            name = re.match(r"\w+", pattern[part.end() :]) if part.group() != "(" else None
            names.append(name.group() if name else "")
    return names
