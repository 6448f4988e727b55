"""xmlkv: make a field of each element of an XML text that holds no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay import limits
from splreplay.run.command import Cursor, Run, Segment, Table, Transform
from splreplay.run.extracted import names
from splreplay.spl.options import count, read_options
from splreplay.sql.values import Kind, Sql, as_text, literal


@dataclass(frozen=True)
class XmlKv(Transform):
    """`xmlkv [field]`."""

    streams = True

    field: str = "_raw"

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> XmlKv:
        """Read the field; maxinputs= says how Splunk cuts the results for its script, and has no effect."""
        spec = {"maxinputs": count}
        read_options(cursor, spec)
        field = cursor.name() if cursor.here.kind in ("word", "quoted") else "_raw"
        read_options(cursor, spec)
        return cls(segment, field)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with a field for each name of an element, in the place of one that there was †.

        An element that comes several times gives several values †, and an empty one none †. Source: Search Reference, "xmlkv".
        """
        value = rows.one_value(self.field, self.segment)
        if value.kind is Kind.NOTHING:
            return rows
        text = as_text(value)
        found = names(f"py_elements({text})", rows, run)
        if len(found) > limits.EXTRACTED_FIELDS:
            self.segment.refuse(
                f"replay's xmlkv extracts at most {limits.EXTRACTED_FIELDS:,} fields",
                f'name them: rex field={self.field} "<Name>(?<Name>[^<]*)"',
            )
        fields = {
            name: Sql(f"py_element({text}, {literal(name)})", Kind.MULTIVALUE).or_else(rows.field(name))
            for name in found
        }
        return run.stages.with_fields(rows, fields)
