"""return: give some fields of the first results to the search around this one (Search Reference, "return")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from splreplay.run.command import NONE, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.run.predicates import compared
from splreplay.spl.options import read_count
from splreplay.sql.values import Value


@dataclass(frozen=True)
class Part:
    """What is returned of a field: `name="value"`, or its value alone where *name* is None."""

    name: str | None
    field: str


@dataclass(frozen=True)
class Return(Transform):
    """`return [count] field | alias=field | $field …`."""

    names = ("return",)
    by_name = True

    limit: int
    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Return:
        number = read_count(cursor, "return")
        parts: list[Part] = []
        cursor.skip_commas()
        while cursor.here.kind in ("word", "quoted"):
            token = cursor.here
            name = cursor.name()
            if cursor.accept_op("="):
                parts.append(Part(name, cursor.name()))
            elif token.kind == "word" and name[0] == "$" and len(name) > 1:
                parts.append(Part(None, name[1:]))
            else:
                parts.append(Part(name, name))
            cursor.skip_commas()
        if not parts:
            cursor.fail("return needs a field", remedy="write: return field, or return $field for its value alone")
        return cls(segment, 1 if number is None else number, tuple(parts))

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (part.field for part in self.parts)

    def behind(self, before: Outputs) -> Outputs:
        return NONE.plus(["search"])

    def run(self, rows: Table, run: Run) -> Table:
        """Return one result, whose field `search` is text of a search: several results are joined by OR; none gives none †."""
        results = run.stages.fetch(run.stages.first(rows, self.limit))
        texts = [text for text in map(self._text, results) if text]
        joined = texts[0] if len(texts) == 1 else " OR ".join(f"({text})" for text in texts)
        return run.stages.from_python(("search",), [{"search": joined}] if joined else [])

    def _text(self, result: Mapping[str, Value]) -> str:
        return " ".join(self._part(part, result[part.field]) for part in self.parts if part.field in result)

    @staticmethod
    def _part(part: Part, value: Value) -> str:
        if part.name is not None:
            return compared(part.name, value)
        return value if isinstance(value, str) else " ".join(value)
