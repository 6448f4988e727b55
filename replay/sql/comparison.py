"""How two eval values compare."""

from __future__ import annotations

from replay.sql.values import EACH, Kind, Sql, as_number, as_text


def compare(left: Sql, op: str, right: Sql) -> str:
    """Return SQL for `left op right`; a multivalue side is true where one of its values is †."""
    for side, other, swapped in ((left, right, False), (right, left, True)):
        if side.kind is Kind.MULTIVALUE and other.kind is not Kind.MULTIVALUE:
            one = Sql(EACH, Kind.TEXT)
            test = compare(other, op, one) if swapped else compare(one, op, other)
            return f"(len(list_filter({side.text}, lambda {EACH}: {test})) > 0)"
    if Kind.NOTHING in (left.kind, right.kind):
        return "CAST(NULL AS BOOLEAN)"
    texts = f"{as_text(left)} {op} {as_text(right)}"
    numbers = f"{as_number(left)} {op} {as_number(right)}"
    if left.kind is right.kind is Kind.NUMBER:
        return f"({numbers})"
    if Kind.LITERAL in (left.kind, right.kind) or Kind.MULTIVALUE in (left.kind, right.kind):
        return f"({texts})"
    looks_numeric = " AND ".join(
        f"{as_number(side)} IS NOT NULL" for side in (left, right) if side.kind is not Kind.NUMBER
    )
    return f"(CASE WHEN {looks_numeric} THEN {numbers} ELSE {texts} END)"
