"""Eval functions of bits (Search Reference, "Bitwise functions"): of whole numbers from 0 to 2^53 - 1; of others there is no value."""

from __future__ import annotations

from splreplay.spl.expression import Call
from splreplay.sql.expressions import Compiler
from splreplay.sql.functions.arguments import BOUND, Arguments, bound, number_of
from splreplay.sql.functions.registry import function
from splreplay.sql.values import EACH, Kind, Sql

_MOST = 2**53 - 1


def _bits(number: str) -> str:
    """SQL for a number as bits, NULL where it is none that has them."""
    whole = f"{EACH} = trunc({EACH}) AND {EACH} BETWEEN 0 AND {_MOST}"
    return f"list_transform([{number}], lambda {EACH}: CASE WHEN {whole} THEN CAST({EACH} AS BIGINT) END)[1]"


def _number(bits: str) -> Sql:
    return Sql(f"CAST({bits} AS DOUBLE)", Kind.NUMBER)


@function("bit_and", 2, None)
@function("bit_or", 2, None)
@function("bit_xor", 2, None)
def _together(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    values = [_bits(number_of(argument, compiler)) for argument in arguments]
    if node.function == "bit_xor":
        joined = values[0]
        for value in values[1:]:
            joined = f"xor({joined}, {value})"
        return _number(joined)
    sign = "&" if node.function == "bit_and" else "|"
    return _number(f"({f' {sign} '.join(values)})")


@function("bit_not", 1, 2)
def _not(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """The other bits of a mask, by default of all 53."""
    value, *masks = (_bits(number_of(argument, compiler)) for argument in arguments)
    return _number(f"((~{value}) & {masks[0] if masks else _MOST})")


@function("bit_shift_left", 2, 2)
@function("bit_shift_right", 2, 2)
def _shift(arguments: Arguments, compiler: Compiler, node: Call) -> Sql:
    """The bits further left, those that fall out beyond the 53rd lost †, or further right."""
    value, by = (_bits(number_of(argument, compiler)) for argument in arguments)
    by = bound(by, f"CASE WHEN {BOUND} > 53 THEN 53 ELSE {BOUND} END")
    if node.function == "bit_shift_right":
        return _number(f"({value} >> CAST({by} AS INTEGER))")
    wide = f"(CAST({value} AS HUGEINT) * CAST(power(2, {by}) AS HUGEINT))"
    return _number(f"({wide} & CAST({_MOST} AS HUGEINT))")
