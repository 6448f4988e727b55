"""Python functions for what SQL lacks. DuckDB calls them for each value, and NULL gives NULL."""

from __future__ import annotations

import functools
import hashlib
import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import duckdb
from duckdb.func import SPECIAL

from splreplay import jsonpath, times
from splreplay.sql import pcre
from splreplay.sql.patterns import re2_replacement
from splreplay.sql.predicates import like_pattern


@functools.lru_cache
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text.strip(), strict=False)


def _in_network(network: str, address: str) -> bool | None:
    try:
        return ipaddress.ip_address(address.strip()) in _network(network)
    except ValueError:
        return False


def _ip_key(address: str) -> bytes | None:
    """Sort key of an address: IPv4 before IPv6, by number."""
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    return bytes([parsed.version]) + parsed.packed


def create_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Give *connection* the Python functions that the texts made here call."""
    declared: tuple[tuple[str, Callable[..., Any], list[Any], str], ...] = (
        ("py_cidrmatch", _in_network, ["VARCHAR", "VARCHAR"], "BOOLEAN"),
        ("py_ip_key", _ip_key, ["VARCHAR"], "BLOB"),
        ("py_matches", pcre.matches, ["VARCHAR", "VARCHAR"], "BOOLEAN"),
        ("py_extracted", pcre.extracted, ["VARCHAR", "VARCHAR", "INTEGER", "INTEGER"], "VARCHAR[]"),
        ("py_replaced", pcre.replaced, ["VARCHAR", "VARCHAR", "VARCHAR", "INTEGER"], "VARCHAR"),
        ("py_replacement", re2_replacement, ["VARCHAR", "VARCHAR"], "VARCHAR"),
        ("py_wildcard", like_pattern, ["VARCHAR"], "VARCHAR"),
        ("py_strftime", times.format_time, ["DOUBLE", "VARCHAR"], "VARCHAR"),
        ("py_strptime", times.parse_time, ["VARCHAR", "VARCHAR"], "DOUBLE"),
        ("py_spath", jsonpath.extract, ["VARCHAR", "VARCHAR"], "VARCHAR[]"),
        ("py_leaves", lambda text: list(jsonpath.leaves(text)), ["VARCHAR"], "VARCHAR[]"),
        ("py_leaf", lambda text, path: jsonpath.leaves(text).get(path), ["VARCHAR", "VARCHAR"], "VARCHAR[]"),
        ("py_urldecode", lambda text: unquote(text), ["VARCHAR"], "VARCHAR"),
        ("py_sha512", lambda text: hashlib.sha512(text.encode()).hexdigest(), ["VARCHAR"], "VARCHAR"),
        ("py_relative_time", times.relative_time, ["DOUBLE", "VARCHAR"], "DOUBLE"),
    )
    for name, function, parameters, result in declared:
        # SPECIAL is DuckDB's word for a function that may return NULL.
        connection.create_function(name, _null_in_null_out(function), parameters, result, null_handling=SPECIAL)


def _null_in_null_out(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)  # DuckDB reads the number of arguments off it
    def call(*values: Any) -> Any:
        return None if None in values else function(*values)

    return call
