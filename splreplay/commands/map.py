"""map: run a search for each result, with the result's values in its text (Search Reference, "map")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from splreplay import limits
from splreplay.run.command import Cursor, Outputs, Pipeline, Reads, Run, Segment, Table, Transform, outputs, walk
from splreplay.run.execute import nested
from splreplay.spl.options import Convert, at_option, count, read_option
from splreplay.spl.tokens import end_of_quoted
from splreplay.sql.values import Value

MAX_SEARCHES = 10
_TOKEN = re.compile(r"\$([^$\s|\"\[\]]+)\$")
_PLAIN = re.compile(r"(?!(?i:and|or|xor|not|like|in|by|as|where)$)[\w.:/@{}-]+")  # one word, wherever it stands
_OPTIONS: dict[str, Convert] = {"maxsearches": count, "search": str}


@dataclass(frozen=True)
class Map(Transform):
    """`map search="…" [maxsearches=]`, or `map [search …]`: `$field$` in the search is the value of a field.

    Args:
        text: The search.
        example: The search with a word in the place of each value.
        maxsearches: For how many results it is run.
    """

    text: str
    example: Pipeline
    maxsearches: int = MAX_SEARCHES

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Map:
        """Read the search and the option, in any order.

        Raises:
            UnsupportedError: For a saved search.
        """
        text, maxsearches = None, MAX_SEARCHES
        while cursor.here.kind != "end":
            if at_option(cursor, _OPTIONS):
                name, value = read_option(cursor, _OPTIONS)
                text, maxsearches = (value, maxsearches) if name == "search" else (text, value)
            elif cursor.here.kind == "subsearch" and text is None:
                text = cursor.take().value
            else:
                saved = cursor.here.value
                cursor.refuse(
                    "replay's map runs no saved search", remedy=f'write: map search="…", with the text of {saved}'
                )
        if text is None:
            cursor.fail("map needs a search", remedy='write: map search="search field=$field$"')
        return cls(segment, text, segment.parser.filled(_filled(text, lambda name: "x")), maxsearches)

    @property
    def searches(self) -> tuple[Pipeline, ...]:
        """The search as it is with some values: which fields it names may depend on them."""
        return (self.example,)

    def reads(self, first: bool) -> Reads:
        """Return None, any field, where values may be the names of fields."""
        return None if _TOKEN.search(self.text) else {}

    def uses(self, needed: bool = False) -> Iterable[str]:
        return dict.fromkeys(_TOKEN.findall(self.text))

    def behind(self, before: Outputs) -> Outputs:
        return outputs(self.example)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results of all the searches, one behind the other.

        A value is one word or one quoted text in its search, whatever stands in it †: it comes from a log.

        Raises:
            UnsupportedError: If a result lacks a value or has several, or there are more searches than replay runs.
        """
        if not run.stages.makes:
            return nested(self.example, run)
        if rows.count > self.maxsearches:
            message = f"map ran {self.maxsearches:,} of {rows.count:,} searches, as maxsearches= says"
            run.say("limit", f"{message}; write maxsearches={rows.count}")
        if min(rows.count, self.maxsearches) > limits.MAP_SEARCHES:
            self.segment.refuse(
                f"replay's map runs at most {limits.MAP_SEARCHES:,} searches",
                f"put head {limits.MAP_SEARCHES} before it",
            )
        if run.depth >= limits.SUBSEARCH_DEPTH:
            self.segment.refuse(f"replay runs at most {limits.SUBSEARCH_DEPTH} searches inside each other")
        results = run.stages.fetch(run.stages.first(rows, self.maxsearches))
        tables = [nested(self._search(result), run) for result in results]
        return reduce(run.stages.union, tables, run.stages.store({}, f"FROM {rows.name} WHERE false"))

    def _search(self, result: Mapping[str, Value]) -> Pipeline:
        """Return the search for one result, which has the commands that the text has, whatever the values are."""
        search: Pipeline = self.segment.parser.filled(self._text(result))
        if _commands(search) != _commands(self.example):
            self.segment.refuse(
                "a value would change the commands of map's search", "take its quotes out before: replace(field, …)"
            )
        return search

    def _text(self, result: Mapping[str, Value]) -> str:
        def value(name: str) -> str:
            found = result.get(name)
            if found is None:
                self.segment.refuse(
                    f"map needs a value of {name}, which a result lacks", f"put before it: where isnotnull('{name}')"
                )
            if not isinstance(found, str):
                self.segment.refuse(
                    f"replay's map takes one value of {name}, not several", f"put mvexpand {name} before it"
                )
            return found

        return _filled(self.text, value)


def _commands(search: Pipeline) -> list[str]:
    return [position.command.segment.name for position in walk(search)]


def _filled(text: str, value: Callable[[str], str]) -> str:
    """Return the search *text* with values in the place of their names: escaped in quotes, and in quotes of their own outside."""
    parts: list[str] = []
    index = 0
    while index < len(text):
        if text[index] == '"':
            end = end_of_quoted(text, index)
            parts.append(_TOKEN.sub(lambda token: _escaped(value(token[1])), text[index:end]))
        elif token := _TOKEN.match(text, index):
            end = token.end()
            written = value(token[1])
            parts.append(written if _PLAIN.fullmatch(written) else f'"{_escaped(written)}"')
        else:
            end = index + 1
            parts.append(text[index])
        index = end
    return "".join(parts)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
