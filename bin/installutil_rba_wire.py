"""
A frame of Splunk's chunked protocol, version 2: a header with two lengths, JSON metadata, a CSV body.

splunklib's own reader takes a truncated body for a whole one, replaces bytes that are not UTF-8, and
reserves whatever the header promises. Here a frame is read exactly as announced or refused, and bytes come
back unchanged.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from typing import IO, Any, BinaryIO

_HEADER = re.compile(rb"chunked\s+1\.0\s*,\s*(\d{1,12})\s*,\s*(\d{1,12})\s*\n")
_HEADER_LIMIT = 100  # bytes; anything longer is not a header
_PIECE = 16 * 1024 * 1024  # bytes; a false length makes us reserve no more than this at once
_COPIED = 1024 * 1024  # bytes of a body that are copied at a time
_IN_MEMORY = 64 * 1024 * 1024  # bytes of a reply's body; a longer one waits on disk until its length is known


class ProtocolError(Exception):
    """What came does not follow the protocol; the text can be shown to the analyst."""


class SpoolError(Exception):
    """There is no room for an answer; the text can be shown to the analyst."""


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], str] | None:
    """
    Return the next frame's metadata and body, or None if the stream ends between two frames.

    Bytes of the body that are not UTF-8 become lone surrogates, which `encoded` turns back into those bytes.

    Raises:
        ProtocolError: The header is malformed, the frame ends early, or its metadata is not a JSON object.
    """
    header = stream.readline(_HEADER_LIMIT)
    if not header:
        return None
    match = _HEADER.fullmatch(header)
    if match is None:
        raise ProtocolError(f"expected a header 'chunked 1.0,<length>,<length>', found {header!r}")
    text = _read_exactly(stream, int(match[1]), "metadata")
    body = _read_exactly(stream, int(match[2]), "body")
    try:
        metadata = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"the metadata of a chunk is no JSON: {error}") from error
    if not isinstance(metadata, dict):
        raise ProtocolError("the metadata of a chunk is no JSON object")
    return metadata, body.decode("utf-8", "surrogateescape")


def spooled(texts: Iterable[str]) -> IO[bytes]:
    """
    Return a file of what *texts* make one after another; no more than _IN_MEMORY of it is in memory.

    Raises:
        SpoolError: The disk is full, or cannot be written.
    """
    body = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (write_frame closes it)
    for text in texts:
        try:
            body.write(encoded(text))
            body.flush()
        except OSError as error:
            raise SpoolError(
                f"no room for an answer in {tempfile.gettempdir()}: {error.strerror}; make some"
            ) from error
    return body


def write_frame(stream: BinaryIO, metadata: Mapping[str, Any], body: IO[bytes] | None = None) -> None:
    """Write a frame, and flush it: splunkd waits for one reply to each of its own."""
    head = json.dumps(metadata, separators=(",", ":")).encode("ascii")
    stream.write(b"chunked 1.0,%d,%d\n%b" % (len(head), body.tell() if body else 0, head))
    if body:
        with body:
            body.seek(0)
            shutil.copyfileobj(body, stream, _COPIED)
    stream.flush()


def encoded(text: str) -> bytes:
    """Return the bytes of text for a body; the lone surrogates of `read_frame` become the bytes that they were."""
    return text.encode("utf-8", "surrogateescape")


def _read_exactly(stream: BinaryIO, length: int, part: str) -> bytes:
    pieces = []
    missing = length
    while missing:
        piece = stream.read(min(missing, _PIECE))
        if not piece:
            raise ProtocolError(f"the {part} of a chunk ends {missing} bytes short of {length}")
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
