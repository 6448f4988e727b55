"""The options of commands, `name=value`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from splreplay.spl.tokens import Cursor, Token

Convert = Callable[[str], Any]


def boolean(text: str) -> bool:
    """Return the boolean that Splunk reads *text* as; ValueError for anything else."""
    lowered = text.lower()
    if lowered in ("t", "true", "1"):
        return True
    if lowered in ("f", "false", "0"):
        return False
    raise ValueError("true or false")


def count(text: str) -> int:
    """Return a whole number, 0 or more; ValueError for anything else, and for a number that is too large for the database."""
    if not re.fullmatch("[0-9]{1,15}", text):
        raise ValueError("a whole number, 0 or more" + ", of at most 15 digits" * text.isdecimal())
    return int(text)


def choice(*values: str) -> Convert:
    """Return a converter that takes one of *values*, in any case."""

    def convert(text: str) -> str:
        if text.lower() not in values:
            raise ValueError(" or ".join(values))
        return text.lower()

    return convert


def at_option(cursor: Cursor, names: Iterable[str]) -> bool:
    """Whether the cursor stands at `name=` for one of *names*."""
    return cursor.here.is_word(*names) and cursor.ahead().is_op("=")


def read_option(cursor: Cursor, spec: Mapping[str, Convert]) -> tuple[str, Any]:
    """Return the name and converted value of the option at the cursor; SplSyntaxError if the value is wrong."""
    name = cursor.take().value.lower()
    cursor.expect_op("=")
    value: Token = cursor.here
    text = cursor.name(f"a value for {name}")
    try:
        return name, spec[name](text)
    except ValueError as error:
        cursor.fail(f"{name} takes {error}", value)


def read_options(cursor: Cursor, spec: Mapping[str, Convert]) -> dict[str, Any]:
    """Return the options at the cursor, up to the first token that is not one of them."""
    options: dict[str, Any] = {}
    while at_option(cursor, spec):
        name, value = read_option(cursor, spec)
        options[name] = value
    return options


def read_count(cursor: Cursor, command: str) -> int | None:
    """Return the bare number at the cursor, None if there is none; SplSyntaxError if it is too large."""
    token = cursor.here
    if token.kind != "word" or not token.value.isdecimal():
        return None
    cursor.take()
    try:
        return count(token.value)
    except ValueError as error:
        cursor.fail(f"{command} takes {error}", token)


def refuse_options(cursor: Cursor, names: Iterable[str], why: str, remedy: str = "") -> None:
    """Raise UnsupportedError if the cursor stands at one of the options *names*."""
    if at_option(cursor, names):
        cursor.refuse(f"replay does not run {cursor.here.value}=: {why}", remedy=remedy)
