"""makemv: split a field into several values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import Cursor, Run, Segment, Table, Transform
from splreplay.spl.options import Convert, boolean, read_options
from splreplay.sql.patterns import check, extracted, group_count
from splreplay.sql.values import EACH, Kind, Sql, as_text, literal, or_null


@dataclass(frozen=True)
class MakeMv(Transform):
    """`makemv [delim=text | tokenizer="pattern"] [allowempty=] field`."""

    streams = True
    keeps_fields = True

    field: str
    delim: str = " "
    tokenizer: str | None = None
    allowempty: bool = False

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> MakeMv:
        """Read the options and the field.

        Raises:
            UnsupportedError: For setsv=true.
        """
        spec: dict[str, Convert] = {"delim": str, "tokenizer": str, "allowempty": boolean, "setsv": boolean}
        start = cursor.here
        options = read_options(cursor, spec)
        field = cursor.name()
        options |= read_options(cursor, spec)
        if options.pop("setsv", False):
            cursor.refuse("replay's makemv does not run setsv=true: its values have one form only", start)
        if options.get("delim") == "":
            cursor.fail("delim needs a character", start)
        if (tokenizer := options.get("tokenizer")) is not None:
            check(tokenizer, cursor, start)
        if tokenizer is not None and not group_count(tokenizer):
            cursor.fail(
                "the tokenizer has no group, so no value", start, 'put what a value is in parentheses: "(\\d+)"'
            )
        return cls(segment, field, **options)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with the field split at each delim, or with all that the tokenizer's first group matches.

        Adjacent delims count as one, unless allowempty=true. Source: Search Reference, "makemv".
        """
        value = rows.one_value(self.field, self.segment)
        if value.kind is Kind.NOTHING:
            return rows
        text = as_text(value)
        if self.tokenizer is not None:
            values = extracted(text, self.tokenizer, 1, 0)
        else:
            values = f"string_split({text}, {literal(self.delim)})"
        empty = "" if self.allowempty else f" AND {EACH} != ''"
        kept = or_null(f"list_filter({values}, lambda {EACH}: {EACH} IS NOT NULL{empty})")
        return run.stages.with_fields(rows, {self.field: Sql(kept, Kind.MULTIVALUE)})
