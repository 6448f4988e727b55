"""What the fast readers share: numpy arrays of the bytes of a block, and of the times in them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bytes: TypeAlias = "NDArray[np.uint8]"
Integers: TypeAlias = "NDArray[np.int64]"
Words: TypeAlias = "NDArray[np.uint64]"
Floats: TypeAlias = "NDArray[np.float64]"
Booleans: TypeAlias = "NDArray[np.bool_]"

# A block is read several times, in parts of this size, which fit into the processor's cache.
CACHED = 1 << 18
# This many bytes are read for a time.
TIME_BYTES = 32
DATE_BYTES = len("2020-09-20")
SEPARATORS = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":", 19: "."}
# Between 2004 and 2038 a float64 has 22 bits for the fraction of the second.
FRACTION_BITS = 22


def is_utf8(content: bytes) -> bool:
    """Return whether all of *content* is UTF-8."""
    edges = pa.py_buffer(np.array([0, len(content)], np.int64))
    text = pa.Array.from_buffers(pa.large_binary(), 1, [None, edges, pa.py_buffer(content)])
    try:
        text.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def windows(content: bytes | Bytes, places: Integers, size: int) -> Words:
    """Return the *size* bytes from each place on, as words of 8, which become the last axis."""
    all_ = np.ndarray((len(content) - size + 1,), f"V{size}", content, strides=(1,))
    return all_[places.ravel()].view("<u8").reshape(*places.shape, size // 8)


def times(text: Bytes, length: int) -> tuple[Floats, Booleans]:
    """Return times such as 2020-09-20T01:18:13.416Z in seconds since 1970, and which of them have this form.

    Args:
        text: A row of TIME_BYTES for each time.
        length: How many of these bytes belong to the time.
    """
    if length == len("2020-09-20T01:18:13.Z"):  # a point, and no digit behind it
        return np.zeros(len(text)), np.zeros(len(text), np.bool_)
    text = np.ascontiguousarray(text.T)[:length]
    digits = text - np.uint8(ord("0"))  # smaller characters wrap around to more than 9
    right = text[-1] == ord("Z")
    for place in range(length - 1):
        if place in SEPARATORS:
            right &= text[place] == ord(SEPARATORS[place])
        else:
            right &= digits[place] <= 9
    date = digits[:DATE_BYTES]
    # Most often all times are of one day, and the calendar takes half of the time.
    days, known = _days(date[:, :1] if (date == date[:, :1]).all() else date)
    hour, minute, second = (_number(digits[place : place + 2]) for place in (11, 14, 17))
    right &= known & (hour < 24) & (minute < 60) & (second < 60)
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    right &= (seconds >= 1 << 30) & (seconds < 1 << 31)
    # This is the nearest float, as float() gives it; adding two fractions would round twice.
    fraction = _number(digits[20 : length - 1]) * 10 ** (30 - max(length, 21))
    ticks = ((fraction << FRACTION_BITS) + 500_000_000) // 1_000_000_000
    return seconds + ticks / (1 << FRACTION_BITS), right


def _days(date: Bytes) -> tuple[Integers, Booleans]:
    """Return the days since 1970 of dates, which are given by their digits, and which of the dates exist."""
    month = _number(date[5:7])
    months = ((_number(date[:4]) - 1970) * 12 + month - 1).astype("M8[M]")
    days = months.astype("M8[D]") + (_number(date[8:10]) - 1)
    return days.astype(np.int64), (month >= 1) & (month <= 12) & (days.astype("M8[M]") == months)


def _number(digits: Bytes) -> Integers:
    """Return the numbers that digits stand for; each row has one digit of all numbers."""
    value = np.zeros(digits.shape[1], np.int64)
    for digit in digits:
        value = value * 10 + digit
    return value
