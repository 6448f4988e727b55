"""--explain: the search at every stage, from its stored text to the SQL of each command and the number of its rows."""

from __future__ import annotations

from splreplay.engine import Replayed
from splreplay.output import printable


def explain(replayed: Replayed) -> str:
    """Return the stages as text."""
    plan = replayed.plan
    parts = ["search", _indented(plan.search), "", "with its macros expanded", _indented(plan.expansion.text), ""]
    for number, step in enumerate(replayed.steps, start=1):
        inside = f" (in a subsearch, depth {step.depth})" if step.depth else ""
        parts += [f"{number}. {printable(step.source)}{inside}", f"   tree: {printable(step.node)}"]
        parts += [f"   SQL:  {printable(statement)}" for statement in step.statements]
        parts += [f"   rows: {step.rows:,}", ""]
    return "\n".join(parts)


def _indented(text: str) -> str:
    return "\n".join(f"  {printable(line)}" for line in text.strip().splitlines())
