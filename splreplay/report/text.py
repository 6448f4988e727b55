"""Text of a log as the report shows it: of limited length, and without characters that hide or move text."""

from __future__ import annotations

import markupsafe

from splreplay.output import printable
from splreplay.sql.values import Value, values_of

HEAD, TAIL = 3_000, 1_000  # characters of a long text: attackers pad text, so both ends are shown
VALUES = 20  # of a field that has several


def shown(value: object) -> str:
    r"""Return *value* as the page shows it: escapes such as `\u202e` for what is not printable, and no middle of a long text.

    The output of a macro of the template is not text of a log, and is unchanged.
    """
    if isinstance(value, markupsafe.Markup):
        return value
    return printable(shortened(str(value)))


def shortened(whole: str, head: int = HEAD, tail: int = TAIL) -> str:
    """Return a text, or of a longer one its first and its last characters, and how many are left out."""
    left_out = len(whole) - head - tail
    return whole if left_out <= 0 else f"{whole[:head]} […{left_out:,} characters are left out here…] {whole[-tail:]}"


def brief(whole: str) -> str:
    """Return a text that is one of many, such as a name or a message."""
    return shortened(whole, 300, 100)


def listed(value: Value) -> list[str]:
    """Return the values of a field; of many, the first ones and how many more there are."""
    several = values_of(value)
    more = len(several) - VALUES
    return several if more <= 0 else [*several[:VALUES], f"… and {more:,} more"]


def values(row: dict[str, Value], *names: str) -> list[str]:
    """Return the values of the first of some fields that a result has."""
    return values_of(next((row[name] for name in names if row.get(name)), []))
