"""format: turn the results into one, whose field `search` is the text of a predicate."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.run.command import NONE, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.run.predicates import PARTS, formatted
from splreplay.spl.options import Convert, count, read_options


@dataclass(frozen=True)
class Format(Transform):
    """`format "row prefix" "column prefix" "column separator" "column end" "row separator" "row end"`."""

    parts: tuple[str, ...] = PARTS
    mvsep: str = "OR"
    maxresults: int = 0
    emptystr: str = "NOT ()"

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Format:
        spec: dict[str, Convert] = {"mvsep": str, "maxresults": count, "emptystr": str}
        options = read_options(cursor, spec)
        parts: list[str] = []
        while cursor.here.kind == "quoted":
            parts.append(cursor.take().value)
        options |= read_options(cursor, spec)
        if len(parts) not in (0, 6):
            cursor.fail(f"format takes six texts or none, not {len(parts)}")
        return cls(segment, tuple(parts) or PARTS, **options)

    def behind(self, before: Outputs) -> Outputs:
        return NONE.plus(["search"])

    def run(self, rows: Table, run: Run) -> Table:
        """Return one result; fields whose names start with `_` and missing values are left out."""
        results = run.stages.fetch(rows)
        text = formatted(results[: self.maxresults or None], self.parts, self.mvsep, self.emptystr)
        return run.stages.from_python(("search",), [{"search": text}])
