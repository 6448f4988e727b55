"""The data model Risk: the risk events that `collect` wrote into the index risk. No event of a log fills it.

Inferred: its fields, from the searches of splunk/security_content@b13b314a and splunk/rba that read it, besides those of the
events themselves; that it has what Enterprise Security adds to an event without a risk factor and with the annotations of the
search that made it (see `enriched`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from splreplay.cim.dataset import EVENT_FIELDS, Stored
from splreplay.cim.fill import as_extracted, of_assets
from splreplay.sql.values import Kind, Sql, Value, as_number, identifier

if TYPE_CHECKING:
    from splreplay.run.stages import Table

NAME, INDEX = "Risk.All_Risk", "risk"
ATTACK = "annotations.mitre_attack"
ALL_RISK = {
    **as_extracted(
        "analyticstories", "annotations", ATTACK, "calculated_risk_score", "control", "creator", "description"
    ),
    **as_extracted(*(f"{ATTACK}.{part}" for part in ("mitre_tactic", "mitre_tactic_id", "mitre_technique"))),
    **as_extracted(f"{ATTACK}.mitre_technique_id", "dest", "governance", "normalized_risk_object", "risk_message"),
    **as_extracted("risk_object", "risk_object_type", "risk_score", "savedsearch_description", "src", "threat_object"),
    **as_extracted("threat_object_type", "user"),
    **of_assets("risk_object"),
}
_FROM = {
    "calculated_risk_score": "risk_score",
    "analyticstories": "annotations.analytic_story",
    f"{ATTACK}.mitre_technique_id": ATTACK,
    "normalized_risk_object": "risk_object",
}


def enriched(event: dict[str, Value]) -> dict[str, Value]:
    """Return a risk event with the fields that Enterprise Security adds."""
    return {name: event[source] for name, source in _FROM.items() if source in event} | event


def collected(rows: Table) -> Stored:
    """Return the dataset of the risk events that a table of the run holds."""
    listed = {name: identifier(name) for name in rows.columns}
    time = {"_time": Sql(as_number(rows.field("_time")), Kind.NUMBER)} if rows.count else {}
    columns = EVENT_FIELDS | ALL_RISK | listed
    return Stored(NAME, columns, (), (), table=rows.name, values={**rows.columns, **time})
