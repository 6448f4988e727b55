"""format: turn results into the text of a search predicate, one field `search` in one result."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from splreplay.run import Run, Table
from splreplay.spl.options import Convert, count, read_options
from splreplay.spl.pipeline import Segment
from splreplay.sql.values import Value

PARTS = ("(", "(", "AND", ")", "OR", ")")


@dataclass(frozen=True)
class Format:
    """`format "row prefix" "column prefix" "column separator" "column end" "row separator" "row end"`."""

    segment: Segment = dataclasses.field(repr=False)
    parts: tuple[str, ...] = PARTS
    mvsep: str = "OR"
    maxresults: int = 0
    emptystr: str = "NOT ()"

    @classmethod
    def parse(cls, segment: Segment) -> Format:
        """Read the options and either no texts or all six."""
        cursor = segment.arguments()
        spec: dict[str, Convert] = {"mvsep": str, "maxresults": count, "emptystr": str}
        options = read_options(cursor, spec)
        parts: list[str] = []
        while cursor.here.kind == "quoted":
            parts.append(cursor.take().value)
        options |= read_options(cursor, spec)
        if len(parts) not in (0, 6):
            cursor.fail(f"format takes six texts or none, not {len(parts)}")
        cursor.finish()
        return cls(segment, tuple(parts) or PARTS, **options)

    def run(self, rows: Table | None, run: Run) -> Table:
        """Return one result; fields whose names start with `_` are left out, as are values that are not there."""
        assert rows is not None
        found = run.fetch(rows)
        if self.maxresults:
            found = found[: self.maxresults]
        text = self._text([{name: row[name] for name in rows.columns if name in row} for row in found])
        return run.from_python(("search",), [{"search": text}])

    def _text(self, found: list[dict[str, Value]]) -> str:
        row_prefix, column_prefix, column_separator, column_end, row_separator, row_end = self.parts
        rows: list[str] = []
        for row in found:
            tests = [self._test(name, value) for name, value in row.items() if not name.startswith("_")]
            if tests:
                rows.append(f"{column_prefix} {f' {column_separator} '.join(tests)} {column_end}")
        if not rows:
            return self.emptystr
        return f"{row_prefix} {f' {row_separator} '.join(rows)} {row_end}"

    def _test(self, name: str, value: Value) -> str:
        if isinstance(value, list):
            return f"( {f' {self.mvsep} '.join(self._test(name, one) for one in value)} )"
        return f"{_name(name)}={_quote(value)}"


def _quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _name(name: str) -> str:
    return name if re.fullmatch(r"[\w.:{}@-]+", name) else _quote(name)
