"""replace: put other values in the place of some, which may hold wildcards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from splreplay.run.command import Cursor, Run, Segment, Table, Transform
from splreplay.spl.wildcards import matching
from splreplay.sql.values import EACH, Kind, Sql, as_text, literal


@dataclass(frozen=True)
class Replace(Transform):
    """`replace (old WITH new), … [IN fields]`; without fields, in every field that is not internal."""

    streams = True
    keeps_fields = True

    pairs: tuple[tuple[str, str], ...]
    fields: tuple[str, ...] = ()

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Replace:
        """Read the pairs and the fields; as many wildcards are in the new value as in the old, or none."""
        pairs: list[tuple[str, str]] = []
        while cursor.here.kind in ("word", "quoted") and not (pairs and cursor.here.is_word("in")):
            token = cursor.here
            old = cursor.name("a value")
            if not cursor.accept_word("with"):
                cursor.fail("expected WITH and the new value")
            new = cursor.name("the new value")
            if new.count("*") not in (0, old.count("*")):
                cursor.fail("the new value has as many * as the old one, or none", token)
            pairs.append((old, new))
            cursor.skip_commas()
        if not pairs:
            cursor.fail("expected a value to replace", remedy='write: replace "old" WITH "new" IN field')
        return cls(segment, tuple(pairs), tuple(cursor.names()) if cursor.accept_word("in") else ())

    @property
    def names_all(self) -> bool:
        """Whether it names its fields; a `*` in it may stand for values."""
        return bool(self.fields) and "*" not in "".join(self.fields)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return self.fields

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with all values replaced that are one of the old ones as a whole, with regard to case †.

        Of several pairs that fit, the last without a wildcard counts, else the one with the most text beside its wildcards
        (Search Reference, "replace"). Splunk leaves fields alone that the search made, if none is named; here they are not known †.
        """
        named = {name for pattern in self.fields or ("*",) for name in matching(pattern, rows.columns)}

        def replaced(value: Sql) -> Sql:
            if value.kind is Kind.MULTIVALUE:
                return Sql(f"list_transform({value.text}, lambda {EACH}: {self._new(EACH)})", Kind.MULTIVALUE)
            return Sql(self._new(as_text(value)), Kind.TEXT)

        fields = {name: replaced(value) for name, value in rows.columns.items() if name in named}
        return run.stages.with_fields(rows, fields)

    def _new(self, text: str) -> str:
        return f"CASE {' '.join(self._cases(text))} ELSE {text} END"

    def _cases(self, text: str) -> Iterator[str]:
        """Yield what becomes of a value, those that count first."""
        plain = [(old, new) for old, new in reversed(self.pairs) if "*" not in old]
        wild = [(old, new) for old, new in reversed(self.pairs) if "*" in old]
        for old, new in plain:
            yield f"WHEN {text} = {literal(old)} THEN {literal(new)}"
        for old, new in sorted(wild, key=lambda pair: -len(pair[0].replace("*", ""))):
            pattern = literal(f"^{'(.*)'.join(map(re.escape, old.split('*')))}$")
            first, *others = (part.replace("\\", r"\\") for part in new.split("*"))
            by = first + "".join(rf"\{place}{part}" for place, part in enumerate(others, 1))
            yield f"WHEN regexp_matches({text}, {pattern}, 's') THEN regexp_replace({text}, {pattern}, {literal(by)}, 's')"
