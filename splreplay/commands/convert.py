"""convert: change how fields are written, times above all."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import at_option, read_option
from splreplay.spl.tokens import Token
from splreplay.spl.wildcards import matching
from splreplay.sql.values import Kind, Sql, as_number, as_text, literal

DEFAULT_TIMEFORMAT = "%m/%d/%Y %H:%M:%S"
_OPTIONS = {"timeformat": str}


@dataclass(frozen=True)
class Conversion:
    """`function(field) AS alias`."""

    function: str
    field: str
    alias: str | None
    token: Token = dataclasses.field(repr=False, compare=False)


@dataclass(frozen=True)
class Convert(Transform):
    """`convert [timeformat=text] function(field) [AS name], …`."""

    streams = True
    by_name = True

    timeformat: str
    conversions: tuple[Conversion, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Convert:
        """Read the time format and the conversions.

        Raises:
            UnsupportedError: For conversions other than ctime, mktime, num, auto and none.
        """
        timeformat = DEFAULT_TIMEFORMAT
        conversions: list[Conversion] = []
        while cursor.here.kind == "word":
            if at_option(cursor, _OPTIONS):
                timeformat = read_option(cursor, _OPTIONS)[1]
                continue
            token = cursor.take()
            if token.value.lower() not in _SQL:
                cursor.refuse(f"unsupported conversion {token.value!r}", token, f"replay knows: {' '.join(_SQL)}")
            cursor.expect_op("(")
            field = cursor.name()
            cursor.expect_op(")")
            alias = cursor.name("a name") if cursor.accept_word("as") else None
            conversions.append(Conversion(token.value.lower(), field, alias, token))
            cursor.accept_op(",")
        if not conversions:
            cursor.fail("expected a conversion, for example ctime(_time)")
        return cls(segment, timeformat, tuple(conversions))

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (conversion.field for conversion in self.conversions)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(
            conversion.alias
            for conversion in self.conversions
            if conversion.alias and before.may_have(conversion.field)
        )

    def origin(self, name: str, before: Outputs) -> str | None:
        return None if name in {one.alias or one.field for one in self.conversions} else name

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results converted; a missing field stays missing †."""
        fields: dict[str, Sql] = {}
        for conversion in self.conversions:
            for name in matching(conversion.field, rows.columns):
                convert = _SQL[conversion.function]
                fields[conversion.alias or name] = convert(rows.field(name), literal(self.timeformat))
        return run.stages.with_fields(rows, fields)


def _ctime(value: Sql, timeformat: str) -> Sql:
    written = f"py_strftime({as_number(value)}, {timeformat})"
    if _PLAIN.fullmatch(timeformat):  # DuckDB writes these in the same way, and much faster
        moment = f"make_timestamp(CAST(round({as_number(value)} * 1e6) AS BIGINT))"
        written = f"CASE WHEN {as_number(value)} BETWEEN 0 AND {_LATEST} THEN strftime({moment}, {timeformat}) ELSE {written} END"
    return Sql(f"coalesce({written}, {as_text(value)})", Kind.TEXT)


# A literal whose directives have two digits, or four in the years from 1970 to _LATEST.
_PLAIN = re.compile(r"'(?:[^%']|%[YmdHMS])*'")
_LATEST = 253_402_300_798


def _mktime(value: Sql, timeformat: str) -> Sql:
    return Sql(f"py_strptime({as_text(value)}, {timeformat})", Kind.NUMBER)


def _num(value: Sql, timeformat: str) -> Sql:
    return Sql(as_number(value), Kind.NUMBER)


def _unchanged(value: Sql, timeformat: str) -> Sql:
    return value


_SQL = {"ctime": _ctime, "mktime": _mktime, "num": _num, "auto": _unchanged, "none": _unchanged}
