"""Transactions: events that belong together, found one event after the other from the newest to the oldest.

Source: Search Reference, "transaction"; Search Manual, "Identify and group events into transactions". What neither says is marked †.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

Keys = tuple[str | None, ...]


@dataclass(frozen=True)
class Rules:
    """What bounds a transaction; seconds and counts are None where there is no bound.

    Args:
        maxspan_s: The events of a transaction span less than this.
        maxpause_s: No pause between two of them is longer.
        maxevents: It has no more events.
        starts: Whether its first event must be one that starts a transaction.
        ends: Whether its last event must be one that ends one.
        connected: Whether an event that shares no field with a transaction, though it contradicts none, opens another.
    """

    maxspan_s: float | None = None
    maxpause_s: float | None = None
    maxevents: int | None = None
    starts: bool = False
    ends: bool = False
    connected: bool = True


class Event(NamedTuple):
    """One event: its place among the results, its time, its values of the fields that bind, and what it is."""

    place: float
    time: float
    keys: Keys
    starts: bool
    ends: bool


@dataclass(eq=False)
class _Open:
    """A transaction that may still get older events; *touched* is the number of the event that it got last."""

    number: int
    keys: Keys
    latest: float
    earliest: float
    whole: bool
    events: int = 0
    touched: int = 0


@dataclass
class Transactions:
    """The transactions of some events.

    Attributes:
        places: The places of the events that are in one.
        numbers: The number of each one's transaction.
        whole: The transactions that have the first and the last event that the rules ask for, each with whether it was closed.
        broken: The other transactions, which Splunk calls evicted.
        most_open: How many transactions were open at once.
        most_events: How many events were in open transactions at once.
    """

    places: array[float] = field(default_factory=lambda: array("d"))
    numbers: array[int] = field(default_factory=lambda: array("q"))
    whole: dict[int, bool] = field(default_factory=dict)
    broken: list[int] = field(default_factory=list)
    most_open: int = 0
    most_events: int = 0


def find(events: Iterable[Event], rules: Rules) -> Transactions:
    """Return the transactions of *events*, which come newest first.

    An event that has none of the fields that bind is in none †. Of several transactions that it could belong to, it joins the one
    that shares the most fields with it, and of these the one that got an event last †.
    """
    finder = _Finder(rules)
    for event in events:
        finder.add(event)
    return finder.finished()


class _Finder:
    """The open transactions, by their values: those that have one of each field, and those that lack some."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.found = Transactions()
        self.full: dict[tuple[int, str], dict[int, _Open]] = {}
        self.partial: dict[tuple[int, str], dict[int, _Open]] = {}
        self.exact: dict[Keys, _Open] = {}
        self.open: dict[int, _Open] = {}
        self.made = self.seen = self.held = 0

    def add(self, event: Event) -> None:
        if event.keys and not any(key is not None for key in event.keys):
            return
        self.seen += 1
        one = self._of(event)
        if one is not None and (self._too_far(one, event) or (self.rules.ends and event.ends)):
            self._close(one, True)
            one = None
        if one is None:
            self.made += 1
            whole = event.ends or not self.rules.ends
            one = _Open(self.made, event.keys, event.time, event.time, whole)
            self._index(one)
        elif one.keys != event.keys:
            self._unindex(one)
            one.keys = tuple(
                mine if mine is not None else other for mine, other in zip(one.keys, event.keys, strict=True)
            )
            self._index(one)
        one.earliest, one.events, one.touched = event.time, one.events + 1, self.seen
        self.found.places.append(event.place)
        self.found.numbers.append(one.number)
        self.held += 1
        self.found.most_open = max(self.found.most_open, len(self.open))
        self.found.most_events = max(self.found.most_events, self.held)
        if self.rules.starts and event.starts:
            self._close(one, True, started=True)
        elif one.events == self.rules.maxevents:
            self._close(one, True)

    def finished(self) -> Transactions:
        """Close what is left, and return what was found."""
        for one in list(self.open.values()):
            self._close(one, False)
        return self.found

    def _of(self, event: Event) -> _Open | None:
        """Return the open transaction that an event belongs to."""
        if not event.keys:
            return next(iter(self.open.values()), None)
        if (same := self.exact.get(event.keys)) is not None:
            return same
        near = list(self._sharing(event))
        if not near and not self.rules.connected:
            near = [one for one in self.open.values() if None in one.keys and _agree(one.keys, event.keys)]
        return max(near, key=lambda one: (_shared(one.keys, event.keys), one.touched), default=None)

    def _sharing(self, event: Event) -> Iterator[_Open]:
        """Yield the open transactions that share a field with an event and contradict it in none.

        A transaction and an event that both have every field share all of them or contradict each other.
        """
        indexes = (self.partial, self.full) if None in event.keys else (self.partial,)
        for number, key in enumerate(event.keys):
            if key is not None:
                for index in indexes:
                    yield from (one for one in index.get((number, key), {}).values() if _agree(one.keys, event.keys))

    def _too_far(self, one: _Open, event: Event) -> bool:
        span, pause = self.rules.maxspan_s, self.rules.maxpause_s
        spans = span is not None and one.latest - event.time >= span
        return spans or (pause is not None and one.earliest - event.time > pause)

    def _close(self, one: _Open, closed: bool, started: bool = False) -> None:
        self._unindex(one)
        self.held -= one.events
        if one.whole and (started or not self.rules.starts):
            self.found.whole[one.number] = closed
        else:
            self.found.broken.append(one.number)

    def _index(self, one: _Open) -> None:
        self.open[one.number] = one
        complete = None not in one.keys
        if complete:
            self.exact[one.keys] = one
        index = self.full if complete else self.partial
        for key in self._places(one):
            index.setdefault(key, {})[one.number] = one

    def _unindex(self, one: _Open) -> None:
        del self.open[one.number]
        if self.exact.get(one.keys) is one:
            del self.exact[one.keys]
        index = self.full if None not in one.keys else self.partial
        for key in self._places(one):
            del index[key][one.number]
            if not index[key]:
                del index[key]

    @staticmethod
    def _places(one: _Open) -> Iterator[tuple[int, str]]:
        return ((number, key) for number, key in enumerate(one.keys) if key is not None)


def _agree(one: Keys, other: Keys) -> bool:
    return all(mine is None or theirs is None or mine == theirs for mine, theirs in zip(one, other, strict=True))


def _shared(one: Keys, other: Keys) -> int:
    return sum(mine is not None and mine == theirs for mine, theirs in zip(one, other, strict=True))
