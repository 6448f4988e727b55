"""Decode the records of an .evtx file; as a script, in a process of its own.

The package that decodes does not release the interpreter, so this process could do nothing else meanwhile. The script writes,
for each Piece, a line of JSON, [ends, error], and then its text; after the last one it writes END.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from evtx import PyEvtxParser

PROLOG = '<?xml version="1.0" encoding="utf-8"?>\n'
PIECE_BYTES = 8 << 20
END = b'"the end"\n'


class Piece(NamedTuple):
    """Consecutive records, as the package writes them.

    Args:
        text: Their XML in UTF-8, one after the other.
        ends: Where in the text each of them ends.
        error: Why the record after them cannot be decoded; None if there is no such record.
    """

    text: bytes
    ends: list[int]
    error: str | None


def pieces(path: str, start: int = 0) -> Iterator[Piece]:
    """Decode a file of whole chunks from record number *start* on; RuntimeError or OSError if it is not an .evtx file."""
    # Indentation would put white space into empty elements.
    records: Iterator[Any] = PyEvtxParser(path, indent=False).records()
    texts: list[bytes] = []
    size = 0
    for place in itertools.count():
        error = None
        try:
            text = next(records)["data"].removeprefix(PROLOG).encode()
        except StopIteration:
            break
        except RuntimeError as refused:
            error = str(refused)
        else:
            texts.append(text)
            size += len(text)
        if place < start:
            texts, size = [], 0
        elif error is not None or size > PIECE_BYTES:
            yield _piece(texts, error)
            texts, size = [], 0
    if texts:
        yield _piece(texts, None)


def _piece(texts: list[bytes], error: str | None) -> Piece:
    return Piece(b"".join(texts), list(itertools.accumulate(map(len, texts))), error)


def write(path: str, out: IO[bytes]) -> None:
    """Write the pieces of a file."""
    for text, ends, error in pieces(path):
        out.write(json.dumps([ends, error]).encode() + b"\n" + text)
    out.write(END)


if __name__ == "__main__":
    # sys.stdout of an interpreter that does not buffer may write a part only; this file writes everything.
    with open(1, "wb") as output:
        write(sys.argv[1], output)
