"""What the tests of logs and data models share: events as text, and a function that loads them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb
import pytest

from splreplay.cim import FIELDS, datasets
from splreplay.cim.mapping import FILE
from splreplay.logs import LoadReport, load, names
from splreplay.logs.facts import Facts
from splreplay.logs.names import Wanted

NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
COMMON = ("provider", "event_id", "time", "computer", "channel")
Value = str | int | float | list[str] | None


def event(
    data: Mapping[str, str] | None = None,
    *,
    event_id: str = "1",
    provider: str = "Microsoft-Windows-Sysmon",
    time: str = "2025-06-17T08:00:00.1234567Z",
    computer: str = "HOST.example.com",
    channel: str = "Microsoft-Windows-Sysmon/Operational",
) -> str:
    """Return an event as XML; newlines in values stay raw."""
    values = "".join(f"<Data Name='{name}'>{escape(text)}</Data>" for name, text in (data or {}).items())
    return (
        f"<Event xmlns='{NAMESPACE}'><System><Provider Name='{provider}'/><EventID>{event_id}</EventID>"
        f"<TimeCreated SystemTime='{time}'/><Channel>{channel}</Channel>"
        f"<Computer>{computer}</Computer></System><EventData>{values}</EventData></Event>"
    )


class Loaded:
    """A database after a load."""

    def __init__(
        self, *paths: str | Path, fields: tuple[str, ...] | Wanted = FIELDS, cache: Path | None = None
    ) -> None:
        """Load *paths*."""
        self.connection = duckdb.connect()
        self.folder = tempfile.TemporaryDirectory()
        texts = [str(path) for path in paths]
        wanted = fields if isinstance(fields, Wanted) else Wanted(fields)
        self.report: LoadReport = load(self.connection, texts, wanted, Path(self.folder.name), cache=cache)

    def values(self, column: str) -> list[Value]:
        """Return one column of the table `event`, or the values of one name, in the order of the log."""
        name = column if column in COMMON or column == "source" else names.column(column)
        return [value for (value,) in self.connection.sql(f'SELECT "{name}" FROM event').fetchall()]

    def select(self, *columns: str) -> list[tuple[Value, ...]]:
        """Return several columns or values, a row for each event."""
        return list(zip(*map(self.values, columns), strict=True))

    def rows(self, dataset: str, addon: str = "current") -> list[dict[str, Value]]:
        """Return a dataset's rows as an add-on fills it, without their file; a field without a value is left out."""
        data = datasets(Facts(self.connection).kinds, addon)[dataset]
        columns = [name for name in data.columns if name != FILE]
        rows = self.connection.sql(data.query(columns)).fetchall()
        cells = (zip(columns, row, strict=True) for row in rows)
        return [{name: cell for name, cell in row if cell is not None} for row in cells]

    def bad(self) -> list[tuple[str, str]]:
        """Return the place and the reason of everything that was skipped."""
        return [(bad.place, bad.reason) for file in self.report.files for bad in file.bad]


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Loaded]:
    """Load a log given as text or bytes, with the named fields."""

    def load_text(content: str | bytes, *fields: str) -> Loaded:
        path = tmp_path / "log"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Loaded(path, fields=fields or FIELDS)

    return load_text
