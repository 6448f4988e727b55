"""Time as SPL writes it: spans, relative times, and the format strings of strftime. Every time is UTC, in epoch seconds."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from splreplay.errors import UsageError

SPAN_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86400),
}
_MONTH_UNITS = {
    **dict.fromkeys(("mon", "month", "months"), 1),
    **dict.fromkeys(("q", "qtr", "qtrs", "quarter", "quarters"), 3),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 12),
}
_STEP = re.compile(r"([-+])(\d*)([a-z]+)|@([a-z]+)([0-7]?)", re.I)
_EPOCH = re.compile(r"\d+(?:\.\d+)?")


def span_seconds(text: str) -> int | None:
    """Return the seconds of a span such as `1h` or `30s`; None for others (months, logarithmic spans)."""
    match = re.fullmatch(r"(\d+)([a-z]*)", text.lower())
    if not match or int(match.group(1)) == 0:
        return None
    unit = SPAN_UNITS.get(match.group(2) or "s")
    return int(match.group(1)) * unit if unit else None


def relative_time(epoch: float, modifier: str) -> float | None:
    """Return *epoch* moved by *modifier* (`-70m@m`, `@d+3h`, `now`); None if the modifier is malformed.

    Source: Search Reference, "Time modifiers"; steps apply from left to right, `@` rounds down.
    """
    text = modifier.strip()
    if text.lower() in ("", "now", "now()"):
        return epoch
    if not re.fullmatch(rf"(?:{_STEP.pattern})+", text, re.I):
        return None
    try:
        moment = datetime.fromtimestamp(epoch, UTC)
        for sign, count, unit, snap, weekday in _STEP.findall(text):
            stepped = _snap(moment, snap.lower(), weekday) if snap else _shift(moment, sign, count, unit.lower())
            if stepped is None:
                return None
            moment = stepped
    except (OverflowError, ValueError, OSError):
        return None
    return moment.timestamp()


def months(epoch: float) -> int:
    """Return how many months there are from January 1970 to that of *epoch*."""
    moment = datetime.fromtimestamp(epoch, UTC)
    return (moment.year - 1970) * 12 + moment.month - 1


def _shift(moment: datetime, sign: str, count: str, unit: str) -> datetime | None:
    amount = int(count or "1") * (-1 if sign == "-" else 1)
    if unit in SPAN_UNITS:
        return moment + timedelta(seconds=amount * SPAN_UNITS[unit])
    if unit not in _MONTH_UNITS:
        return None
    months = moment.year * 12 + moment.month - 1 + amount * _MONTH_UNITS[unit]
    year, month = divmod(months, 12)
    last_day = (datetime(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))


def _snap(moment: datetime, unit: str, weekday: str) -> datetime | None:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if SPAN_UNITS.get(unit) == 7 * 86400:
        return day - timedelta(days=(day.isoweekday() - int(weekday or 0)) % 7)
    if weekday:
        return None
    if unit in SPAN_UNITS:
        seconds = SPAN_UNITS[unit]
        return datetime.fromtimestamp(math.floor(moment.timestamp() / seconds) * seconds, UTC)
    months = _MONTH_UNITS.get(unit)
    if months is None:
        return None
    return day.replace(month=(day.month - 1) // months * months + 1 if months < 12 else 1, day=1)


@dataclass(frozen=True)
class TimeRange:
    """The time of a run, and which events it looks at, in epoch seconds.

    Attributes:
        now: The time of the run.
        earliest: The start of the range; None for all time.
        latest: Its end, exclusive; None for all time.
        asked: The two as the user wrote them.
    """

    now: float
    earliest: float | None = None
    latest: float | None = None
    asked: tuple[str | None, str | None] = (None, None)

    @classmethod
    def of(cls, earliest: str | None = None, latest: str | None = None, now: float | None = None) -> TimeRange:
        """Return the range from --earliest to --latest; *now* is the current time by default.

        Raises:
            UsageError: If one of them is not a time, or the range is empty.
        """
        moment = time.time() if now is None else now
        start, end = _bound(earliest, "--earliest", moment), _bound(latest, "--latest", moment)
        if start is not None and end is not None and start >= end:
            message = f"--latest {latest!r} is not after --earliest {earliest!r}, so no event lies between them"
            raise UsageError(message)
        return cls(moment, start, end, (earliest, latest))


def _bound(text: str | None, option: str, now: float) -> float | None:
    if text is None:
        return None
    epoch = time_argument(text, now) if text.strip() else None
    if epoch is None:
        raise UsageError(f"{option} {text!r} is not a time; write epoch seconds, -24h@h or 2020-09-20T01:00:00")
    return epoch


def time_argument(text: str, now: float) -> float | None:
    """Return the epoch seconds of a value of --earliest, --latest or earliest=.

    It may be epoch seconds, a relative time, or an ISO date with or without a time; None for anything else.
    """
    if _EPOCH.fullmatch(text):
        return float(text)
    relative = relative_time(now, text)
    if relative is not None:
        return relative
    for parse in (datetime.fromisoformat, lambda written: datetime.strptime(written, "%m/%d/%Y:%H:%M:%S")):
        try:
            moment = parse(text)
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None


def iso(epoch: float) -> str:
    """Return *epoch* as Splunk shows `_time` in JSON: milliseconds and offset."""
    return format_time(epoch, "%Y-%m-%dT%H:%M:%S.%3N+00:00") or str(epoch)


def utc(epoch: float) -> str:
    """Return *epoch* as a report shows it, to the second."""
    return format_time(epoch, "%Y-%m-%d %H:%M:%S UTC") or str(epoch)


_DIRECTIVE = re.compile(r"%([0-9]?)([:E](?=z)|[a-zA-Z%+])(z?)")
# What Python writes in another way, or takes longer for: the directives of most searches are among them.
_WRITTEN: Mapping[str, Callable[[datetime, int], str]] = {
    "Y": lambda moment, whole: moment.strftime("%Y"),
    "m": lambda moment, whole: f"{moment.month:02d}",
    "d": lambda moment, whole: f"{moment.day:02d}",
    "H": lambda moment, whole: f"{moment.hour:02d}",
    "M": lambda moment, whole: f"{moment.minute:02d}",
    "S": lambda moment, whole: f"{moment.second:02d}",
    "s": lambda moment, whole: str(whole),
    "T": lambda moment, whole: moment.strftime("%H:%M:%S"),
    "F": lambda moment, whole: moment.strftime("%Y-%m-%d"),
    "Z": lambda moment, whole: "UTC",
    "e": lambda moment, whole: f"{moment.day:2d}",
    "k": lambda moment, whole: f"{moment.hour:2d}",
    "z": lambda moment, whole: "+0000",
    "+": lambda moment, whole: moment.strftime("%a %b %e %H:%M:%S UTC %Y"),
}


def format_time(epoch: float, pattern: str) -> str | None:
    """Return *epoch* by a strftime pattern with Splunk's additions; None outside the years 1 to 9999.

    Source: Search Reference, "Date and time format variables". `%Ez` is the offset in minutes, which for UTC is written `0` †.
    """
    try:
        whole = math.floor(epoch)
        moment = datetime.fromtimestamp(whole, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    nanoseconds = round((epoch - whole) * 1e6) * 1000
    if nanoseconds >= 1_000_000_000:
        moment, nanoseconds = moment + timedelta(seconds=1), 0

    def directive(match: re.Match[str]) -> str:
        width, letter, zone = match.groups()
        if letter in "NQ":
            digits = int(width or (3 if letter == "Q" else 9))
            return f"{nanoseconds:09d}"[:digits]
        if zone and letter in ":E":
            return {":": "+00:00", "E": "0"}[letter]
        written = _WRITTEN.get(letter)
        return (written(moment, whole) if written else moment.strftime(f"%{letter}")) + zone

    return _DIRECTIVE.sub(directive, pattern)


def parse_time(text: str, pattern: str) -> float | None:
    """Return the epoch seconds of *text*, read by a strptime pattern with Splunk's additions; None if it does not match."""
    python = _DIRECTIVE.sub(
        lambda match: {"N": "%f", "Q": "%f", "T": "%H:%M:%S", "F": "%Y-%m-%d", "s": "%s"}.get(
            match.group(2), "%z" if match.group(2) == ":" else match.group(0)
        ),
        pattern,
    )
    if python == "%s":
        return float(text) if _EPOCH.fullmatch(text) else None
    try:
        moment = datetime.strptime(text, python)
    except (ValueError, re.error):  # re.error: a directive given twice
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
