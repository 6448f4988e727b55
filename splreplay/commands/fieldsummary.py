"""fieldsummary: a result for each field, which sums up its values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from splreplay.run.command import NONE, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import count, read_options
from splreplay.spl.wildcards import matching
from splreplay.sql.values import Value, as_list, literal

_COLUMNS = (
    *("field", "count", "distinct_count", "is_exact", "max", "mean", "min", "numeric_count", "stdev", "values"),
)


_AT_ONCE = 50  # fields in one query: one for each takes long where there are hundreds, and all in one much memory


@dataclass(frozen=True)
class FieldSummary(Transform):
    """`fieldsummary [maxvals=count] [fields]`; 0 lists every value."""

    maxvals: int
    fields: tuple[str, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> FieldSummary:
        spec = {"maxvals": count}
        options = read_options(cursor, spec)
        fields = cursor.names() if cursor.here.kind != "end" else []
        return cls(segment, options.get("maxvals", 100), tuple(fields))

    def uses(self, needed: bool = False) -> tuple[str, ...]:
        return self.fields

    def behind(self, before: Outputs) -> Outputs:
        return NONE.plus(_COLUMNS)

    def run(self, rows: Table, run: Run) -> Table:
        """Return a result for each field that some result has, by name; internal ones only if they are named †.

        Its values are JSON, those that come most often first, equal ones by text †. With more than *maxvals* of them, is_exact
        is 0, though the count of them is exact here. Source: Search Reference, "fieldsummary".
        """
        named = {name for pattern in self.fields or ("*",) for name in matching(pattern, rows.columns)}
        there = sorted(run.stages.filled(rows, named)) if rows.count else []
        parts = [there[start : start + _AT_ONCE] for start in range(0, len(there), _AT_ONCE)]
        summaries = [summary for names in parts for summary in self._summaries(names, rows, run)]
        return run.stages.from_python(_COLUMNS, summaries)

    def _summaries(self, names: Sequence[str], rows: Table, run: Run) -> Iterator[dict[str, Value | None]]:
        """Yield what sums up some fields, of which each has a value in some result."""
        query = run.stages.connection.execute
        lists = ", ".join(f"{{'f': {literal(name)}, 'vs': {as_list(rows.field(name))}}}" for name in names)
        each = f"(SELECT s.f, s.vs FROM (SELECT unnest([{lists}]) AS s FROM {rows.name}) WHERE s.vs IS NOT NULL)"
        values = f"(SELECT f, unnest(vs) AS v FROM {each})"
        counts = dict(query(f"SELECT f, count(*) FROM {each} GROUP BY f").fetchall())
        finite = "CASE WHEN isfinite(n) THEN n END"
        numbers = f"spl_text(max(n)), spl_text(avg(n)), spl_text(min(n)), count(n), spl_text(stddev_samp({finite}))"
        sizes = f"(SELECT f, v, spl_number(v) AS n FROM {values})"
        sums = {
            f: rest for f, *rest in query(f"SELECT f, count(DISTINCT v), {numbers} FROM {sizes} GROUP BY f").fetchall()
        }
        listed: dict[str, list[dict[str, Any]]] = {}
        ranked = "row_number() OVER (PARTITION BY f ORDER BY count(*) DESC, v)"
        most = f" QUALIFY {ranked} <= {self.maxvals}" if self.maxvals else ""
        common = f"SELECT f, v, count(*) FROM {values} GROUP BY f, v{most} ORDER BY f, count(*) DESC, v"
        for name, value, count_ in query(common).fetchall():
            listed.setdefault(name, []).append({"value": value, "count": count_})
        for name in names:
            distinct, greatest, mean, least, numeric, stdev = sums[name]
            yield {
                "field": name,
                "count": str(counts[name]),
                "distinct_count": str(distinct),
                "is_exact": str(int(not self.maxvals or distinct <= self.maxvals)),
                "max": greatest,
                "mean": mean,
                "min": least,
                "numeric_count": str(numeric),
                "stdev": stdev,
                "values": json.dumps(listed[name], ensure_ascii=False, separators=(",", ":")),
            }
