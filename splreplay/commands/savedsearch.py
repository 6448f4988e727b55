"""savedsearch: run a saved search of the app."""

from __future__ import annotations

from dataclasses import dataclass

from splreplay import limits
from splreplay.errors import UnsupportedError
from splreplay.run.command import Cursor, Reads, Run, Segment, Source, Table
from splreplay.run.execute import nested


@dataclass(frozen=True)
class SavedSearch(Source):
    """`savedsearch name [token=value …]`: `$token$` in the saved search is replaced by the value."""

    searches_events = True

    name: str
    tokens: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> SavedSearch:
        name = cursor.name("the name of a saved search")
        tokens: list[tuple[str, str]] = []
        while cursor.here.kind == "word":
            token = cursor.take().value
            cursor.expect_op("=")
            tokens.append((token, cursor.name("a value")))
        return cls(segment, name, tuple(tokens))

    @property
    def reads_raw(self) -> bool:
        """True: the search that it runs is not in the text."""
        return True

    def reads(self, first: bool) -> Reads:
        """Return None, any field: the search that it runs is not in the text."""
        return None

    def start(self, run: Run) -> Table:
        """Return the results of the saved search, as it stands in the app.

        Raises:
            UsageError: If the app has no such saved search.
            UnsupportedError: If it is disabled or has several lines, which Splunk does not run, or if it runs itself.
        """
        saved = run.app.saved_search(self.name)
        if saved.disabled:
            raise UnsupportedError(
                f"the saved search {self.name!r} is disabled, and Splunk does not run a disabled one",
                "run its enabled twin (… - Hunt), or name it with --search",
            )
        if "\n" in saved.search:
            raise UnsupportedError(
                f"the saved search {self.name!r} has several lines, and Splunk's savedsearch fails on such a one",
                "write it on one line, or name it with --search",
            )
        if run.depth >= limits.SUBSEARCH_DEPTH:
            raise UnsupportedError(f"the saved search {self.name!r} runs itself")
        text = saved.search
        for token, value in self.tokens:
            text = text.replace(f"${token}$", value)
        return nested(self.segment.parser.search(text), run)
