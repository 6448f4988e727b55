"""A custom command of the app, which runs as in Splunk: as a process of its own that speaks the chunked protocol."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from splreplay.errors import DataError
from splreplay.run import chunked
from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform


@dataclass(frozen=True)
class External(Transform):
    """`name arguments`, for a command that the app's commands.conf declares."""

    keeps_values = True  # so it is taken; its app may do otherwise

    arguments: tuple[str, ...]
    adds: Collection[str] | None = None  # the fields that it adds to results; None where they are not known

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> External:
        """Cut the arguments as Splunk passes them: at white space outside of quotes, and without the quotes."""
        words: list[str] = []
        last_end = -1
        while cursor.here.kind != "end":
            token = cursor.take()
            if token.start == last_end:
                words[-1] += token.value
            else:
                words.append(token.value)
            last_end = token.end
        return cls(segment, tuple(words))

    def behind(self, before: Outputs) -> Outputs:
        return before.opened() if self.adds is None else before.plus(self.adds)

    def prepare(self, run: Run) -> None:
        """Start the process of the first such command of a search, because an interpreter starts as slowly as many a search runs."""
        if not run.means.commands:
            self._refuse()
        if run.means.python is not None and not run.started:
            with suppress(DataError):  # it is raised again when the command runs
                run.started[id(self)] = self._process(run.means.python, run)

    def run(self, rows: Table, run: Run) -> Table:
        """Return what the command makes of the results; its messages become notices of the run.

        Without an interpreter the results stay as they are.

        Raises:
            UnsupportedError: If commands may not run.
            UsageError: If the command refuses its arguments.
            DataError: If the command reports another error, dies, or breaks the protocol.
        """
        if not run.means.commands:
            self._refuse()
        if run.means.python is None:
            return rows
        name = self.segment.name
        process = run.started.get(id(self)) or self._process(run.means.python, run)
        answer = process.call(self.arguments, list(rows.columns), run.stages.fetch(rows), _search_info(run))
        for level, message in answer.messages:
            run.say("note" if level in ("INFO", "DEBUG") else "doubt", f"{name}: {message}")
        return run.stages.from_python(answer.fields, answer.rows)

    def _refuse(self) -> NoReturn:
        remedy = "leave out --no-commands if you trust the app's code"
        self.segment.refuse(f"{self.segment.name} is a command of an app, and --no-commands runs none", remedy)

    def _process(self, python: str, run: Run) -> chunked.Command:
        """Start the command's process, which ends with the run, and return it; DataError if it cannot be started."""
        name = self.segment.name
        process = chunked.Command([python, str(run.app.script(name))], name)
        run.ending.callback(process.end)
        return process


def _search_info(run: Run) -> dict[str, Any]:
    """Return what a command is told about the search."""
    return {
        "sid": "replay",
        "search": "",
        "earliest_time": str(run.time.earliest or 0),
        "latest_time": str(run.time.latest or 0),
        "app": run.app.folder.name,
        "owner": "replay",
        "username": "replay",
        "splunk_version": "0",
        "dispatch_dir": "",
        "session_key": "",
        "splunkd_uri": "",
    }
