"""Ask one thing after another, and keep what is answered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splreplay import engine
from splreplay.app import App
from splreplay.ask import language, questions
from splreplay.ask.answer import Answer, comparable, told
from splreplay.ask.client import RefusedError, SlowError, Splunk
from splreplay.planning import plan
from splreplay.run import Means

KEPT_EVERY = 20  # answers between two writings of the file
SITE_RANGE = "-60m"  # of the site's own events, over which a search is only seen to run


@dataclass(frozen=True)
class Task:
    """One thing to ask.

    Attributes:
        section: Of the answer: `questions`, `language` or `app`.
        name: Of the record there.
        search: Its text, or another text that says what is asked.
        compare: `rows`: both run it, and their rows are compared; `runs`: Splunk runs it over the site's data, and nothing of what it
            finds is kept; `parses`: Splunk's parser takes it; `sees`: an app sees objects, `path: names`.
        app: In which Splunk app.
    """

    section: str
    name: str
    search: str
    compare: str
    app: str = "search"


def of_questions() -> Iterator[Task]:
    """Yield a task for each question that one search can answer, those that matter most first."""
    for question in questions.load():
        if question.search:
            yield Task("questions", question.id, question.search, question.compare)


def of_language(folder: Path, app: App) -> Iterator[Task]:
    """Yield a task for each vector of *folder* that needs no log."""
    for vector in language.vectors(folder, app):
        yield Task("language", vector.name, vector.search, "rows")


def ask(tasks: Sequence[Task], splunk: Splunk, app: App, answer: Answer, progress: Callable[[int, int], None]) -> None:
    """Ask *tasks*, and put what is answered into *answer*, whose file is written again and again.

    Raises:
        UsageError, DataError: If Splunk does not answer any more; the file then has what was answered before.
    """
    recording = engine.nothing()
    try:
        for number, task in enumerate(tasks):
            progress(number, len(tasks))
            verdict, more = _asked(task, splunk, app, recording)
            answer.add(task.section, task.name, task.search, verdict, **more)
            if number % KEPT_EVERY == 0:
                answer.write()
    finally:
        answer.write()


def _asked(task: Task, splunk: Splunk, app: App, recording: engine.Recording) -> tuple[str, dict[str, Any]]:
    """Return the verdict on a task, and what goes with it."""
    try:
        match task.compare:
            case "runs":
                splunk.search(task.search, task.app, SITE_RANGE)
                return "runs", {}
            case "parses":
                splunk.parse(task.search, task.app)
                return "runs", {}
            case "sees":
                path, _, names = task.search.partition(": ")
                lacking = sorted(set(names.split(", ")) - splunk.names(path, task.app))
                return ("refused", {"message": f"does not see {', '.join(lacking)}"}) if lacking else ("runs", {})
            case _:
                found = splunk.search(task.search, task.app)
    except SlowError:
        return "slow", {}
    except RefusedError as error:
        return "refused", {"message": told(str(error))}
    replayed = engine.replay(plan(app, task.search), recording, Means(sys.executable)).results.rows
    theirs, ours = comparable(found, replayed), comparable(replayed, replayed)
    return ("agrees", {}) if theirs == ours else ("differs", {"splunk": theirs, "replay": ours})
