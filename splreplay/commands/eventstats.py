"""eventstats: aggregate as stats does, and add the aggregates to every result of the group."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay.commands.stats import Stats
from splreplay.run.command import Outputs, Run, Table
from splreplay.run.groups import aggregated, beside
from splreplay.sql.values import Kind, as_text


@dataclass(frozen=True)
class EventStats(Stats):
    """`eventstats aggregates BY fields`."""

    sparklines = False

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(aggregated(self.aggregates, before))

    def origin(self, name: str, before: Outputs) -> str | None:
        return beside(self.aggregates, name)

    def run(self, rows: Table, run: Run) -> Table:
        """Return all results in their order; a result without a by-field gets no aggregates."""
        if any(rows.field(name).kind is Kind.MULTIVALUE for name in self.by):
            self.segment.refuse("replay's eventstats does not group by a multivalue field", "put mvexpand before it")
        groups = super().run(rows, run)
        on = " AND ".join(
            f"{as_text(rows.field(name).of('r'))} = {as_text(groups.field(name).of('g'))}" for name in self.by
        )
        fields = {name: column.of("r") for name, column in rows.columns.items()}
        fields |= {name: column.of("g") for name, column in groups.columns.items() if name not in self.by}
        return run.stages.store(fields, f"FROM {rows.name} r LEFT JOIN {groups.name} g ON {on or 'true'}", 'r."#"')
