"""What is known of the events that were read. It is asked of the database once, however many searches run over them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import duckdb

from splreplay import interrupt
from splreplay.logs.report import EventKind

T = TypeVar("T")


class Facts:
    """What is known of the view `event` of a database, which does not change any more."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take a database that has the view `event`; nothing is asked yet."""
        self._cursor = interrupt.stoppable(connection.cursor())
        self._known: dict[Hashable, Any] = {}

    def once(self, what: Hashable, ask: Callable[[], T]) -> T:
        """Return the answer of *ask*, which is called the first time that *what* is asked for."""
        if what not in self._known:
            self._known[what] = ask()
        known: T = self._known[what]
        return known

    @property
    def kinds(self) -> list[EventKind]:
        """The kinds of the events, in order."""
        return self.once("kinds", lambda: self.all("SELECT DISTINCT provider, event_id FROM event ORDER BY ALL"))

    @property
    def places(self) -> list[tuple[str, int, str]]:
        """The kinds of the events, each with a channel of theirs."""
        return self.once(
            "places", lambda: self.all("SELECT DISTINCT provider, event_id, channel FROM event ORDER BY ALL")
        )

    @property
    def moments(self) -> tuple[float, float] | None:
        """The times of the first and the last event, in epoch seconds; None where there are none."""
        [(first, last)] = self.once("moments", lambda: self.all("SELECT min(time), max(time) FROM event"))
        return None if first is None else (first, last)

    @property
    def columns(self) -> list[str]:
        """The columns of `event`."""
        return [
            name for (name,) in self.once("columns", lambda: self.all("SELECT name FROM pragma_table_info('event')"))
        ]

    def all(self, query: str) -> list[Any]:
        """Return the rows of a query."""
        return self._cursor.execute(query).fetchall()
