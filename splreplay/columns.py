"""Rows of cells as text for a terminal: columns where they fit, else a block for each row.

A cell is a list of values, and each value has a line of its own. What belongs to a value is told by its place alone, so that no
text in it can be mistaken for a border. The few rules of width that this needs are in the standard library, so no package does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

Cell = Sequence[str]
# Where the output is no terminal: wider rows are blocks, whose lines are whole.
WIDTH = 120
_GAP = "  "
# Stands in the gap before the rest of a value that is wider than the terminal.
_REST = "> "
# So many columns are left for values, however long the names are.
_LEAST = 20


def laid_out(names: Sequence[str], rows: Sequence[Sequence[Cell]], width: int | None = None) -> str:
    """Return rows as text.

    Args:
        names: The names of the columns, all printable.
        rows: For each row a cell for each name, all printable.
        width: That of the terminal, in columns; None where there is none.
    """
    widths = [
        max([columns(name), *(columns(value) for cell in cells for value in cell)])
        for name, *cells in zip(names, *rows, strict=True)
    ]
    if sum(widths) + len(_GAP) * (len(widths) - 1) <= (width or WIDTH):
        return "\n".join(_table(names, rows, widths))
    return "\n\n".join("\n".join(_block(names, row, width)) for row in rows)


def _table(names: Sequence[str], rows: Sequence[Sequence[Cell]], widths: Sequence[int]) -> Iterator[str]:
    """Yield a line for each value; where a row has several lines, an empty one stands between rows."""
    yield _line(names, widths)
    yield _line(["-" * width for width in widths], widths)
    apart = any(len(cell) > 1 for row in rows for cell in row)
    for place, row in enumerate(rows):
        if apart and place:
            yield ""
        yield from (_line(values, widths) for values in zip_longest(*row, fillvalue=""))


def _line(values: Sequence[str], widths: Sequence[int]) -> str:
    padded = (value + " " * (width - columns(value)) for value, width in zip(values, widths, strict=True))
    return _GAP.join(padded).rstrip()


def _block(names: Sequence[str], row: Sequence[Cell], width: int | None) -> Iterator[str]:
    """Yield the values of a row that has them, each behind the name of its field."""
    before = max(map(columns, names))
    for name, cell in zip(names, row, strict=True):
        head = name + " " * (before - columns(name))
        for value in cell if any(cell) else ():
            gap = _GAP
            for piece in _pieces(value, max(_LEAST, width - before - len(_GAP)) if width else None):
                yield f"{head}{gap}{piece}"
                head, gap = " " * before, _REST


def _pieces(value: str, width: int | None) -> Iterator[str]:
    """Yield a text in pieces of at most *width* columns, from which nothing is left out."""
    start = used = 0
    for place, character in enumerate(value if width else ""):
        used += columns(character)
        if width and used > width:
            yield value[start:place]
            start, used = place, columns(character)
    yield value[start:]


def columns(text: str) -> int:
    """Return how many columns of a terminal a printable text takes: two for wide characters, none for combining ones.

    Source: Unicode Standard Annex #11, "East Asian Width".
    """
    if text.isascii():
        return len(text)
    import unicodedata  # a library of its own, which few results need

    return sum(
        0 if unicodedata.category(one) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def cut(text: str, width: int | None) -> str:
    """Return a printable text, cut to a terminal's width with an ellipsis at its end where it is wider."""
    if not width or columns(text) <= width:
        return text
    return next(_pieces(text, max(1, width - 1))) + "…"
