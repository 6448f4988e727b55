"""The places of values in JSON lines of the usual forms: which keys hold what is read, by the first line of a block."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeAlias

from splreplay.logs.formats.json import exact
from splreplay.logs.formats.json.documents import PADDING
from splreplay.logs.formats.json.forms import flat, winlogbeat
from splreplay.logs.names import RENDERING
from splreplay.logs.names import SYSTEM as SYSTEM_VALUES

# The keys to a value, from the line's own object inwards.
Place: TypeAlias = tuple[str, ...]

# The first event of a piece is searched in so many of its bytes.
FORM_BYTES = 1 << 16
# What is read of a line besides the fields. The three after #time make the time of NXLog's form.
SYSTEM = ("provider", "event_id", "computer", "channel", "#time", "#local", "#received", "#relayed", "#utc")
# The exact reader alone writes this value, which a record may have in any form.
MADE = f"{SYSTEM_VALUES}SystemTime"
# The last of the three names differs from the second only in case, which columns of DuckDB must not.
COMPUTER = flat.COMPUTER[:-1]


class Form(NamedTuple):
    """One form of lines.

    Args:
        values: The place of each of SYSTEM and of the fields; None where this form has none.
        empty: Places that must be absent or null, because a value there would take precedence.
        implied: Whether the provider of an event without one is implied.
    """

    values: tuple[tuple[str, Place | None], ...]
    empty: tuple[Place, ...]
    implied: bool


def form(piece: bytes, fields: Sequence[str]) -> Form:
    """Return the form of the first event of a piece."""
    present = _first_event(piece)
    if "winlog" in present:
        return _winlogbeat(tuple(fields))
    keys = (flat.PROVIDER, COMPUTER, [flat.LOCAL_TIME[0], *flat.TIME])
    return _flat(tuple(fields), *(next(filter(present.get, names), None) for names in keys))


def _first_event(piece: bytes) -> Mapping[str, object]:
    for line in exact.lines(piece[:FORM_BYTES]):
        try:
            record = json.loads(line.strip(PADDING))
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            return record
    return {}


@cache
def _winlogbeat(fields: Sequence[str]) -> Form:
    event_data = ("winlog", "event_data")
    system = {
        "provider": "provider_name",
        "event_id": "event_id",
        "computer": "computer_name",
        "channel": "channel",
    }
    values: dict[str, Place] = {name: ("winlog", key) for name, key in system.items()}
    values |= {"#time": ("@timestamp",), "#utc": (*event_data, "UtcTime")}
    values |= {name: (*event_data, name) for name in fields if "/" not in name}
    values |= {SYSTEM_VALUES + name: ("winlog", key) for name, key in winlogbeat.SYSTEM_KEYS.items()}
    values |= {SYSTEM_VALUES + name: ("winlog", *keys) for name, keys in winlogbeat.SYSTEM_INSIDE.items()}
    values |= {RENDERING + name: ("winlog", key) for name, key in winlogbeat.RENDERED_KEYS.items()}
    values |= {f"{RENDERING}Message": ("message",)}
    kept, twins = _kept(values, fields)
    others = [*((key,) for key in winlogbeat.MOVED_INTO), ("winlog", "user_data"), *twins]
    return Form(kept, tuple(others), implied=True)


@cache
def _flat(fields: Sequence[str], provider: str | None, computer: str | None, time: str | None) -> Form:
    """Return a flat form, by the keys that an event has for three values; None where it has no such key."""
    keys = {"provider": provider, "event_id": "EventID", "computer": computer, "channel": "Channel"}
    keys["#utc"] = "UtcTime" if provider is None else None
    local, received, relayed = flat.LOCAL_TIME
    empty = [*_before(provider, flat.PROVIDER), *_before(computer, COMPUTER), *flat.INNER]
    if time == local:
        keys |= {"#local": local, "#received": received, "#relayed": relayed}
    else:
        keys["#time"] = time
        empty += [local, *_before(time, flat.TIME)]
    values: dict[str, Place] = {name: (key,) for name, key in keys.items() if key}
    values |= {name: (name,) for name in fields if "/" not in name}
    values |= {SYSTEM_VALUES + name: (key,) for name, key in flat.SYSTEM_KEYS.items()}
    values |= {f"{RENDERING}Message": ("Message",)}
    kept, twins = _kept(values, fields)
    # An event without the key that the first has may have its provider under another.
    return Form(kept, (*((key,) for key in empty), *twins), implied=provider is None)


def _kept(
    values: Mapping[str, Place], fields: Sequence[str]
) -> tuple[tuple[tuple[str, Place | None], ...], list[Place]]:
    """Return the place of each of SYSTEM and of the fields, and places that must be empty: DuckDB does not tell case apart."""
    known: dict[Place, Place] = {}
    twins: list[Place] = []
    kept: list[tuple[str, Place | None]] = []
    for name in (*SYSTEM, *fields):
        place = values.get(name)
        if place and known.setdefault(tuple(key.lower() for key in place), place) != place:
            twins.append(place)
            place = None
        kept.append((name, place))
    return tuple(kept), twins


def _before(key: str | None, keys: Sequence[str]) -> Sequence[str]:
    """Return the keys before *key*; all of them where it is None."""
    return keys if key is None else keys[: keys.index(key)]
