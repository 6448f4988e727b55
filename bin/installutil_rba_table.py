"""
The CSV body of a chunk as a table: rows go in, and the same rows come out with our columns.

splunklib makes a dict of each row and writes the dicts under the first one's keys. That drops a field that
the first row lacks, merges columns of the same name, and cuts rows of unequal length. Here a cell that is
not ours is never touched: it keeps its place in its row. Only the fields that the rules read are looked at.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Callable, NamedTuple

from installutil_rba_fields import MULTIVALUE
from installutil_rba_values import Record, Value

if TYPE_CHECKING:
    from _csv import Reader

MV = "__mv_"  # prefix of the column that holds a field's values one by one
_MV_ITEM = re.compile(r"\$([^$]*(?:\$\$[^$]*)*)\$(?:;|\Z)")  # one of them: `$` around it, and doubled inside

# The csv module of Python 3.9 refuses NUL. This code point never comes out of UTF-8, so it can stand in for
# it.
_NUL = "\ud800"

_PIECE = 100_000  # characters of a body that are read or written at a time
_LONGEST_CELL = 2**31 - 1  # characters: no limit but the chunk's own length, which is announced


class TableError(Exception):
    """The body of a chunk is not a table; the text can be shown to the analyst."""


class Table(NamedTuple):
    """A header, and rows of as many cells; the rows may be readable only once."""

    header: list[str]
    rows: Iterable[list[str]]

    def records(self, fields: Iterable[str]) -> Iterator[dict[str, Value]]:
        """Yield each row's *fields*, as `reading` reads them."""
        return map(reading(self.header, fields), self.rows)

    def with_fields(self, fields: Sequence[str], records: Iterable[Record]) -> Table:
        """Return the table with *fields* as its last columns, from a record for each row; they replace older ones."""
        ours = {*fields, *(MV + field for field in fields)}
        kept = [index for index, name in enumerate(self.header) if name not in ours]
        added = made_of(fields, records)
        return Table(
            [self.header[index] for index in kept] + added.header,
            ([row[index] for index in kept] + cells for row, cells in zip(self.rows, added.rows)),
        )


def reading(header: Sequence[str], fields: Iterable[str]) -> Callable[[Sequence[str]], dict[str, Value]]:
    """
    Return a function that takes a row under *header* and returns those of *fields* that it has.

    A field's value is text, or a list if it has several. If two columns have the same name, the first counts.
    """
    place = {name: index for index, name in reversed(list(enumerate(header)))}
    plain = [(field, place[field]) for field in fields if field in place]
    several = [(field, place[MV + field]) for field in fields if MV + field in place]

    def record(row: Sequence[str]) -> dict[str, Value]:
        found: dict[str, Value] = {field: row[index] for field, index in plain}
        for field, index in several:
            items = decoded(row[index])
            if items:
                found[field] = items
        return found

    return record


def made_of(fields: Sequence[str], records: Iterable[Record], several: Container[str] = MULTIVALUE) -> Table:
    """
    Return a table of *fields*, with a row for each record.

    The `__mv_` columns, those of the fields in *several*, come last, as Splunk sends them.
    """
    multivalue = [field for field in fields if field in several]
    return Table(
        [*fields, *(MV + field for field in multivalue)],
        (
            [text(record.get(field, "")) for field in fields] + [encoded(record.get(field, "")) for field in multivalue]
            for record in records
        ),
    )


def read(body: str) -> Table:
    """
    Return the table that *body* holds. Its rows are read when asked for; a short row is filled with empty cells.

    Raises:
        TableError: The body is not CSV, or, while rows are read, a row is not CSV or has more cells than there
            are columns; says which.
    """
    rows = _rows(body)
    header = next(rows, [])
    return Table(header, _filled(rows, len(header)))


def _rows(body: str) -> Iterator[list[str]]:
    found = reader(lines(body.replace("\0", _NUL)))
    has_nul = "\0" in body
    try:
        for row in found:
            # A blank line is a row too: one empty cell, as in a table of one column.
            row = row or [""]
            yield [cell.replace(_NUL, "\0") for cell in row] if has_nul else row
    except csv.Error as error:
        raise TableError(f"a chunk is no CSV at its line {found.line_num}: {error}") from error


def _filled(rows: Iterable[list[str]], width: int) -> Iterator[list[str]]:
    for number, row in enumerate(rows, 1):
        if len(row) > width:
            raise TableError(f"result {number} of a chunk has {len(row)} cells under {width} columns")
        yield row + [""] * (width - len(row))


def lines(body: str) -> Iterator[str]:
    """Yield the lines of a body, cut after each LF."""
    return chain.from_iterable(map(io.StringIO, _pieces(body)))


def _pieces(body: str) -> Iterator[str]:
    """Yield the body in pieces of whole lines: a StringIO takes four bytes a character, too much for a whole body."""
    start = 0
    while start < len(body):
        end = body.find("\n", start + _PIECE) + 1 or len(body)
        yield body[start:end]
        start = end


def reader(lines: Iterable[str]) -> Reader:
    """Return the rows of the CSV text in *lines*, which are cut after each LF; reading them may raise csv.Error."""
    csv.field_size_limit(_LONGEST_CELL)  # each time, because importing splunklib sets it to 10 MB
    # A line ends in LF, not in a lone CR: Splunk quotes a CR inside a cell, and an unquoted one is refused.
    return csv.reader(lines, strict=True)


def write(table: Table) -> Iterator[str]:
    """Yield the table as CSV in pieces; nothing if it has no rows, as splunklib answers a chunk without results."""
    buffer = io.StringIO(newline="")
    # CRLF, as splunklib writes it: if lines end in LF, the csv module of Python 3.9 leaves a CR unquoted.
    writer = csv.writer(buffer, lineterminator="\r\n")
    for number, row in enumerate(table.rows):
        if number == 0:
            writer.writerow(table.header)
        writer.writerow(row)
        if buffer.tell() >= _PIECE:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def text(value: Value) -> str:
    """Return what a field's own cell holds."""
    return value if isinstance(value, str) else "\n".join(value)


def encoded(value: Value) -> str:
    """Return several values as `$a$;$b$`, but nothing for a single one, which the field's own cell holds."""
    if isinstance(value, str) or len(value) < 2:
        return ""
    joined = "$;$".join(value)
    if joined.count("$") == 2 * len(value) - 2:
        return f"${joined}$"  # the usual case, in which no value holds a $
    return ";".join("$" + item.replace("$", "$$") + "$" for item in value)


def decoded(cell: str) -> list[str]:
    """Return the values of a `__mv_` cell; none if it is empty or does not have that form."""
    items = cell[1:-1].split("$;$")
    if cell.count("$") == 2 * len(items) and cell[0] == cell[-1] == "$":
        return items  # the usual case, in which no value holds a $
    items = []
    position = 0
    while position < len(cell):
        # Anchored, one value after another: searching a malformed cell of a megabyte would take quadratic time.
        match = _MV_ITEM.match(cell, position)
        if match is None:
            return []
        items.append(match[1].replace("$$", "$"))
        position = match.end()
    return items
