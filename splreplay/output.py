"""Results as people and programs read them: a table, one JSON array, or CSV, also such as a spreadsheet may open."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from splreplay import columns, times
from splreplay.sql.values import Value

Rows = Sequence[dict[str, Value]]
# What a limit of Splunk dropped; that no results mean nothing, because the log cannot show what the search looks for; what else the
# log cannot show; what else may make the results doubtful; and what only tells what was done, which is no warning.
NoticeKind = Literal["limit", "blind", "partly blind", "doubt", "note"]


@dataclass(frozen=True)
class Blind:
    """Why no results of a search mean nothing: the log cannot show what it looks for.

    Attributes:
        what: What it looks for; "" where that is more than one thing.
        why: Why the log cannot show it.
        lacks: Whether the log has no such event, or events without such a field.
    """

    what: str
    why: str
    lacks: Literal["event", "field"] = "field"

    @property
    def reason(self) -> str:
        """In what it is blind, and why."""
        return f"{self.what}: {self.why}" if self.what else self.why

    def __str__(self) -> str:
        """Return it as a warning."""
        return f"this search is blind in {self.reason}" if self.what else f"this search is blind: {self.why}"


@dataclass(frozen=True)
class Notice:
    """A message about a run, beside its results."""

    kind: NoticeKind
    said: str | Blind

    @property
    def text(self) -> str:
        """What is said, in words."""
        return str(self.said)

    @property
    def is_warning(self) -> bool:
        """Whether who reads the results should know it first."""
        return self.kind != "note"


@dataclass(frozen=True)
class Results:
    """What a search found: its fields in order, its results, and its notices."""

    fields: Sequence[str]
    rows: Rows
    notices: Sequence[Notice] = field(default_factory=tuple)

    @property
    def notes(self) -> list[str]:
        """The notices that are no warnings, as text."""
        return self.of_kind("note")

    @property
    def hits(self) -> int:
        """How many results are hits: a lone count of 0 is none."""
        return 0 if list(self.rows) == [{"count": "0"}] else len(self.rows)

    @property
    def warnings(self) -> list[str]:
        """The notices that are warnings, as text."""
        return [notice.text for notice in self.notices if notice.is_warning]

    @property
    def blind(self) -> list[Blind]:
        """Why no results of the search mean nothing; nothing where they mean something."""
        return [notice.said for notice in self.notices if notice.kind == "blind" and isinstance(notice.said, Blind)]

    def of_kind(self, *kinds: NoticeKind) -> list[str]:
        """Return the notices of some kinds, as text."""
        return [notice.text for notice in self.notices if notice.kind in kinds]


def _shown(name: str, value: Value) -> Value:
    """Epoch seconds are shown as a date where the field is `_time`, as Splunk does."""
    if name != "_time" or isinstance(value, list):
        return value
    try:
        return times.iso(float(value))
    except ValueError:
        return value


def as_json_row(row: Mapping[str, Value]) -> dict[str, Value]:
    """Return a result as it is shown: `_time` as a date."""
    return {name: _shown(name, value) for name, value in row.items()}


def as_json(results: Results) -> str:
    """Return one JSON array of objects; a value is a string, or an array of strings where there are several."""
    rows = [{name: _shown(name, row[name]) for name in results.fields if name in row} for row in results.rows]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def as_csv(results: Results) -> str:
    """Return CSV with a header; several values share one cell, one on each line."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(_csv_rows(results))
    return out.getvalue()


# A spreadsheet takes what begins so for a formula, also behind a semicolon where that separates its cells.
# Source: OWASP, "CSV Injection".
_FORMULA = re.compile(r"(?:^|(?<=;))(?=[=+\-@\t\r\n])")


def as_safe_csv(results: Results) -> str:
    """Return CSV for a spreadsheet: a single quote stands before what it would take for a formula, and all cells are quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([_FORMULA.sub("'", cell) for cell in row] for row in _csv_rows(results))
    return out.getvalue()


def _csv_rows(results: Results) -> Iterator[Sequence[str]]:
    """Yield the header and the cells of each result."""
    yield results.fields
    for row in results.rows:
        cells = (_shown(name, row.get(name, "")) for name in results.fields)
        yield ["\n".join(cell) if isinstance(cell, list) else cell for cell in cells]


def as_table(results: Results, width: int | None = None) -> str:
    """Return text for a terminal: aligned columns where they fit, else one block for each result; each value has a line.

    Control characters are escaped, because text that attackers wrote must not reach the terminal as commands.

    Args:
        results: The results.
        width: That of the terminal, in columns; None where there is none.
    """
    if not results.rows:
        return "no results\n"
    names = [name for name in results.fields if any(name in row for row in results.rows)]
    cells = [[_cell(_shown(name, row.get(name, ""))) for name in names] for row in results.rows]
    text = columns.laid_out([printable(name) for name in names], cells, width)
    count = len(results.rows)
    return f"{text}\n\n{count:,} result{'s' if count != 1 else ''}\n"


def _cell(value: Value) -> list[str]:
    """Return the values of a cell; an empty one among several is shown, as its line would look like a border."""
    return [printable(one) or '""' for one in value] if isinstance(value, list) else [printable(value)]


def printable(text: str) -> str:
    r"""Return *text* with everything that is not printable as `\n`, `\x1b`, `\u202e` and so on."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


FORMATS: dict[str, Callable[[Results], str]] = {
    "table": as_table,
    "json": as_json,
    "csv": as_csv,
    "safe-csv": as_safe_csv,
}
