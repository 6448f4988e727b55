"""Regular expressions as SQL: Splunk uses PCRE, the database RE2, which has no look-around and other syntax for named groups.

RE2 runs what it takes, as it is fast and never slow; PCRE2 runs the rest.
"""

from __future__ import annotations

import functools
import re

import duckdb

from splreplay.spl.tokens import Cursor, Token
from splreplay.sql import pcre
from splreplay.sql.values import literal

# Text between \Q and \E, an escaped character, a bracket expression, the start of a group with what makes it special, or a $.
_PART = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\((?:\?P?<(?=[A-Za-z_])|\?)?|\$", re.S
)
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


def named_groups(pattern: str) -> dict[str, int]:
    """Return the number of each named group of *pattern*, in their order; none for what is no regular expression."""
    if pcre.what_is_wrong(pattern):
        return {}
    groups: dict[str, int] = pcre.compiled(pattern).groupindex
    return dict(sorted(groups.items(), key=lambda group: group[1]))


def group_count(pattern: str) -> int:
    """Return how many groups *pattern* has; none if it is no regular expression."""
    return 0 if pcre.what_is_wrong(pattern) else int(pcre.compiled(pattern).groups)


def check(pattern: str, cursor: Cursor, token: Token) -> None:
    """Fail unless *pattern*, which stands at *token*, is a regular expression."""
    if wrong := pcre.what_is_wrong(pattern):
        cursor.fail(f"this is no regular expression: {wrong}", token)


@functools.lru_cache(1_000)
def _is_re2(pattern: str) -> bool:
    """Return whether RE2 takes *pattern*; the others are PCRE2's alone."""
    try:
        _database().execute("SELECT regexp_matches('', ?)", [re2_pattern(pattern)]).fetchall()
    except duckdb.InvalidInputException:
        return False
    return True


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"threads": 1})


def matches(text: str, pattern: str) -> str:
    """Return SQL for whether *pattern* matches somewhere in *text*, which is SQL."""
    if not _is_re2(pattern):
        return f"py_matches({text}, {literal(pattern)})"
    return f"regexp_matches({text}, {literal(re2_test(pattern))})"


def extracted(text: str, pattern: str, group: int, most: int) -> str:
    """Return SQL for a list of what *group* is in each match, in at most *most* of them; 0 is all."""
    if not _is_re2(pattern):
        return f"py_extracted({text}, {literal(pattern)}, {group}, {most})"
    found = f"regexp_extract_all({text}, {literal((re2_extraction if most == 1 else re2_pattern)(pattern))}, {group})"
    return f"{found}[1:{most}]" if most else found


def replaced(text: str, pattern: str, by: str, most: int = 0) -> str:
    """Return SQL for *text* with one match, or all of them (0), replaced by *by*, in RE2's syntax."""
    if not _is_re2(pattern):
        return f"py_replaced({text}, {literal(pattern)}, {literal(by)}, {most})"
    flags = "''" if most else "'g'"
    return f"regexp_replace({text}, {literal(re2_pattern(pattern))}, {literal(by)}, {flags})"


def re2_replacement(pattern: str, by: str) -> str:
    r"""Return the replacement *by* of *pattern* in RE2's syntax, where a backslash is special only before a digit.

    `\0` is the whole match, and the number of a group that *pattern* does not have is text †.
    """
    count = group_count(pattern)

    def rewritten(part: re.Match[str]) -> str:
        number = part.group(1)
        return part.group() if number and int(number) <= count else "\\\\" + number

    return re.sub(r"\\([0-9]?)", rewritten, by)
