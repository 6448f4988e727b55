"""The kinds of values. SPL has one, text that may look like a number; SQL needs types.

A column is one of three kinds: NUMBER (DOUBLE), TEXT (VARCHAR, numeric wherever it looks like a number) and
MULTIVALUE (VARCHAR[]). Expressions have three more: LITERAL (text that was written in quotes and is never taken for a
number), BOOLEAN (which SPL cannot store) and NOTHING (a field that does not exist).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line shows values, and needs no database for it
    import duckdb

Value = str | list[str]  # in results: one value, or several


def values_of(value: Value) -> list[str]:
    """Return the values of a field of a result, which may be one."""
    return [value] if isinstance(value, str) else value


class Kind(enum.Enum):
    """The kinds of value; see the module."""

    NUMBER = "number"
    TEXT = "text"
    MULTIVALUE = "multivalue"
    LITERAL = "literal"
    BOOLEAN = "boolean"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Sql:
    """An SQL expression and the kind of its value; *exact* where it makes no product less precise."""

    text: str
    kind: Kind
    exact: bool = False

    def of(self, table: str) -> Sql:
        """Return a column as that of *table*, the name of one side of a join."""
        return self if self.kind is Kind.NOTHING else Sql(f"{table}.{self.text}", self.kind)

    def or_else(self, other: Sql) -> Sql:
        """Return this value, or *other* where there is none."""
        if other.kind is Kind.NOTHING:
            return self
        kind = common_kind([self, other])
        return Sql(f"coalesce({cast(self, kind)}, {cast(other, kind)})", kind)


NOTHING = Sql("NULL", Kind.NOTHING)

_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*", re.A)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

# The parameter of a lambda. No column's name starts with #, so it is never confused with a field.
EACH = '"#v"'

# Splunk prints a whole number without a fraction, and `inf`, `-inf` and `nan` (Search Reference, "eval", "Numeric calculations").
# Inference: its limit of digits is not documented.
_MACROS = (
    # A macro's argument is copied wherever it is named, so each macro names it once: nested calls would grow without end.
    """CREATE OR REPLACE MACRO spl_text(n) AS list_transform([n], lambda "#n":
    CASE WHEN isnan("#n") THEN 'nan' WHEN "#n" = trunc("#n") AND abs("#n") < 1e18 THEN CAST(CAST("#n" AS BIGINT) AS VARCHAR)
    ELSE CAST("#n" AS VARCHAR) END)[1]""",
    r"""CREATE OR REPLACE MACRO spl_number(s) AS
    TRY_CAST(regexp_extract(s, '^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*$', 1) AS DOUBLE)""",
    """CREATE OR REPLACE MACRO spl_divisor(n) AS list_transform([n], lambda "#n": CASE WHEN "#n" != 0 THEN "#n" END)[1]""",
    # The digits of a number from the first that is not 0, as it is written.
    """CREATE OR REPLACE MACRO spl_digits(s) AS
    greatest(1, length(ltrim(regexp_replace(regexp_extract(s, '^[^eE]*'), '[^0-9]', '', 'g'), '0')))""",
    # A product is no more precise than the factor with the fewest digits, but never cut before its point, so that 1.00*1111 is
    # 1111 and 8.250*0.20 is 1.7 (Search Reference, "eval", "Rounding"; "sigfig"). "=" marks a factor of exact().
    """CREATE OR REPLACE MACRO spl_precision(s) AS list_transform([s], lambda "#s":
    CASE WHEN starts_with("#s", '=') THEN 17 ELSE spl_digits("#s") END)[1]""",
    """CREATE OR REPLACE MACRO spl_value(s) AS list_transform([s], lambda "#s":
    CASE WHEN "#s" IN ('inf', '-inf', 'nan') THEN TRY_CAST("#s" AS DOUBLE) ELSE spl_number("#s") END)[1]""",
    """CREATE OR REPLACE MACRO spl_fixed(n, decimals) AS list_transform([struct_pack(n := n, d := decimals)], lambda "#f":
    CASE WHEN "#f".d = 0 THEN spl_text(round("#f".n)) ELSE format('{:.{}f}', round("#f".n, "#f".d), "#f".d) END)[1]""",
    """CREATE OR REPLACE MACRO spl_product(a, b) AS list_transform([[a, b]], lambda "#p": list_transform([struct_pack(
        v := spl_value(ltrim("#p"[1], '=')) * spl_value(ltrim("#p"[2], '=')),
        d := least(spl_precision("#p"[1]), spl_precision("#p"[2])))],
    lambda "#q": CASE WHEN isfinite("#q".v) AND "#q".v != 0 AND "#q".d < 17 AND abs("#q".v) > 1e-10
        THEN spl_fixed("#q".v, CAST(greatest(0, "#q".d - 1 - floor(log10(abs("#q".v)))) AS INTEGER))
        ELSE spl_text("#q".v) END)[1])[1]""",
    """CREATE OR REPLACE MACRO spl_plus(a, b) AS list_transform([[a, b]], lambda "#p":
    CASE WHEN spl_number("#p"[1]) IS NULL AND spl_number("#p"[2]) IS NULL THEN "#p"[1] || "#p"[2]
    ELSE spl_text(spl_number("#p"[1]) + spl_number("#p"[2])) END)[1]""",
    # The least and the greatest of some texts, which are compared as numbers if all of them are numbers.
    *(
        f"""CREATE OR REPLACE MACRO spl_{name}(texts) AS list_transform([texts], lambda "#t":
    CASE WHEN list_bool_and(list_transform("#t", lambda "#n": spl_number("#n") IS NOT NULL))
    THEN spl_text(list_{name}(list_transform("#t", lambda "#n": spl_number("#n")))) ELSE list_{name}("#t") END)[1]"""
        for name in ("min", "max")
    ),
)


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Give *connection* the SQL macros that our SQL calls."""
    for macro in _MACROS:
        connection.execute(macro)


def identifier(name: str) -> str:
    """Return *name* as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return *text* as an SQL string, without characters that the database cannot hold."""
    return "'" + storable(text).replace("'", "''") + "'"


def storable(text: str) -> str:
    """Return *text* with U+FFFD for characters that the database cannot hold: NUL and lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


def number_in(text: str) -> float | None:
    """Return the number that a text looks like, as SQL's spl_number does, or that SPL writes as a word; None where it is none."""
    if text in ("inf", "-inf", "nan"):
        return float(text)
    match = _NUMBER.fullmatch(text)
    return float(match[1]) if match else None


def number(value: float) -> str:
    """Return *value* as an SQL DOUBLE."""
    return f"CAST('{value!r}' AS DOUBLE)"


def as_text(value: Sql) -> str:
    """Return SQL for the value as VARCHAR; several values are joined by line breaks, as Splunk shows them."""
    if value.kind is Kind.NUMBER:
        return f"spl_text({value.text})"
    if value.kind is Kind.MULTIVALUE:
        return rf"array_to_string({value.text}, chr(10))"
    if value.kind is Kind.NOTHING:
        return "CAST(NULL AS VARCHAR)"
    return value.text


def as_number(value: Sql) -> str:
    """Return SQL for the value as DOUBLE, NULL where it does not look like a number."""
    if value.kind is Kind.NUMBER:
        return value.text
    if value.kind is Kind.NOTHING:
        return "CAST(NULL AS DOUBLE)"
    return f"spl_number({as_text(value)})"


def as_list(value: Sql) -> str:
    """Return SQL for the value as VARCHAR[], NULL where there is no value."""
    if value.kind is Kind.MULTIVALUE:
        return value.text
    if value.kind is Kind.NOTHING:
        return "CAST(NULL AS VARCHAR[])"
    return or_null(f"list_filter([{as_text(value)}], lambda {EACH}: {EACH} IS NOT NULL)")


def or_null(values: str) -> str:
    """Return SQL for a list, NULL if it is empty; nullif would do the same, but DuckDB copies its argument."""
    return f"list_aggregate({values}, 'list')"


def common_kind(values: Iterable[Sql]) -> Kind:
    """Return the kind of column that can hold every one of *values*."""
    kinds = {value.kind for value in values} - {Kind.NOTHING}
    if Kind.MULTIVALUE in kinds:
        return Kind.MULTIVALUE
    return Kind.NUMBER if kinds == {Kind.NUMBER} else Kind.TEXT


def cast(value: Sql, kind: Kind) -> str:
    """Return SQL for *value* as a column of *kind* (NUMBER, TEXT or MULTIVALUE)."""
    return {Kind.NUMBER: as_number, Kind.TEXT: as_text, Kind.MULTIVALUE: as_list}[kind](value)
