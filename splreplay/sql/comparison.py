"""How two eval values compare."""

from __future__ import annotations

from splreplay.sql.values import EACH, Kind, Sql, as_number, as_text

_OTHER = '"#w"'  # each value of the right side, where both have several


def compare(left: Sql, op: str, right: Sql) -> str:
    """Return SQL for `left op right`; for a multivalue side it is true if it is true for one of the values †."""
    if left.kind is Kind.MULTIVALUE:
        return any_value(left, EACH, compare(Sql(EACH, Kind.TEXT), op, right))
    if right.kind is Kind.MULTIVALUE:
        return any_value(right, _OTHER, compare(left, op, Sql(_OTHER, Kind.TEXT)))
    if Kind.NOTHING in (left.kind, right.kind):
        return "CAST(NULL AS BOOLEAN)"
    texts = f"{as_text(left)} {op} {as_text(right)}"
    numbers = _numbers(left, op, right)
    if left.kind is right.kind is Kind.NUMBER:
        return f"({numbers})"
    if Kind.LITERAL in (left.kind, right.kind):
        return f"({texts})"
    looks_numeric = " AND ".join(
        f"{as_number(side)} IS NOT NULL" for side in (left, right) if side.kind is not Kind.NUMBER
    )
    return f"(CASE WHEN {looks_numeric} THEN {numbers} ELSE {texts} END)"


def _numbers(left: Sql, op: str, right: Sql) -> str:
    """Return SQL for `left op right` as numbers, of which nan is equal to none, and neither less nor greater."""
    test = f"{as_number(left)} {op} {as_number(right)}"
    # To the database it is equal to itself, and greater than all others.
    side = left if op in ("=", ">", ">=") else right if op in ("<", "<=") else None
    return f"({test} AND NOT isnan({side.text}))" if side and side.kind is Kind.NUMBER else test


def any_value(values: Sql, each: str, test: str) -> str:
    """Return SQL that is true if *test* is true for one of *values*, each called *each*; NULL if it is NULL for all of them."""
    return f"list_bool_or(list_transform({values.text}, lambda {each}: {test}))"


def like(value: Sql, pattern: Sql) -> Sql:
    """Return `value LIKE pattern`; for a multivalue it is true if it is true for one of the values †."""
    if value.kind is Kind.MULTIVALUE:
        return Sql(any_value(value, EACH, f"{EACH} LIKE {as_text(pattern)}"), Kind.BOOLEAN)
    return Sql(f"({as_text(value)} LIKE {as_text(pattern)})", Kind.BOOLEAN)
