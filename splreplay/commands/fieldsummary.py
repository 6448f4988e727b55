"""fieldsummary: a result for each field, which sums up its values."""

from __future__ import annotations

import json
from dataclasses import dataclass

from splreplay.run.command import NONE, Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import count, read_options
from splreplay.spl.wildcards import matching
from splreplay.sql.values import Sql, Value, as_list

_COLUMNS = (
    *("field", "count", "distinct_count", "is_exact", "max", "mean", "min", "numeric_count", "stdev", "values"),
)


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
        names = {name for pattern in self.fields or ("*",) for name in matching(pattern, rows.columns)}
        there = run.stages.filled(rows, names) if rows.count else set()
        summaries = [{"field": name, **self._summary(rows.field(name), rows, run)} for name in sorted(there)]
        return run.stages.from_python(_COLUMNS, summaries)

    def _summary(self, value: Sql, rows: Table, run: Run) -> dict[str, Value | None]:
        each = f"(SELECT unnest({as_list(value)}) AS v FROM {rows.name} WHERE {value.text} IS NOT NULL)"
        sizes = f"(SELECT v, spl_number(v) AS n FROM {each})"
        finite = "CASE WHEN isfinite(n) THEN n END"
        numbers = f"spl_text(max(n)), spl_text(avg(n)), spl_text(min(n)), count(n), spl_text(stddev_samp({finite}))"
        query = f"SELECT count(DISTINCT v), {numbers} FROM {sizes}"
        [(distinct, greatest, mean, least, numeric, stdev)] = run.stages.connection.execute(query).fetchall()
        listed = f"SELECT v, count(*) FROM {each} GROUP BY v ORDER BY count(*) DESC, v"
        listed += f" LIMIT {self.maxvals}" if self.maxvals else ""
        values = [{"value": text, "count": number} for text, number in run.stages.connection.execute(listed).fetchall()]
        return {
            "count": str(run.stages.scalar(f"SELECT count({value.text}) FROM {rows.name}")),
            "distinct_count": str(distinct),
            "is_exact": str(int(not self.maxvals or distinct <= self.maxvals)),
            "max": greatest,
            "mean": mean,
            "min": least,
            "numeric_count": str(numeric),
            "stdev": stdev,
            "values": json.dumps(values, ensure_ascii=False, separators=(",", ":")),
        }
