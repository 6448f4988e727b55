"""Regular expressions by PCRE2, Splunk's own library: those that RE2, the database's, refuses, and those out of fields.

PCRE2 tries each way in which a pattern may match, so some patterns take longer on some texts than anybody waits. Splunk bounds
the steps from one place of a text; here, one text may also take so many seconds, and all the texts of a run so many.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import re
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pcre2

from splreplay import limits
from splreplay.errors import Span, UnsupportedError

_Found = TypeVar("_Found")

# So many steps in a text of so many characters are surely done within a second. Other searches are watched, which costs 13 us
# for each place where a match may start.
_UNWATCHED_STEPS, _UNWATCHED_CHARACTERS = 20_000_000, 4_000
_SETTINGS = re.compile(r"(?:\(\*[A-Z0-9_=]+\))*")  # those that stand at the start of a pattern
_WRONG = re.compile(r"compilation failed at position (\d+); (.*)", re.S)


class PatternLimitError(Exception):
    """A pattern took too long, or too many steps; the message is for the user."""


class _Spent(threading.local):
    """When the value of this thread has to be done."""

    deadline = 0.0


_here = _Spent()
_spent_s = 0.0  # in this run


def begin() -> None:
    """Begin a run: nothing of its time is spent."""
    global _spent_s
    _spent_s = 0.0


def what_is_wrong(pattern: str) -> str | None:
    """Return why *pattern* is no regular expression, None where it is one."""
    try:
        compiled(pattern)
    except pcre2.PatternError as error:
        place, reason = _WRONG.fullmatch(str(error)).groups()  # type: ignore[union-attr]
        return f"{reason}, behind its character {place}"
    return None


@functools.lru_cache(1_000)
def compiled(pattern: str) -> Any:
    """Return *pattern* as PCRE2 reads it, without bounds; PatternError for what is no regular expression."""
    return pcre2.compile(pattern, pcre2.ASCII, jit=False)


@functools.lru_cache(1_000)
def _bounded(pattern: str, steps: int, watched: bool) -> Any:
    if watched:
        start = _SETTINGS.match(pattern).end()  # type: ignore[union-attr]
        pattern = f"{pattern[:start]}(?C1){pattern[start:]}"
    bounds = f"(*LIMIT_MATCH={steps})(*LIMIT_HEAP={limits.PATTERN_HEAP_KB})"
    return pcre2.compile(bounds + pattern, pcre2.ASCII, jit=False, callout=_watch if watched else None)


def _watch(block: object) -> None:
    """Stop a search whose time is over; PCRE2 calls this at each place of a text where a match may start."""
    if time.perf_counter() > _here.deadline:
        raise PatternLimitError(f"a pattern took more than {limits.PATTERN_VALUE_S:g} s for one value")


def _within_bounds(pattern: str, text: str, find: Callable[[Any], _Found]) -> _Found:
    global _spent_s
    start = time.perf_counter()
    if _spent_s > limits.PATTERN_RUN_S:
        raise PatternLimitError(f"patterns took more than {limits.PATTERN_RUN_S:g} s in this run")
    _here.deadline = start + min(limits.PATTERN_VALUE_S, limits.PATTERN_RUN_S)
    # In powers of ten, so that few patterns are compiled.
    steps = 10 ** (len(str(_UNWATCHED_STEPS // (len(text) + 1))) - 1)
    try:
        if len(text) <= _UNWATCHED_CHARACTERS:
            with contextlib.suppress(pcre2.LibraryError):
                return find(_bounded(pattern, min(steps, limits.PATTERN_STEPS), False))
        return find(_bounded(pattern, limits.PATTERN_STEPS, True))
    except pcre2.LibraryError as error:
        raise PatternLimitError(f"PCRE2 gave up on a value: {error}") from error
    finally:
        _spent_s += time.perf_counter() - start


# Each of these is a function of SQL too; None for a pattern that is no regular expression †.


def _of_patterns(function: Callable[..., _Found]) -> Callable[..., _Found | None]:
    @functools.wraps(function)
    def call(text: str, pattern: str, *rest: Any) -> _Found | None:
        return None if what_is_wrong(pattern) else function(text, pattern, *rest)

    return call


@_of_patterns
def matches(text: str, pattern: str) -> bool:
    """Return whether *pattern* matches somewhere in *text*."""
    return _within_bounds(pattern, text, lambda bounded: bounded.search(text) is not None)


@_of_patterns
def extracted(text: str, pattern: str, group: int, most: int) -> list[str | None]:
    """Return what *group* is in each match, in at most *most* of them; 0 is all."""

    def find(bounded: Any) -> list[str | None]:
        return [match.group(group) for match in itertools.islice(bounded.finditer(text), most or None)]

    return _within_bounds(pattern, text, find)


@_of_patterns
def replaced(text: str, pattern: str, by: str, most: int) -> str:
    r"""Return *text* with at most *most* matches (0: all) replaced by *by*, in which `\1` is a group and `\\` a backslash."""

    def new(match: Any) -> str:
        return re.sub(r"\\(\d|\\)", lambda part: "\\" if part[1] == "\\" else match.group(int(part[1])) or "", by)

    return _within_bounds(pattern, text, lambda bounded: str(bounded.sub(new, text, most)))


def refusal(error: Exception, span: Span) -> UnsupportedError | None:
    """Return our error, at *span*, for one of the database's that a pattern caused by taking too long; None for others."""
    words = re.search(rf"{PatternLimitError.__name__}: (.*)", str(error))
    hint = (
        "write the pattern with fewer ways to match: without a repetition inside of another, or look-around behind .*"
    )
    return UnsupportedError(words[1], hint, span) if words else None
