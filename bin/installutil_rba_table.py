"""
The CSV body of a chunk as a table: rows in, the same rows and our columns out.

splunklib makes a dict of each row and writes the dicts under the first one's keys. That drops a field that
the first row lacks, folds columns of one name into one, and cuts rows of unequal length. Here a cell that is
not ours is never touched: it keeps its place in its row, and only the fields that the rules read are looked
at.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from installutil_rba_fields import MULTIVALUE
from installutil_rba_values import Record, Value

if TYPE_CHECKING:
    from _csv import Reader

_MV = "__mv_"  # prefix of the column that holds a field's values one by one
_MV_ITEM = re.compile(r"\$([^$]*(?:\$\$[^$]*)*)\$(?:;|\Z)")  # one of them: `$` around it, and doubled inside

# The csv module of Python 3.9 refuses NUL. This code point never comes out of UTF-8, so it can stand in for
# it.
_NUL = "\ud800"

_LONGEST_CELL = 2**31 - 1  # characters: no limit but the chunk's own length, which is announced


class TableError(Exception):
    """The body of a chunk is no table; the text is fit to show to the analyst."""


class Table(NamedTuple):
    """A header, and rows of as many cells."""

    header: list[str]
    rows: list[list[str]]

    def records(self, fields: Iterable[str]) -> Iterator[dict[str, Value]]:
        """
        Yield for each row a dict of those of *fields* that it has: text, or a list of a multivalue field's
        values.

        Of two columns with one name the first counts.
        """
        place = {name: index for index, name in reversed(list(enumerate(self.header)))}
        plain = [(field, place[field]) for field in fields if field in place]
        several = [(field, place[_MV + field]) for field in fields if _MV + field in place]
        for row in self.rows:
            record: dict[str, Value] = {field: row[index] for field, index in plain}
            for field, index in several:
                items = _decoded(row[index])
                if items:
                    record[field] = items
            yield record

    def with_fields(self, fields: Sequence[str], records: Iterable[Record]) -> Table:
        """Return the table with *fields* as its last columns, a record a row, replacing those names."""
        ours = {*fields, *(_MV + field for field in fields)}
        kept = [index for index, name in enumerate(self.header) if name not in ours]
        added = made_of(fields, records)
        return Table(
            [self.header[index] for index in kept] + added.header,
            [[row[index] for index in kept] + cells for row, cells in zip(self.rows, added.rows)],
        )


def made_of(fields: Sequence[str], records: Iterable[Record]) -> Table:
    """Return a table of *fields*, a record a row; the `__mv_` columns stand last, as in what Splunk sends."""
    several = [field for field in fields if field in MULTIVALUE]
    return Table(
        [*fields, *(_MV + field for field in several)],
        [
            [_text(record.get(field, "")) for field in fields] + [_encoded(record.get(field, "")) for field in several]
            for record in records
        ],
    )


def read(body: str) -> Table:
    """
    Return the table that *body* holds; a row that ends early is filled with empty cells.

    Raises:
        TableError: The body is no CSV, or a row has more cells than there are columns; says which.
    """
    cells = reader(io.StringIO(body.replace("\0", _NUL)))
    try:
        # A blank line is a row too: of one empty cell, as a table of one column has it.
        header, *rows = [row or [""] for row in cells] or [[]]
    except csv.Error as error:
        raise TableError(f"a chunk is no CSV at its line {cells.line_num}: {error}") from error
    for number, row in enumerate(rows, 1):
        if len(row) > len(header):
            raise TableError(f"result {number} of a chunk has {len(row)} cells under {len(header)} columns")
        row += [""] * (len(header) - len(row))
    if "\0" in body:
        header, *rows = [[cell.replace(_NUL, "\0") for cell in row] for row in (header, *rows)]
    return Table(header, rows)


def reader(lines: Iterable[str]) -> Reader:
    """Return the rows of the CSV text that *lines*, cut after each LF, hold; reading them may raise csv.Error."""
    csv.field_size_limit(_LONGEST_CELL)  # each time, for splunklib sets it to 10 MB where it is imported
    # Lines end in LF here, not in a lone CR: Splunk quotes one inside a cell, and unquoted it is refused.
    return csv.reader(lines, strict=True)


def write(table: Table) -> str:
    """Return the table as CSV; nothing where it has no rows, as splunklib answers a chunk without results."""
    if not table.rows:
        return ""
    buffer = io.StringIO(newline="")
    # CRLF, as splunklib writes it: where lines end in LF, the csv module of Python 3.9 leaves a CR unquoted.
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(table.header)
    writer.writerows(table.rows)
    return buffer.getvalue()


def _text(value: Value) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def _encoded(value: Value) -> str:
    """Return several values as `$a$;$b$`; nothing for one, which its own cell holds."""
    if isinstance(value, str) or len(value) < 2:
        return ""
    return ";".join("$" + item.replace("$", "$$") + "$" for item in value)


def _decoded(cell: str) -> list[str]:
    """Return the values of a `__mv_` cell; none where it is empty or not of that form."""
    items = []
    position = 0
    while position < len(cell):
        # Anchored, one value after another: to search a malformed cell of a megabyte would take quadratic
        # time.
        match = _MV_ITEM.match(cell, position)
        if match is None:
            return []
        items.append(match[1].replace("$$", "$"))
        position = match.end()
    return items
