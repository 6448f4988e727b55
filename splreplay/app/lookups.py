"""CSV lookups: their rows, and how rows are matched (transforms.conf.spec)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from splreplay.errors import DataError, UsageError

Row = dict[str, str | None]


@dataclass(frozen=True)
class LookupTable:
    """A CSV lookup and how its rows are matched (transforms.conf.spec)."""

    name: str
    fields: Sequence[str]
    rows: Sequence[Row]
    case_sensitive: bool = True
    max_matches: int = 1000
    default_match: str | None = None
    match_types: Mapping[str, str] = field(default_factory=dict)

    def require(self, name: str) -> None:
        """Raise UsageError unless the lookup has the field *name*."""
        if name not in self.fields:
            raise UsageError(f"lookup {self.name!r} has no field {name!r}; it has: {' '.join(self.fields)}")


def as_csv(fields: Sequence[str], rows: Iterable[Mapping[str, str | None]]) -> str:
    """Return rows as the text of a CSV file that `read_csv` reads."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # it quotes both characters of its line end, so that a value may hold them
    writer.writerow(fields)
    writer.writerows([row.get(name) or "" for name in fields] for row in rows)
    return text.getvalue()


def read_csv(path: Path) -> tuple[list[str], list[Row]]:
    """Return the header, without the blanks around its names †, and the rows of a lookup.

    Raises:
        DataError: If it is missing, not UTF-8, or ragged.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            fields, *records = list(csv.reader(file, strict=True)) or [[]]
    except FileNotFoundError as error:
        raise DataError("the file of this lookup is not there; add it", str(path)) from error
    except OSError as error:
        raise DataError(f"this lookup cannot be read: {error.strerror}", str(path)) from error
    except (ValueError, csv.Error) as error:
        raise DataError(f"this lookup cannot be read: {error}", str(path)) from error
    for number, record in enumerate(records, start=2):
        if record and len(record) != len(fields):
            message = f"this row has {len(record)} cells, but the header has {len(fields)}; mend the row"
            raise DataError(message, str(path), f"row {number}")
    fields = [name.strip() for name in fields]
    return fields, [
        {name: cell or None for name, cell in zip(fields, record, strict=True)} for record in records if record
    ]
