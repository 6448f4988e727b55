"""Python functions for what SQL lacks. DuckDB calls them for each value, and NULL gives NULL."""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import itertools
import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import duckdb
from duckdb.func import SPECIAL

from splreplay import limits, times
from splreplay.errors import ValueLimitError
from splreplay.sql import jsonpath, jsonvalues, pcre, xmlvalues
from splreplay.sql.patterns import re2_replacement
from splreplay.sql.printf import printf
from splreplay.sql.values import number_in


@functools.lru_cache
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text.strip(), strict=False)


# A lookup of networks compares each address with each of them.
_address = functools.lru_cache(maxsize=1 << 12)(ipaddress.ip_address)


def _in_network(network: str, address: str) -> bool | None:
    try:
        return _address(address.strip()) in _network(network)
    except ValueError:
        return False


def _ip_key(address: str) -> bytes | None:
    """Sort key of an address: IPv4 before IPv6, by number."""
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    return bytes([parsed.version]) + parsed.packed


def _masked(mask: str, address: str) -> str | None:
    """Return the bits of an IPv4 address that a mask has; None where one of them is no such address †."""
    try:
        bits = int(ipaddress.IPv4Address(mask.strip())) & int(ipaddress.IPv4Address(address.strip()))
    except ValueError:
        return None
    return str(ipaddress.IPv4Address(bits))


_DIGITS = re.compile(r"-?(?:0[xX])?[0-9a-zA-Z]{1,100}")


def _in_base(text: str, base: int) -> float | None:
    """Return a whole number that is written in a base of 2 to 36; None for anything else."""
    if not _DIGITS.fullmatch(text.strip()):
        return None
    try:
        return float(int(text.strip(), base))
    except (ValueError, OverflowError):
        return None


def _range(start: float, end: float, step: str) -> list[str] | None:
    """Return the numbers from *start* to *end*, that one excluded; a step such as `7d` is one of time.

    Raises:
        ValueLimitError: If there are too many.
    """
    size = number_in(step)
    size = times.span_seconds(step) if size is None else size
    months = None if size is not None else re.fullmatch(r"[0-9]{1,4}mon(?:th|ths)?", step.lower())
    if not all(map(math.isfinite, (start, end, size or 0.0))) or not (size or months):
        return None
    values: list[str] = []
    for place in itertools.count():
        if size:
            value: float | None = start + place * size
        else:
            value = times.relative_time(start, f"+{place * int(months[0].partition('mon')[0])}mon") if months else None
        if value is None or (value >= end if not size or size > 0 else value <= end):
            return values or None
        if place >= limits.MVRANGE_VALUES:
            raise ValueLimitError(f"mvrange makes at most {limits.MVRANGE_VALUES:,} values")
        values.append(str(int(value)) if value == math.trunc(value) and abs(value) < 1e18 else repr(value))
    raise AssertionError("it counts without end")


def create_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Give *connection* the Python functions that the texts made here call."""
    declared: tuple[tuple[str, Callable[..., Any], list[Any], str], ...] = (
        ("py_cidrmatch", _in_network, ["VARCHAR", "VARCHAR"], "BOOLEAN"),
        ("py_ip_key", _ip_key, ["VARCHAR"], "BLOB"),
        ("py_matches", pcre.matches, ["VARCHAR", "VARCHAR"], "BOOLEAN"),
        ("py_extracted", pcre.extracted, ["VARCHAR", "VARCHAR", "INTEGER", "INTEGER"], "VARCHAR[]"),
        ("py_replaced", pcre.replaced, ["VARCHAR", "VARCHAR", "VARCHAR", "INTEGER"], "VARCHAR"),
        ("py_replacement", re2_replacement, ["VARCHAR", "VARCHAR"], "VARCHAR"),
        ("py_strftime", times.format_time, ["DOUBLE", "VARCHAR"], "VARCHAR"),
        ("py_strptime", times.parse_time, ["VARCHAR", "VARCHAR"], "DOUBLE"),
        ("py_spath", jsonpath.extract, ["VARCHAR", "VARCHAR"], "VARCHAR[]"),
        ("py_leaves", lambda text: list(jsonpath.leaves(text)), ["VARCHAR"], "VARCHAR[]"),
        ("py_leaf", lambda text, path: jsonpath.leaves(text).get(path), ["VARCHAR", "VARCHAR"], "VARCHAR[]"),
        ("py_elements", lambda text: list(xmlvalues.leaves(text)), ["VARCHAR"], "VARCHAR[]"),
        ("py_element", lambda text, name: xmlvalues.leaves(text).get(name), ["VARCHAR", "VARCHAR"], "VARCHAR[]"),
        ("py_urldecode", lambda text: unquote(text), ["VARCHAR"], "VARCHAR"),
        ("py_sha512", lambda text: hashlib.sha512(text.encode()).hexdigest(), ["VARCHAR"], "VARCHAR"),
        ("py_relative_time", times.relative_time, ["DOUBLE", "VARCHAR"], "DOUBLE"),
        ("py_printf", printf, ["VARCHAR", "VARCHAR[]"], "VARCHAR"),
        ("py_mvrange", _range, ["DOUBLE", "DOUBLE", "VARCHAR"], "VARCHAR[]"),
        ("py_tonumber", _in_base, ["VARCHAR", "INTEGER"], "DOUBLE"),
        ("py_ipmask", _masked, ["VARCHAR", "VARCHAR"], "VARCHAR"),
        ("py_json_valid", jsonvalues.valid, ["VARCHAR"], "BOOLEAN"),
        ("py_json_is_array", jsonvalues.is_array, ["VARCHAR"], "BOOLEAN"),
        ("py_json_is_object", jsonvalues.is_object, ["VARCHAR"], "BOOLEAN"),
        ("py_json_of_text", jsonvalues.of_text, ["VARCHAR"], "VARCHAR"),
        ("py_json_of_field", jsonvalues.of_field, ["VARCHAR"], "VARCHAR"),
        ("py_json_of_texts", jsonvalues.of_texts, ["VARCHAR[]", "BOOLEAN"], "VARCHAR"),
        ("py_json_object", jsonvalues.made_object, ["VARCHAR[]", "VARCHAR[]"], "VARCHAR"),
        ("py_json_keys", jsonvalues.keys, ["VARCHAR"], "VARCHAR"),
        ("py_json_entries", jsonvalues.entries, ["VARCHAR"], "VARCHAR"),
        ("py_json_has_key", jsonvalues.has_key, ["VARCHAR", "VARCHAR"], "BOOLEAN"),
        ("py_json_extract", jsonvalues.extract, ["VARCHAR", "VARCHAR[]"], "VARCHAR"),
        ("py_json_extract_exact", jsonvalues.extract_exact, ["VARCHAR", "VARCHAR[]"], "VARCHAR"),
        ("py_json_delete", jsonvalues.deleted, ["VARCHAR", "VARCHAR[]"], "VARCHAR"),
        ("py_json_set", jsonvalues.changed, ["VARCHAR", "VARCHAR[]", "VARCHAR[]"], "VARCHAR"),
        ("py_json_set_exact", jsonvalues.changed_exact, ["VARCHAR", "VARCHAR[]", "VARCHAR[]"], "VARCHAR"),
        ("py_json_append", jsonvalues.appended, ["VARCHAR", "VARCHAR[]", "VARCHAR[]"], "VARCHAR"),
        ("py_json_extend", jsonvalues.extended, ["VARCHAR", "VARCHAR[]", "VARCHAR[]"], "VARCHAR"),
        ("py_json_elements", jsonvalues.elements, ["VARCHAR", "BOOLEAN"], "VARCHAR[]"),
    )
    for name, function, parameters, result in declared:
        # SPECIAL is DuckDB's word for a function that may return NULL.
        connection.create_function(name, _null_in_null_out(function), parameters, result, null_handling=SPECIAL)


def _null_in_null_out(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)  # DuckDB reads the number of arguments off it
    def call(*values: Any) -> Any:
        return None if None in values else function(*values)

    return call
