"""The fields that rbaenrich writes: its contract with saved searches, Enterprise Security and dashboards."""

from __future__ import annotations

# What `output=annotate` adds to each result. Neither risk_object nor risk_object_type is among them: ES would
# use either for every entity of the result.
ANNOTATION = (
    "risk_score",
    "risk_impact",
    "risk_confidence",
    "risk_message",
    "risk_detection",
    "risk_user",
    "risk_system",
    "risk_other",
    "threat_objects",
    "annotations.mitre_attack",
    "risk_score_reason",
    "risk_status",
    "risk_finding_id",
)

# What `output=modifiers` writes in place of a result, once for each of its risk objects: a risk event.
# `_time` is the finding's own, and so is orig_time, so that `collect` writes the same event however late it runs. ES
# also calls the search `source`, and counts by it.
MODIFIER = (
    "_time",
    "risk_object",
    "risk_object_type",
    "risk_score",
    "risk_message",
    "threat_object",
    "threat_object_type",
    "search_name",
    "source",
    "orig_time",
    "annotations.analytic_story",
    "annotations.cis20",
    "annotations.kill_chain_phases",
    "annotations.mitre_attack",
    "annotations.nist",
    "risk_finding_id",
    "risk_modifier_id",
)

# The fields of both that can hold several values.
MULTIVALUE = frozenset(
    {
        "risk_user",
        "risk_system",
        "risk_other",
        "risk_score_reason",
        "threat_objects",
        "threat_object",
        "threat_object_type",
        "annotations.analytic_story",
        "annotations.cis20",
        "annotations.kill_chain_phases",
        "annotations.mitre_attack",
        "annotations.nist",
    }
)
