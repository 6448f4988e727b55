"""Cuts JSON that is not one record a line into its records: arrays, records over several lines, answers that hold records.

What is cut is found by its brackets, with strings passed over, so memory holds one block and one record of a text of any size.
"""

from __future__ import annotations

import codecs
import re
import string
from collections.abc import Iterator

from splreplay.logs import opening
from splreplay.logs.formats.json.forms.envelopes import MANY
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent

# What may be around a record: white space, the byte order mark where files were joined, the zeros of a file that was not
# completely written. A JSON object neither begins nor ends with any of them.
PADDING = string.whitespace.encode() + codecs.BOM_UTF8 + b"\0"

# Up to the next bracket outside of a string. Possessive, as nothing before a bracket may be read in another way.
BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{}])', re.DOTALL)
# The key of the value that begins with a bracket.
KEY = re.compile(rb'"([^"\\]{1,20})"\s*:\s*[\[{]\Z')
OPEN = b"[{"
PAIRS = {b"}": b"{", b"]": b"["}
# Deeper text is no event, and no answer that holds events.
MAX_DEPTH = 200


def records(log: Log) -> Iterator[bytes | BadEvent]:
    """Yield the text of each record of a log; last, what is wrong where the log ends, or what comes cannot be told apart."""
    cutter = _Cutter()
    for block in log.blocks:
        yield from cutter.cut(block)
        if cutter.flaw:
            break
    if seen := cutter.flaw or cutter.rest():
        yield BadEvent(f"record {cutter.count + 1}", seen)


class _Cutter:
    """What was read and not yet cut."""

    def __init__(self) -> None:
        self.count = 0
        self.flaw = ""
        self._text = b""
        self._at = 0  # where in the text the search goes on
        self._start: int | None = None  # of the record, in the text
        self._stack: list[tuple[bytes, bytes | None]] = []  # each open bracket, and the key of its value
        self._depth = 0  # at which the record began

    def rest(self) -> str:
        """Return what is wrong where the log ends, if anything is."""
        if self._stack:
            return "the log ends within it: what was whole before is kept"
        return "what follows is not JSON" if self._text[self._at :].strip(PADDING + b",") else ""

    def cut(self, block: bytes) -> Iterator[bytes]:
        """Yield the records that end in the next block."""
        begin = self._at if self._start is None else self._start
        self._text = self._text[begin:] + block
        self._at -= begin
        self._start = None if self._start is None else 0
        while match := BRACKET.match(self._text, self._at):
            bracket, self._at = match[1], match.end()
            if bracket in OPEN:
                self._opened(bracket, match)
                if len(self._stack) > MAX_DEPTH:
                    self.flaw = f"its brackets nest deeper than {MAX_DEPTH}: what follows is lost"
            elif not self._stack or self._stack.pop()[0] != PAIRS[bracket]:
                self.flaw = f"{bracket.decode()} closes nothing: what follows is lost"
            elif self._start is not None and len(self._stack) == self._depth:
                self.count += 1
                yield self._text[self._start : self._at]
                self._start = None
            if self.flaw:
                return
        if len(self._text) - (self._at if self._start is None else self._start) > opening.MAX_EVENT_BYTES:
            self.flaw = f"it is larger than {opening.MAX_EVENT_BYTES >> 20} MB: what follows is lost"

    def _opened(self, bracket: bytes, match: re.Match[bytes]) -> None:
        key = KEY.search(self._text, max(match.start(), match.end() - 60), match.end())
        self._stack.append((bracket, key[1] if key else None))
        path = tuple(name.decode("latin-1") if name else "" for _, name in self._stack[1:])
        if bracket == b"[":
            return
        # What began as a record is an answer that holds records, if one begins where they stand in it.
        inside = path[:-1] in MANY and (self._start is None or self._depth == 0)
        if inside or (self._start is None and all(outer == b"[" for outer, _ in self._stack[:-1])):
            self._start, self._depth = self._at - 1, len(self._stack) - 1
