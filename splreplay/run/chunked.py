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
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from splreplay import interrupt, limits
from splreplay.errors import DataError, UsageError
from splreplay.sql.values import Value

CHUNK_ROWS = 10_000
_HEADER = re.compile(rb"chunked 1\.0,(\d{1,10}),(\d{1,10})\n")
_HEADER_BYTES = 100
_TOLD_BYTES = 4096  # of what a command says last on standard error
_TOLD_CHARACTERS = 1000  # of one of its messages
csv.field_size_limit(sys.maxsize)


@dataclass
class Answer:
    """What a command made of its input: the fields in order, the rows, and its messages to the user, each behind its level."""

    fields: list[str] = field(default_factory=list)
    rows: list[dict[str, Value | None]] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)


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
        try:
            # In a session of its own, so that the processes that it starts can be ended with it.
            self._child = subprocess.Popen(
                process,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise DataError(f"the command {name} could not be started: {error}", process[0]) from error
        assert self._child.stdin and self._child.stdout and self._child.stderr
        self._stdin, self._stdout = self._child.stdin, self._child.stdout
        self._errors = _Last(self._child.stderr)
        interrupt.broken_off(self.kill)

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
        # Splunk waits for ever, unless its commands.conf has `maxwait`.
        late = time.monotonic() + limits.COMMAND_S
        timer = threading.Timer(limits.COMMAND_S, self.kill)
        timer.daemon = True
        timer.start()
        info = {**search_info, "command": self._name, "args": list(arguments), "raw_args": list(arguments)}
        try:
            answer = self._talk(info, fields, rows)
            self._hang_up()
            return answer
        except DataError as error:
            claim = str(error)
            if time.monotonic() >= late:
                claim = f"{self._name} had not answered after {limits.COMMAND_S} seconds, so replay ended it"
            self.end()
            raise DataError(claim, remedy=self._errors.line()) from error
        finally:
            timer.cancel()
            self.end()

    def end(self) -> None:
        """End the process, unless it has come to its end; a second time does nothing."""
        self.kill()
        self._hang_up()

    def kill(self) -> None:
        """Kill the process and those that it started, unless its end was waited for."""
        if self._child.returncode is not None:  # its number may be another's
            return
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # all have ended
                os.killpg(self._child.pid, signal.SIGKILL)
        self._child.kill()

    def _hang_up(self) -> None:
        """Close the conversation, and wait for the end of the process."""
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._child.wait()

    def _talk(self, info: Mapping[str, Any], fields: Sequence[str], rows: Sequence[Mapping[str, Value]]) -> Answer:
        answer = Answer()
        bytes_left, values_left = limits.COMMAND_BYTES, limits.COMMAND_VALUES
        self._send({"action": "getinfo", "preview": False, "searchinfo": info}, b"")
        bytes_left -= len(self._receive(answer, bytes_left, UsageError))
        chunks = [rows[place : place + CHUNK_ROWS] for place in range(0, len(rows), CHUNK_ROWS)] or [()]
        for number, chunk in enumerate(chunks, start=1):
            self._send({"action": "execute", "finished": number == len(chunks)}, encode(fields, chunk))
            body = self._receive(answer, bytes_left)
            names, answered = decode(body, self._name, values_left)
            bytes_left -= len(body)
            values_left -= len(names) * len(answered)
            answer.fields = list(dict.fromkeys([*answer.fields, *names]))
            answer.rows += answered
        return answer

    def _send(self, metadata: Mapping[str, Any], body: bytes) -> None:
        encoded = json.dumps(metadata).encode()
        with contextlib.suppress(BrokenPipeError):  # what it answers, or that it does not, tells more
            self._stdin.write(b"chunked 1.0,%d,%d\n" % (len(encoded), len(body)) + encoded + body)
            self._stdin.flush()

    def _receive(self, answer: Answer, most: int, reported: type[UsageError] | type[DataError] = DataError) -> bytes:
        """Return the body of an answer, of at most so many bytes, and add its messages to *answer*."""
        name = self._name
        line = self._stdout.readline(_HEADER_BYTES)
        match = _HEADER.fullmatch(line)
        if match is None:
            problem = f"{name} answered {line[:60]!r}, not a chunk" if line else f"{name} ended without an answer"
            raise DataError(problem)
        metadata_size, body_size = map(int, match.groups())
        if metadata_size > limits.COMMAND_METADATA_BYTES or body_size > most:
            raise DataError(
                f"{name} announced an answer of {metadata_size:,} and {body_size:,} bytes; replay reads at most "
                f"{limits.COMMAND_METADATA_BYTES:,} of metadata, and {limits.COMMAND_BYTES:,} of results in all"
            )
        raw = self._stdout.read(metadata_size)
        body = self._stdout.read(body_size)
        if len(raw) < metadata_size or len(body) < body_size:
            raise DataError(f"{name} ended in the middle of an answer")
        try:
            metadata = json.loads(raw)
            messages = [
                (str(level), str(text)[:_TOLD_CHARACTERS])
                for level, text in (metadata.get("inspector") or {}).get("messages") or []
            ]
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise DataError(f"{name} answered metadata that replay cannot read: {error}") from error
        problems = [text for level, text in messages if level in ("ERROR", "FATAL")]
        if problems or "error" in metadata:
            raise reported(f"{name}: {'; '.join(problems[:3]) or str(metadata['error'])[:_TOLD_CHARACTERS]}")
        answer.messages += messages[: limits.COMMAND_MESSAGES - len(answer.messages)]
        return body


class _Last(threading.Thread):
    """What a process says last on standard error, where it may say things without end.

    Args:
        pipe: Its standard error.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._said = b""
        self.start()

    def run(self) -> None:
        """Read until the process ends."""
        with self._pipe:
            while piece := os.read(self._pipe.fileno(), 1 << 16):
                self._said = (self._said + piece)[-_TOLD_BYTES:]

    def line(self) -> str:
        """Return its last line, once it has ended."""
        self.join(1)  # not for ever, if a process that it started goes on
        return "".join(self._said.decode("utf-8", "replace").strip().splitlines()[-1:])


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


def decode(
    body: bytes, name: str, most: int = limits.COMMAND_VALUES
) -> tuple[list[str], list[dict[str, Value | None]]]:
    """Return the fields and rows of a chunk's CSV body; DataError for one that is not such a body.

    Args:
        body: The body.
        name: The command's name.
        most: How many values it may have.
    """
    # Not as one text, whose characters may take four bytes each.
    records = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline=""), strict=True)
    rows: list[dict[str, Value | None]] = []
    try:
        header = next(records, [])
        fields = [one for one in header if not one.startswith("__mv_")]
        if len(header) > limits.COMMAND_FIELDS:
            raise DataError(f"{name} answered {len(header):,} fields; replay takes {limits.COMMAND_FIELDS:,}")
        for record in records:
            if len(record) != len(header):
                raise DataError(f"{name} answered a row of {len(record)} cells under {len(header)} fields")
            if (len(rows) + 1) * max(1, len(fields)) > most:
                raise DataError(f"{name} answered more than {limits.COMMAND_VALUES:,} values in all")
            row = dict(zip(header, record, strict=True))
            rows.append({one: _split(row.get(f"__mv_{one}", "")) or row[one] or None for one in fields})
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name} answered a body that is not CSV: {error}") from error
    return fields, rows


# Nothing is given back (`++`, `*+`), and the values are taken one behind the other: an attacker's `$$$…` takes no longer.
_ONE_VALUE = re.compile(r"\$((?:[^$]++|\$\$)*+)\$(?:;|$)")


def _split(encoded: str) -> list[str] | None:
    """Return the values of an `__mv_` cell, None for an empty one, and for one that does not begin with a value."""
    values: list[str] = []
    place = 0
    while match := _ONE_VALUE.match(encoded, place):
        values.append(match[1].replace("$$", "$"))
        place = match.end()
    return values or None
