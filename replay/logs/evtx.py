"""Native .evtx files: the `evtx` package decodes each record to XML, which is then read as any other."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any

from evtx import PyEvtxParser

from replay.errors import DataError
from replay.logs.events import Item, Row, UnreadableEventError, batches
from replay.logs.opening import Log
from replay.logs.report import BadEvent
from replay.logs.xml import Parser

# `evtx` writes GUIDs without the braces that Windows shows, and no such GUID would match one of another log.
GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

# A file is a header and whole chunks. Source: libyal/libevtx, documentation of the format.
HEADER_BYTES, CHUNK_BYTES = 4096, 65536


def read(log: Log, fields: Sequence[str]) -> Iterator[Item]:
    """Read a log; raises DataError where it is no .evtx file after all."""
    return batches(_rows(log, fields), fields)


def _rows(log: Log, fields: Sequence[str]) -> Iterator[Row | BadEvent]:
    parser = Parser(fields)
    with tempfile.NamedTemporaryFile(suffix=".evtx") as spool:
        try:
            # Indenting would fill empty elements with white space.
            records: Iterator[Any] = PyEvtxParser(_whole_chunks(log, spool), indent=False).records()
        except (RuntimeError, OSError) as error:
            raise DataError(f"this .evtx file cannot be read: {error}", log.path) from None
        number = 0
        while True:
            number += 1
            try:
                record = next(records)
                row = parser.row(record["data"].encode())
            except StopIteration:
                return
            except (RuntimeError, UnreadableEventError) as error:
                yield BadEvent(f"record {number}", str(error))
            else:
                yield *row[:5], *(f"{{{value}}}" if _bare_guid(value) else value for value in row[5:])


def _whole_chunks(log: Log, spool: IO[bytes]) -> str:
    """Return the path of a file that the package can seek in, copied to *spool* where the log is none."""
    if log.file and (os.path.getsize(log.file) - HEADER_BYTES) % CHUNK_BYTES == 0:
        return log.file
    spool.writelines(log.blocks)
    missing = -(spool.tell() - HEADER_BYTES) % CHUNK_BYTES
    if missing:
        # The package would pass over a chunk that is cut short, its whole records and all, without a word.
        spool.write(bytes(missing))
        log.flaw = log.flaw or "the file ends within a chunk: copy it again, what follows is lost"
    spool.flush()
    return spool.name


def _bare_guid(value: object) -> bool:
    return isinstance(value, str) and GUID.fullmatch(value) is not None
