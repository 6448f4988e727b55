"""The order of results by some of their fields (Search Reference, "sort")."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run import Run
from splreplay.run.stages import ORDER, Table
from splreplay.spl.tokens import Cursor
from splreplay.sql.values import Kind, Sql, as_number, as_text, literal

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"^({_OCTET}\.){{3}}{_OCTET}$"
_WAYS = ("auto", "num", "str", "ip")


@dataclass(frozen=True)
class Key:
    """One field to sort by; *way* is auto, num, str or ip."""

    field: str
    descending: bool
    way: str


def parse_keys(cursor: Cursor) -> tuple[Key, ...]:
    """Return the fields at the cursor, with their signs and types, and a final `desc`, which reverses the order; at least one."""
    keys: list[Key] = []
    sign = ""
    while cursor.here.kind in ("word", "quoted"):
        token = cursor.take()
        name = token.value
        if token.kind == "word" and name in ("+", "-"):
            sign = name
            continue
        if keys and token.is_word("d", "desc") and cursor.here.kind == "end":
            keys = [dataclasses.replace(key, descending=not key.descending) for key in keys]
            break
        if token.kind == "word" and name[0] in "+-":
            sign, name = name[0], name[1:]
        way = "auto"
        if name.lower() in _WAYS and cursor.accept_op("("):
            way, name = name.lower(), cursor.name()
            cursor.expect_op(")")
        keys.append(Key(name, sign == "-", way))
        # A sign applies to the fields after it, up to the next comma or sign.
        sign = "" if cursor.accept_op(",") else sign
    if not keys:
        cursor.fail("expected a field to sort by")
    return tuple(keys)


def sorted_by(keys: Iterable[Key], rows: Table, run: Run) -> Table:
    """Return the results in order; equal results keep theirs."""
    order = ", ".join([*(_order(key, rows, run) for key in keys), ORDER])
    return run.stages.store(rows.columns, f"FROM {rows.name}", f"row_number() OVER (ORDER BY {order})")


def _order(key: Key, rows: Table, run: Run) -> str:
    value = rows.field(key.field)
    way = "DESC" if key.descending else "ASC"
    if key.way == "num":
        return f"{as_number(value)} {way} NULLS LAST"
    if key.way == "str":
        return f"{as_text(value)} {way} NULLS LAST"
    if key.way == "ip" or _are_addresses(value, rows, run):
        return f"py_ip_key({as_text(value)}) {way} NULLS LAST"
    return _natural_order(value, key.descending)


def _natural_order(sql: Sql, descending: bool) -> str:
    """Return SQL that puts numbers, by value, before texts, by characters; equal numbers keep their order.

    Descending order is the reverse, but results without a value come last in both †.
    """
    way = " DESC" if descending else " ASC"
    if sql.kind is Kind.NUMBER:
        return f"{sql.text}{way} NULLS LAST"
    text = as_text(sql)
    numbers = f"spl_number({text}){way} NULLS {'FIRST' if descending else 'LAST'}"
    texts = f"CASE WHEN spl_number({text}) IS NULL THEN {text} END{way} NULLS LAST"
    return f"{text} IS NULL, {numbers}, {texts}"


def _are_addresses(value: Sql, rows: Table, run: Run) -> bool:
    """Return whether every value of a field is an IPv4 address: auto then orders them as addresses †."""
    if value.kind is not Kind.TEXT:
        return False
    return bool(run.stages.scalar(f"SELECT bool_and(regexp_matches({value.text}, {literal(_IPV4)})) FROM {rows.name}"))
