"""Search predicates, one row at a time (Search Reference, "search"): blind to case, `*` a wildcard, always true or false."""

from __future__ import annotations

import ipaddress
import re

from splreplay.spl.predicate import All, Any, Compare, Not, OneOf, Predicate, Term
from tests.oracle.expressions import Row
from tests.oracle.values import compare, number, several


def holds(predicate: Predicate, row: Row) -> bool:
    """Return whether *predicate* is true for *row*."""
    match predicate:
        case All(parts):
            return all(holds(part, row) for part in parts)
        case Any(parts):
            return any(holds(part, row) for part in parts)
        case Not(part):
            return not holds(part, row)
        case Compare(name, op, wanted):
            return any(compares(one, op, wanted) for one in several(row.get(name)))
        case OneOf(name, values):
            return any(compares(one, "=", wanted) for one in several(row.get(name)) for wanted in values)
        case Term("*"):
            return True
    raise NotImplementedError(predicate)


def compares(value: str, op: str, wanted: str) -> bool:
    """Return whether one value of a field stands to *wanted* as *op* says."""
    value, wanted = value.lower(), wanted.lower()
    if op in ("=", "!="):
        fits = re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), value, re.S) is not None
        fits = fits or _inside(value, wanted)
        return fits if op == "=" else not fits
    if number(value) is None or number(wanted) is None:
        return {"<": value < wanted, "<=": value <= wanted, ">": value > wanted, ">=": value >= wanted}[op]
    return bool(compare(value, op, wanted))


def _inside(value: str, network: str) -> bool:
    """Whether *network* is one in CIDR notation and *value* an address whose first bits are the network's."""
    base, _, prefix = network.partition("/")
    if not prefix:  # few values are networks, and to try costs much
        return False
    try:
        address, first = ipaddress.ip_address(value), ipaddress.ip_address(base)
    except ValueError:
        return False
    if address.version != first.version or not re.fullmatch("[0-9]+", prefix) or int(prefix) > first.max_prefixlen:
        return False
    shift = first.max_prefixlen - int(prefix)
    return int(address) >> shift == int(first) >> shift
