"""The formats of printf (Search Reference, "Conversion functions": printf; what it leaves open is as in C)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from splreplay import limits
from splreplay.errors import ValueLimitError
from splreplay.sql.values import number_in

_SPECIFIER = re.compile(r"%([-+ 0#']*)(\*|[0-9]+)?(?:\.(\*|[0-9]+)?)?([a-zA-Z%])?")
_SIGNED, _UNSIGNED, _FRACTIONS, _TEXTS = "di", "uoxXp", "aAeEfFgG", "sz"


@dataclass(frozen=True)
class Specifier:
    """One conversion; *width* and *precision* are None where there is none, and `*` where an argument gives it."""

    flags: str
    width: int | str | None
    precision: int | str | None
    letter: str

    @property
    def arguments(self) -> int:
        """How many arguments it takes."""
        return (self.letter != "%") + (self.width == "*") + (self.precision == "*")


def parse(pattern: str) -> list[str | Specifier]:
    """Return a format as texts and specifiers; ValueError, which says why, for a malformed one."""
    parts: list[str | Specifier] = []
    position = 0
    for match in _SPECIFIER.finditer(pattern):
        flags, width, precision, letter = match.groups()
        if letter is None or letter not in _SIGNED + _UNSIGNED + _FRACTIONS + _TEXTS + "c%":
            raise ValueError(f"{match.group()!r} is no conversion of printf")
        parts.append(pattern[position : match.start()])
        dot = "." in match.group()
        parts.append(Specifier(flags, _size(width), _size(precision or "0") if dot else None, letter))
        position = match.end()
    return [*parts, pattern[position:]]


def _size(text: str | None) -> int | str | None:
    if text is None or text == "*":
        return text
    if len(text) > 9 or int(text) > limits.PRINTF_WIDTH:
        raise ValueError(f"a width or precision is {limits.PRINTF_WIDTH:,} at most here")
    return int(text)


def printf(pattern: str, arguments: Sequence[str | None]) -> str | None:
    """Return *arguments* written as *pattern* says, which has as many conversions; None where one has no such value †."""
    left = iter(arguments)
    written: list[str] = []
    for part in parse(pattern):
        text = part if isinstance(part, str) else _converted(part, [next(left) for _ in range(part.arguments)])
        if text is None:
            return None
        written.append(text)
    return "".join(written)


def _converted(specifier: Specifier, arguments: list[str | None]) -> str | None:
    if specifier.letter == "%":
        return "%"
    if None in arguments:
        return None
    given = [argument for argument in arguments if argument is not None]
    flags, sizes = specifier.flags, []
    for size in (specifier.width, specifier.precision):
        asked = number_in(given.pop(0)) if size == "*" else size
        if size is not None and asked is None:
            return None
        sizes.append(None if asked is None else _bounded(float(asked)))
    width, precision = sizes
    if width is not None and width < 0:  # as in C
        flags, width = f"{flags}-", -width
    precision = None if precision is not None and precision < 0 else precision
    body = _body(specifier.letter, flags, precision, given[0])
    return None if body is None else _padded(body, flags, width or 0, specifier.letter, precision)


def _bounded(size: float) -> int:
    if not abs(size) <= limits.PRINTF_WIDTH:
        raise ValueLimitError(
            f"printf was asked for more than {limits.PRINTF_WIDTH:,} characters of width or precision"
        )
    return int(size)


def _body(letter: str, flags: str, precision: int | None, argument: str) -> str | None:
    """Return what is to be padded."""
    if letter in _TEXTS:
        return argument if precision is None else argument[:precision]
    value = number_in(argument)
    if letter == "c":
        return _character(argument, value)
    if value is None:
        return None
    if letter in _FRACTIONS:
        digits = _fraction(abs(value), letter, precision, "#" in flags)
    elif not math.isfinite(value):
        return None
    else:
        digits = _whole(int(value), letter, precision, "#" in flags)
    if "'" in flags and letter in "diufFgG":
        digits = re.sub(r"^\d+", lambda whole: f"{int(whole[0]):,}" if len(whole[0]) < 400 else whole[0], digits)
    negative = math.copysign(1, value) < 0 and letter not in _UNSIGNED and (letter not in _SIGNED or int(value) != 0)
    signs = "" if letter in _UNSIGNED else "+" if "+" in flags else " " if " " in flags else ""
    return ("-" if negative else signs) + digits


def _character(argument: str, value: float | None) -> str | None:
    """Return the character of a number, or the first of a text."""
    if value is None:
        return argument[:1]
    return chr(int(value)) if 0 < value < 0x110000 and not 0xD800 <= value < 0xE000 else None


def _whole(value: int, letter: str, precision: int | None, alternate: bool) -> str:
    if letter in _SIGNED:
        digits = str(abs(value))
    else:  # a negative number is that of 64 bits, as in C
        plain = value % 2**64 if value < 0 else value
        digits = format(plain, {"o": "o", "u": "d", "X": "X"}.get(letter, "x"))
    digits = digits.zfill(precision or 0)
    if alternate and letter == "o" and not digits.startswith("0"):
        return f"0{digits}"
    return f"0{letter}{digits}" if alternate and letter in "xX" and value else digits


def _fraction(value: float, letter: str, precision: int | None, alternate: bool) -> str:
    if letter in "aA":
        digits = _hexadecimal(value, precision)
        return digits.upper() if letter == "A" else digits
    return f"%{'#' * alternate}{'' if precision is None else f'.{precision}'}{letter}" % value


def _hexadecimal(value: float, precision: int | None) -> str:
    """Return a number as %a writes it: a hexadecimal fraction and a power of two."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return f"0x0{'.' * bool(precision)}{'0' * (precision or 0)}p+0"
    mantissa, exponent = math.frexp(value)
    places = 13 if precision is None else min(precision, 13)
    whole = round(mantissa * 2 * 16**places)
    if whole >= 2 * 16**places:
        whole, exponent = whole // 2, exponent + 1
    digits = f"{whole % 16**places:0{places}x}" if places else ""
    digits = digits.rstrip("0") if precision is None else digits.ljust(precision, "0")
    return f"0x{whole // 16**places}{f'.{digits}' if digits else ''}p{exponent - 1:+d}"


def _padded(body: str, flags: str, width: int, letter: str, precision: int | None) -> str:
    if "-" in flags:
        return body.ljust(width)
    whole = letter in _SIGNED + _UNSIGNED and precision is not None
    if "0" not in flags or letter in _TEXTS + "c" or whole or not re.search(r"\d", body):
        return body.rjust(width)
    prefix = re.match(r"[-+ ]?(?:0[xX])?", body)
    start = prefix.end() if prefix and len(body) > prefix.end() else 0
    return body[:start] + body[start:].rjust(width - start, "0")
