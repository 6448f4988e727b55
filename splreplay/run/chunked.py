r"""Splunk's side of the chunked protocol, version 2: feed results to a custom command and read what it answers.

A message is a line `chunked 1.0,<metadata bytes>,<body bytes>\n`, then JSON metadata, then a CSV body. `getinfo` comes first,
then the results in chunks; each message gets one answer. A field with several values travels twice: joined by line breaks in
its own column, and as `$a$;$b$`, every `$` inside doubled, in the column `__mv_<field>`.

Source: FACTS of the protocol as splunklib 2.1.1 speaks it (splunklib/searchcommands/internals.py).
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from splreplay import limits
from splreplay.errors import DataError, UsageError
from splreplay.sql.values import Value

CHUNK_ROWS = 10_000
_HEADER = re.compile(rb"chunked 1\.0,(\d{1,10}),(\d{1,10})\n")
csv.field_size_limit(sys.maxsize)


@dataclass
class Answer:
    """What a command made of its input: the fields in order, the rows, and its messages to the user."""

    fields: list[str] = field(default_factory=list)
    rows: list[dict[str, Value | None]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


class Command:
    """A custom command, its process started: an interpreter takes as long to be ready as many a search.

    Args:
        process: The command line.
        name: The command's name.

    Raises:
        DataError: It cannot be started.
    """

    def __init__(self, process: Sequence[str], name: str) -> None:
        self._name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - `end` closes it
        try:
            self._child = subprocess.Popen(process, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        except OSError as error:
            self._errors.close()
            raise DataError(f"the command {name} could not be started: {error}", process[0]) from error

    def call(
        self,
        arguments: Sequence[str],
        fields: Sequence[str],
        rows: Sequence[Mapping[str, Value]],
        search_info: Mapping[str, Any],
    ) -> Answer:
        """Return what the command answers for *rows*, once.

        Args:
            arguments: Its arguments, as the search has them.
            fields: The fields of the rows, in order.
            rows: The results to feed.
            search_info: What getinfo tells about the search (sid, earliest_time, …).

        Raises:
            UsageError: If the command refuses its arguments, as Splunk shows it when a search is parsed.
            DataError: If the command reports another error, dies, or breaks the protocol.
        """
        child, name = self._child, self._name
        try:
            assert child.stdin is not None and child.stdout is not None
            with _time_limit(child, name):
                answer = _talk(child.stdin, child.stdout, name, arguments, fields, rows, search_info)
                _close(child.stdin)
                child.wait()
            return answer
        except (OSError, DataError) as error:
            child.kill()
            child.wait()
            self._errors.seek(0)
            last = self._errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            message = (
                str(error) if isinstance(error, DataError) else f"{name} closed its pipe before it had read everything"
            )
            raise DataError(message, remedy="".join(last)) from error
        finally:
            self.end()

    def end(self) -> None:
        """End the process, unless it has come to its end; a second time does nothing."""
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                _close(pipe)
        self._child.wait()
        self._errors.close()


@contextlib.contextmanager
def _time_limit(child: subprocess.Popen[bytes], name: str) -> Iterator[None]:
    """End a command that does not come to its end; Splunk waits for ever, unless its commands.conf has `maxwait`."""
    expired = threading.Event()

    def end() -> None:
        expired.set()
        child.kill()

    timer = threading.Timer(limits.COMMAND_S, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, DataError) as error:
        if not expired.is_set():
            raise
        raise DataError(f"{name} had not answered after {limits.COMMAND_S} seconds, so replay ended it") from error
    finally:
        timer.cancel()


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):
        pipe.close()


def _talk(
    stdin: IO[bytes],
    stdout: IO[bytes],
    name: str,
    arguments: Sequence[str],
    fields: Sequence[str],
    rows: Sequence[Mapping[str, Value]],
    search_info: Mapping[str, Any],
) -> Answer:
    answer = Answer()
    info = {**search_info, "command": name, "args": list(arguments), "raw_args": list(arguments)}
    _send(stdin, {"action": "getinfo", "preview": False, "searchinfo": info}, b"")
    _receive(stdout, name, answer, UsageError)
    chunks = [rows[place : place + CHUNK_ROWS] for place in range(0, len(rows), CHUNK_ROWS)] or [()]
    for number, chunk in enumerate(chunks, start=1):
        _send(stdin, {"action": "execute", "finished": number == len(chunks)}, encode(fields, chunk))
        body = _receive(stdout, name, answer)
        names, answered = decode(body, name)
        answer.fields += [column for column in names if column not in answer.fields]
        answer.rows += answered
    return answer


def _send(stdin: IO[bytes], metadata: Mapping[str, Any], body: bytes) -> None:
    encoded = json.dumps(metadata).encode()
    stdin.write(b"chunked 1.0,%d,%d\n" % (len(encoded), len(body)) + encoded + body)
    stdin.flush()


def _receive(
    stdout: IO[bytes], name: str, answer: Answer, reported: type[UsageError] | type[DataError] = DataError
) -> bytes:
    line = stdout.readline()
    match = _HEADER.fullmatch(line)
    if match is None:
        problem = f"{name} answered {line[:60]!r}, not a chunk" if line else f"{name} ended without an answer"
        raise DataError(problem)
    metadata_size, body_size = map(int, match.groups())
    raw = stdout.read(metadata_size)
    body = stdout.read(body_size)
    if len(raw) < metadata_size or len(body) < body_size:
        raise DataError(f"{name} ended in the middle of an answer")
    try:
        metadata = json.loads(raw)
        messages = [(level, str(text)) for level, text in (metadata.get("inspector") or {}).get("messages") or []]
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{name} answered metadata that replay cannot read: {error}") from error
    problems = [text for level, text in messages if level in ("ERROR", "FATAL")]
    if problems or "error" in metadata:
        raise reported(f"{name}: {'; '.join(problems) or metadata['error']}")
    answer.messages += [text for _, text in messages]
    return body


def encode(fields: Sequence[str], rows: Sequence[Mapping[str, Value]]) -> bytes:
    """Return *rows* as the CSV body of a chunk: all fields, then all `__mv_` columns; empty where there is nothing to send."""
    if not rows:
        return b""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([*fields, *(f"__mv_{name}" for name in fields)])
    for row in rows:
        values = [row.get(name, "") for name in fields]
        joined = ["\n".join(value) if isinstance(value, list) else value for value in values]
        writer.writerow([*joined, *(_multivalue(value) for value in values)])
    return out.getvalue().encode("utf-8", "replace")


def _multivalue(value: Value) -> str:
    return ";".join(f"${part.replace('$', '$$')}$" for part in value) if isinstance(value, list) else ""


def decode(body: bytes, name: str) -> tuple[list[str], list[dict[str, Value | None]]]:
    """Return the fields and rows of a chunk's CSV body; DataError for one that is not such a body."""
    try:
        records = list(csv.reader(io.StringIO(body.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name} answered a body that is not CSV: {error}") from error
    if not records:
        return [], []
    header, *cells = records
    fields = [column for column in header if not column.startswith("__mv_")]
    rows: list[dict[str, Value | None]] = []
    for record in cells:
        if len(record) != len(header):
            raise DataError(f"{name} answered a row of {len(record)} cells under {len(header)} fields")
        row = dict(zip(header, record, strict=True))
        rows.append({column: _split(row.get(f"__mv_{column}", "")) or row[column] or None for column in fields})
    return fields, rows


_ONE_VALUE = re.compile(r"\$((?:[^$]|\$\$)*)\$(?:;|$)")


def _split(encoded: str) -> list[str] | None:
    """Return the values of an `__mv_` cell, None for an empty one."""
    return [value.replace("$$", "$") for value in _ONE_VALUE.findall(encoded)] or None
