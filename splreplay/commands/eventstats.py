"""eventstats: aggregate as stats does, and add the aggregates to every result of the group."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.commands.stats import Stats
from splreplay.run.command import Outputs, Run, Table
from splreplay.run.groups import aggregated
from splreplay.sql.values import Kind, Sql, as_text


@dataclass(frozen=True)
class EventStats(Stats):
    """`eventstats aggregates BY fields`."""

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(aggregated(self.aggregates, before))

    def run(self, rows: Table, run: Run) -> Table:
        """Return all results in their order; a result without a by-field gets no aggregates."""
        if any(rows.field(name).kind is Kind.MULTIVALUE for name in self.by):
            self.segment.refuse("replay's eventstats does not group by a multivalue field", "put mvexpand before it")
        groups = super().run(rows, run)
        on = " AND ".join(
            f"{as_text(_of('r', rows.field(name)))} = {as_text(_of('g', groups.field(name)))}" for name in self.by
        )
        fields = {name: _of("r", column) for name, column in rows.columns.items()}
        fields |= {name: _of("g", column) for name, column in groups.columns.items() if name not in self.by}
        return run.stages.store(fields, f"FROM {rows.name} r LEFT JOIN {groups.name} g ON {on or 'true'}", 'r."#"')


def _of(alias: str, column: Sql) -> Sql:
    return Sql(f"{alias}.{column.text}" if column.kind is not Kind.NOTHING else "NULL", column.kind)
