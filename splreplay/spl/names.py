"""Names of fields, which are case-sensitive (Search Manual, "Use fields to search")."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def in_other_case(missing: Iterable[str], known: Collection[str]) -> list[str]:
    """Return what is to be said of fields that are *missing*, where one that is *known* has the same name but for its case."""
    folded = {name.lower(): name for name in sorted(known)}
    return [
        f"names of fields are case-sensitive: there is no {name}, but there is {folded[name.lower()]}"
        for name in sorted(missing)
        if name not in known and name.lower() in folded
    ]
