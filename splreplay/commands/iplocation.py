"""iplocation: add where an address is, by a database that the user names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from splreplay import geoip
from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import Convert, boolean, read_options
from splreplay.sql.values import Kind, as_text


@dataclass(frozen=True)
class IpLocation(Transform):
    """`iplocation [prefix=text] [allfields=] [lang=code] field`."""

    by_name = True

    field: str
    prefix: str = ""
    allfields: bool = False
    lang: str = "en"

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> IpLocation:
        spec: dict[str, Convert] = {"prefix": str, "allfields": boolean, "lang": str}
        options = read_options(cursor, spec)
        field = cursor.name()
        return cls(segment, field, **(options | read_options(cursor, spec)))

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(f"{self.prefix}{name}" for name in self._names)

    @property
    def _names(self) -> Sequence[str]:
        return [*geoip.FIELDS, *(geoip.MORE_FIELDS if self.allfields else ())]

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with the fields of the address; what the database does not know stays as it was †.

        Source: Search Reference, "iplocation".

        Raises:
            UnsupportedError: Without a database.
        """
        if run.means.geoip is None and run.stages.makes:
            self.segment.refuse(
                "iplocation needs a database of addresses, and replay has none",
                f"name one in the MaxMind format with --geoip FILE, or take the command and {self._shown} out",
            )
        if run.means.geoip is None:
            run.warn("iplocation needs a database of addresses, which a run names with --geoip FILE")
        value = rows.one_value(self.field, self.segment)
        if value.kind is Kind.NOTHING:
            return rows
        text = as_text(value)
        addresses = run.stages.column(f"SELECT DISTINCT {text} FROM {rows.name} WHERE {text} IS NOT NULL")
        places: list[dict[str, str]] = []
        if run.means.geoip is not None:
            with geoip.opened(run.means.geoip) as database:
                places = [{"address": address, **database.find(address, self.lang)} for address in addresses]
        found = run.stages.from_python(["address", *self._names], places)
        fields = {name: column.of("r") for name, column in rows.columns.items()}
        fields |= {
            f"{self.prefix}{name}": found.field(name).of("p").or_else(rows.field(f"{self.prefix}{name}").of("r"))
            for name in self._names
        }
        on = f"{as_text(value.of('r'))} = {found.field('address').of('p').text}"
        return run.stages.store(fields, f"FROM {rows.name} r LEFT JOIN {found.name} p ON {on}", 'r."#"')

    @property
    def _shown(self) -> str:
        """The fields that it adds, as a remedy names them."""
        *first, last = [f"{self.prefix}{name}" for name in self._names]
        return f"{', '.join(first)} and {last}"
