"""A custom command of the app: run as Splunk runs it, a process of its own that speaks the chunked protocol."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from replay import chunked
from replay.run import Run, Table
from replay.spl.pipeline import Segment
from replay.spl.tokens import lex_arguments


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
        answer = chunked.call(
            [run.python, str(run.app.commands[name])],
            name,
            self.arguments,
            list(rows.columns),
            run.fetch(rows),
            run.search_info(),
        )
        for message in answer.messages:
            run.warn(f"{name}: {message}")
        return run.from_python(answer.fields, answer.rows)
