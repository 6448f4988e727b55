"""The records of an .evtx file, decoded to XML, and the problems of its chunks.

Source of the format: libyal/libevtx, documentation/Windows XML Event Log (EVTX).asciidoc.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO, NamedTuple

from splreplay.errors import DataError
from splreplay.logs.formats.evtx import decoder
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent

# From this size on, a process of its own decodes a file.
PROCESS_BYTES = 16 << 20
# The largest pipe that Linux allows to all users, so that the two processes wait for each other less often.
PIPE_BYTES = 1 << 20

# A file has a header and whole chunks; each chunk has a header of its own, with checksums.
HEADER_BYTES, CHUNK_BYTES, CHUNK_HEADER_BYTES = 4096, 65536, 512
CHUNK_MAGIC = b"ElfChnk\0"
# The flag of the file's header by which chunks have no checksums.
NO_CHECKSUMS = 0x4


class Records(NamedTuple):
    """Consecutive records.

    Args:
        first: The number of the first one in the file, from 1.
        text: Their XML as the package writes it, one after the other.
        ends: Where in the text each of them ends.
    """

    first: int
    text: bytes
    ends: list[int]


def records(log: Log) -> Iterator[Records | BadEvent]:
    """Yield the records of a file and its problems, those of the chunks first; a thread checks the chunks meanwhile."""
    with tempfile.NamedTemporaryFile(suffix=".evtx") as spool, ThreadPoolExecutor(1) as pool:
        path = _whole_chunks(log, spool)
        chunks = pool.submit(list, _chunks(path))
        bad_chunks = _bad(chunks)
        number = decoded = 0
        try:
            for piece in decoder.pieces(path) if os.path.getsize(path) < PROCESS_BYTES else _decoded(path):
                if piece.ends:
                    yield Records(number + 1, piece.text, piece.ends)
                number += len(piece.ends)
                decoded += len(piece.ends)
                if piece.error is not None:
                    number += 1
                    yield from bad_chunks
                    yield BadEvent(f"record {number}", piece.error)
        except (RuntimeError, OSError) as error:
            raise DataError(f"this .evtx file cannot be read: {error}", log.path) from None
        yield from bad_chunks
        expected = sum(item for item in chunks.result() if isinstance(item, int))
        if decoded < expected:
            lost = f"{expected - decoded:,} of the {expected:,} records that the chunks announce cannot be read"
            yield BadEvent("end", lost)


def _decoded(path: str) -> Iterator[decoder.Piece]:
    """Decode a file as decoder.pieces does, in a process of its own; if that ends early, the rest is decoded here."""
    # -P: the script imports nothing that lies beside it.
    command = [sys.executable, "-P", decoder.__file__, path]
    passed_on = 0
    with (
        suppress(OSError, ValueError, TypeError),  # the process cannot be started, or its output is something else
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pipesize=PIPE_BYTES) as process,
    ):
        try:
            assert process.stdout is not None
            while (line := process.stdout.readline()) != decoder.END:
                ends, error = json.loads(line)
                size = ends[-1] if ends else 0
                text = process.stdout.read(size)
                if len(text) < size:
                    break
                yield decoder.Piece(text, ends, error)
                passed_on += len(ends) + (error is not None)
            else:
                return
        finally:
            process.kill()
    yield from decoder.pieces(path, passed_on)


def _bad(chunks: Future[list[BadEvent | int]]) -> Iterator[BadEvent]:
    yield from (item for item in chunks.result() if isinstance(item, BadEvent))


def _chunks(path: str) -> Iterator[BadEvent | int]:
    """Yield how many records each chunk announces, and its problems, many of which `evtx` ignores."""
    with open(path, "rb") as file:
        checked = not file.read(HEADER_BYTES).ljust(HEADER_BYTES, b"\0")[120] & NO_CHECKSUMS
        offset = HEADER_BYTES
        empty = 0
        while chunk := file.read(CHUNK_BYTES):
            place = f"chunk at offset {offset}"
            header = chunk[:CHUNK_HEADER_BYTES].ljust(CHUNK_HEADER_BYTES, b"\0")
            if not any(header):
                empty = empty or offset
            elif not header.startswith(CHUNK_MAGIC):
                yield BadEvent(place, "this is not the header of a chunk: its events are lost")
            else:
                first, last, _, _, _, _, free, sum_of_records = struct.unpack_from("<4Q4I", header, 8)
                if checked and zlib.crc32(header[:120] + header[128:]) != struct.unpack_from("<I", header, 124)[0]:
                    yield BadEvent(place, "the checksum of its header is wrong: events may be lost or changed")
                elif checked and zlib.crc32(chunk[CHUNK_HEADER_BYTES:free]) != sum_of_records:
                    yield BadEvent(place, "the checksum of its records is wrong: events may be lost or changed")
                elif 0 <= last - first < CHUNK_BYTES:  # the last number of an empty chunk is -1
                    yield last - first + 1
                if empty:
                    yield BadEvent(f"chunk at offset {empty}", "it is empty though a later one is not")
                    empty = 0
            offset += len(chunk)


def _whole_chunks(log: Log, spool: IO[bytes]) -> str:
    """Return the path of a file of whole chunks, which is a copy in *spool* if the log itself is not such a file."""
    if log.file and (os.path.getsize(log.file) - HEADER_BYTES) % CHUNK_BYTES == 0:
        return log.file
    spool.writelines(log.blocks)
    missing = -(spool.tell() - HEADER_BYTES) % CHUNK_BYTES
    if missing:
        # The package would silently skip an incomplete chunk, also the whole records in it.
        spool.write(bytes(missing))
        log.flaw = log.flaw or "the file ends within a chunk: copy it again, what follows is lost"
    spool.flush()
    return spool.name
