"""Where addresses are, by a database in the MaxMind format (MaxMind DB File Format Specification, version 2.0)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from splreplay.errors import DataError, UsageError

# Of iplocation's fields, the way to each in a record of MaxMind's City database; a step with names is in several languages.
FIELDS: dict[str, tuple[str | int, ...]] = {
    "City": ("city", "names"),
    "Country": ("country", "names"),
    "Region": ("subdivisions", 0, "names"),
    "lat": ("location", "latitude"),
    "lon": ("location", "longitude"),
}
MORE_FIELDS: dict[str, tuple[str | int, ...]] = {
    "Continent": ("continent", "names"),
    "MetroCode": ("location", "metro_code"),
    "Timezone": ("location", "time_zone"),
}
_LANGUAGE = "en"  # where a name is not in the language that was asked for


class Database:
    """An open database."""

    def __init__(self, path: Path, reader: Any, errors: tuple[type[Exception], ...]) -> None:
        self._path, self._reader, self._errors = path, reader, errors

    def find(self, address: str, language: str) -> dict[str, str]:
        """Return the fields of an address or a network, those that are known; none for what is no address.

        Raises:
            DataError: If the database is damaged.
        """
        try:
            place = ipaddress.ip_interface(address.strip()).ip
        except ValueError:
            return {}
        try:
            record = self._reader.get(place)
        except self._errors as error:
            raise DataError(f"this database of addresses is damaged: {error}", str(self._path)) from error
        except ValueError:  # an IPv6 address in a database of IPv4
            return {}
        found = {name: _at(record, way, language) for name, way in (FIELDS | MORE_FIELDS).items()}
        return {name: value for name, value in found.items() if value is not None}


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """Open the database at *path*.

    Raises:
        UsageError: If the package that reads it is not installed.
        DataError: If it cannot be read, or is no such database.
    """
    try:
        import maxminddb  # an extra, which few searches need
    except ModuleNotFoundError as error:
        raise UsageError("--geoip needs maxminddb", "install it: pip install 'splreplay[geoip]'") from error
    try:
        reader = maxminddb.open_database(path)
    except OSError as error:
        raise DataError(f"this database of addresses cannot be read: {error.strerror}", str(path)) from error
    except maxminddb.InvalidDatabaseError as error:
        raise DataError("this is no database of addresses in the MaxMind format", str(path)) from error
    with reader:
        yield Database(path, reader, (maxminddb.InvalidDatabaseError,))


def _at(record: Any, way: tuple[str | int, ...], language: str) -> str | None:
    """Return what is at the end of a way, None where it leads nowhere, or to what is no text and no number."""
    for step in way:
        if isinstance(record, dict) and isinstance(step, str):
            record = record.get(step)
        elif isinstance(record, list) and isinstance(step, int) and step < len(record):
            record = record[step]
        else:
            return None
    if isinstance(record, dict):
        record = record.get(language, record.get(_LANGUAGE))
    return str(record) if isinstance(record, str | int | float) else None
