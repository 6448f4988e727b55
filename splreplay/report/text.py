"""Text of a log as the report shows it: in one piece, of bounded length, nothing in it that hides or moves text."""

from __future__ import annotations

import markupsafe

from splreplay import times
from splreplay.output import printable
from splreplay.sql.values import Value

HEAD, TAIL = 3_000, 1_000  # characters of a long text: attackers pad, so both ends are kept
VALUES = 20  # of a field that has several


def shown(value: object) -> str:
    r"""Return *value* as the page shows it: `\u202e` for what is not printable, the middle of a long text left out.

    What a macro of the template has made is no text of a log, and stays as it is.
    """
    if isinstance(value, markupsafe.Markup):
        return value
    whole = str(value)
    left_out = len(whole) - HEAD - TAIL
    if left_out <= 0:
        return printable(whole)
    return f"{printable(whole[:HEAD])} […{left_out:,} characters are left out here…] {printable(whole[-TAIL:])}"


def listed(value: Value) -> list[str]:
    """Return the values of a field, the first of many, with how many more there are."""
    several = [value] if isinstance(value, str) else value
    more = len(several) - VALUES
    return several if more <= 0 else [*several[:VALUES], f"… and {more:,} more"]


def values(row: dict[str, Value], *names: str) -> list[str]:
    """Return the values of the first of some fields that a result has."""
    value = next((row[name] for name in names if row.get(name)), [])
    return [value] if isinstance(value, str) else value


def utc(epoch: float) -> str:
    """Return a time to the second."""
    return times.format_time(epoch, "%Y-%m-%d %H:%M:%S UTC") or str(epoch)
