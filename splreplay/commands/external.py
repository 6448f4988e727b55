"""A custom command of the app: run as Splunk runs it, a process of its own that speaks the chunked protocol."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from splreplay.errors import DataError
from splreplay.run import Run, Table, chunked
from splreplay.spl.pipeline import Segment
from splreplay.spl.tokens import lex_arguments


@dataclass(frozen=True)
class External:
    """`name arguments`, for a command that the app's commands.conf declares."""

    segment: Segment = dataclasses.field(repr=False)
    arguments: tuple[str, ...]

    @classmethod
    def parse(cls, segment: Segment) -> External:
        """Cut the arguments as Splunk hands them over: at white space outside quotes, the quotes taken off."""
        words: list[str] = []
        last_end = -1
        for token in lex_arguments(segment.text, segment.start, segment.end):
            if token.start == last_end and words:
                words[-1] += token.value
            else:
                words.append(token.value)
            last_end = token.end
        return cls(segment, tuple(words))

    def run(self, rows: Table | None, run: Run) -> Table:
        """Return what the command makes of the results; its messages become warnings of the run.

        A run without an interpreter plans only: the results stay as they are.

        Raises:
            UsageError: If the command refuses its arguments.
            DataError: If the command reports another error, dies, or breaks the protocol.
        """
        assert rows is not None
        if run.python is None:
            return rows
        name = self.segment.name
        found, info = run.fetch(rows), run.search_info()
        process = run.started.get(id(self)) or self.process(run.python, run)
        answer = process.call(self.arguments, list(rows.columns), found, info)
        for message in answer.messages:
            run.warn(f"{name}: {message}")
        return run.from_python(answer.fields, answer.rows)

    def process(self, python: str, run: Run) -> chunked.Command:
        """Return the command's process, started; raises DataError where it cannot be."""
        name = self.segment.name
        return chunked.Command([python, str(run.app.commands[name])], name)


@contextmanager
def started(pipeline: Sequence[object], run: Run) -> Iterator[None]:
    """Let the first custom command of a search get ready while the commands before it run."""
    first = next((command for command in pipeline if isinstance(command, External)), None)
    if first and run.python is not None:
        with suppress(DataError):  # which it raises when its turn has come
            run.started[id(first)] = first.process(run.python, run)
    try:
        yield
    finally:
        for process in run.started.values():
            process.end()
