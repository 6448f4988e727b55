"""The forms in which events are written as JSON, one a file: each says which records have it, and what event such a record is.

To add a form, add a file with `recognises(record)` and `event(record)`, and its name to FORMS. A record is an object of JSON, in
which numbers are texts, as they were written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

from splreplay.logs.events import Event, UnreadableEventError
from splreplay.logs.formats.json.forms import (
    flat,
    fluent_bit,
    rendered,
    sentinel,
    splunk,
    velociraptor,
    winlogbeat,
    winlogbeat6,
)
from splreplay.logs.formats.json.forms.envelopes import opened
from splreplay.logs.formats.json.forms.text import Record, parsed
from splreplay.logs.names import SYSTEM

_SYSTEM_TIME = f"{SYSTEM}SystemTime"
# So many keys of a record show its shape, of so many characters each; envelopes are opened so deep.
KEYS_SHOWN, KEY_CHARS = 12, 40
ENVELOPES = 4


class Form(Protocol):
    """What the file of a form has."""

    def recognises(self, record: Record) -> bool:
        """Return whether a record has this form."""

    def event(self, record: Record) -> Event:
        """Return the event that a record of this form is; UnreadableEventError, where it is none."""


# The first form that recognises a record reads it. The fast reader knows the first two.
FORMS: Sequence[Form] = (winlogbeat, flat, winlogbeat6, rendered, velociraptor, fluent_bit, sentinel, splunk)


def events(record: object, depth: int = 0) -> Iterator[Event | UnreadableEventError]:
    """Yield the event that a record is, or those in it, if it is an envelope or a list; what is wrong with one stands for it."""
    if isinstance(record, dict):
        form = next((form for form in FORMS if form.recognises(record)), None)
        indexed = splunk.json_in(record) if form is splunk else None
        if indexed is not None:
            yield from _indexed(indexed, depth)
            return
        if form:
            try:
                yield _timed(form.event(record))
            except UnreadableEventError as error:
                yield error
            except RecursionError:
                yield UnreadableEventError("it nests deeper than replay reads")
            return
    inner = record if isinstance(record, list) else list(opened(record)) if isinstance(record, dict) else []
    if not inner or depth == ENVELOPES:
        yield UnreadableEventError(shape(record))
    for one in inner if depth < ENVELOPES else ():
        yield from events(one, depth + 1)


def _indexed(raw: str, depth: int) -> Iterator[Event | UnreadableEventError]:
    """Yield the events of what Splunk indexed as JSON; it is their text, too."""
    try:
        record = parsed(raw) if depth < ENVELOPES else None
    except UnreadableEventError as error:
        yield UnreadableEventError(f"of its _raw: {error}")
        return
    for item in events(record, depth + 1):
        yield item._replace(raw=raw) if isinstance(item, Event) else UnreadableEventError(f"of its _raw: {item}")


def _timed(event: Event) -> Event:
    """Return an event with its time among its values, as the XML of every event has it, wherever the record has it."""
    if event.raw is not None or _SYSTEM_TIME in event.values:
        return event
    with suppress(ValueError, OverflowError, OSError):  # a time that Python cannot write
        time = datetime.fromtimestamp(event.time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return event._replace(values={**event.values, _SYSTEM_TIME: time})
    return event


def shape(record: object) -> str:
    """Return what is said of a record that has no known form."""
    if not isinstance(record, dict):
        return "this is JSON, but no object" if not isinstance(record, list) else "this is a list without records"
    keys = [key if len(key) <= KEY_CHARS else f"{key[:KEY_CHARS]}…" for key in record]
    more = f" and {len(keys) - KEYS_SHOWN:,} more" if len(keys) > KEYS_SHOWN else ""
    have = f"have the keys {', '.join(keys[:KEYS_SHOWN])}{more}" if keys else "have no keys"
    return f"no form that replay knows: JSON whose records {have}"
