"""A search of events: which events a predicate keeps, from its text alone (Search Reference, "search").

It reads the text by itself, so that what binds first (NOT, then OR, then AND) is said twice, too. A predicate is a set of events:
those with some values of a field, or what AND, OR and NOT make of other sets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache, cached_property

from tests.oracle.expressions import Row
from tests.oracle.predicates import compares
from tests.oracle.values import several

_TOKEN = re.compile(
    r"""\s*(?: (?P<fixed>TERM|CASE)\( (?P<inner>[^)]*) \) | "(?P<quoted>(?:\\.|[^"\\])*)"
      | (?P<op>!=|<=|>=|[=<>(),]) | (?P<word>(?:\\.|[^\s"=<>(),!|])+ ) )""",
    re.S | re.X,
)
# Segmenters.conf.spec, the defaults of MAJOR and MINOR.
_MAJOR = re.escape("[]<>(){}|!;,'\"*\n\r \t&?+")
_MINOR = re.escape("/:=@.-$#%\\_")


class Events:
    """Some events, by the values of their fields."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.all = frozenset(range(len(rows)))
        self._by_value: dict[str, dict[str, set[int]]] = {}

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names of all fields."""
        return frozenset(name for row in self.rows for name in row)

    def whose(self, field: str, fits: Callable[[str], bool]) -> frozenset[int]:
        """Return the events that have a value of *field* that *fits*."""
        if field not in self._by_value:
            values = self._by_value[field] = {}
            for place, row in enumerate(self.rows):
                for value in several(row.get(field)):
                    values.setdefault(value, set()).add(place)
        return frozenset().union(*(places for value, places in self._by_value[field].items() if fits(value)))


class Predicate:
    """A predicate, read: the fields that it names, and the events that it keeps."""

    def __init__(self, text: str) -> None:
        self.fields: set[str] = set()
        self._tokens: list[tuple[str, str]] = []
        place, end = 0, len(text.rstrip())
        while place < end:
            match = _TOKEN.match(text, place)
            if match is None:
                raise ValueError(f"no token at {text[place:]!r}")
            place, kind = match.end(), match.lastgroup or ""
            if kind == "inner":
                self._tokens.append((match["fixed"], match["inner"].strip('"')))
            else:
                self._tokens.append((kind, re.sub(r'\\(["\\])', r"\1", match[kind])))
        self.kept = self._all()
        assert not self._tokens, f"left over: {self._tokens}"

    def _next(self, kind: str, value: str) -> bool:
        """Whether the next token is this one; it is taken if so."""
        if self._tokens[:1] != [(kind, value)]:
            return False
        del self._tokens[0]
        return True

    def _all(self) -> _Kept:
        parts: list[_Kept] = []
        while self._tokens and self._tokens[0] != ("op", ")"):
            parts.append(self._any())
            self._next("word", "AND")
        return lambda events: events.all.intersection(*(part(events) for part in parts))

    def _any(self) -> _Kept:
        parts = [self._not()]
        while self._next("word", "OR"):
            parts.append(self._not())
        return lambda events: frozenset().union(*(part(events) for part in parts))

    def _not(self) -> _Kept:
        if self._next("word", "NOT"):
            part = self._not()
            return lambda events: events.all - part(events)
        if self._next("op", "("):
            part = self._all()
            assert self._next("op", ")"), "an open bracket"
            return part
        return self._one()

    def _one(self) -> _Kept:
        kind, name = self._tokens.pop(0)
        assert kind != "op", f"{name} is no term"
        if self._tokens and self._tokens[0][0] == "op" and self._tokens[0][1] not in "(),":
            op, (_, wanted) = self._tokens.pop(0)[1], self._tokens.pop(0)
            return self._compared(name, op, [wanted])
        if self._tokens[:2] == [("word", "IN"), ("op", "(")]:
            del self._tokens[:2]
            values = []
            while not self._next("op", ")"):
                if not self._next("op", ","):
                    values.append(self._tokens.pop(0)[1])
            return self._compared(name, "=", values)
        pattern = _in_raw(name, kind)
        return lambda events: events.whose("_raw", lambda raw: pattern.search(raw) is not None)

    def _compared(self, field: str, op: str, wanted: Collection[str]) -> _Kept:
        """An event without the field is not kept, whatever the comparison."""
        self.fields.add(field)
        return lambda events: events.whose(field, lambda value: any(compares(value, op, one) for one in wanted))


_Kept = Callable[[Events], frozenset[int]]


@cache
def _in_raw(written: str, kind: str) -> re.Pattern[str]:
    """Return the pattern of a term: it begins and ends at a breaker, unless a star says that it goes on.

    For TERM only major breakers count (Search Manual, "Use CASE() and TERM() to match phrases").
    """
    breakers = _MAJOR if kind == "TERM" else _MAJOR + _MINOR
    inner = ".*".join(map(re.escape, written.split("*")))
    return re.compile(f"(?<![^{breakers}]){inner}(?![^{breakers}])", re.S | (0 if kind == "CASE" else re.I))
