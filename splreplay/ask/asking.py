"""Ask one thing after another, and keep what is answered."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from splreplay import engine
from splreplay.app import App
from splreplay.ask import questions, view
from splreplay.ask.answer import Answer, comparable
from splreplay.ask.client import RefusedError, SlowError, Splunk
from splreplay.ask.language import WRITERS, Vector
from splreplay.ask.site import Site
from splreplay.planning import plan
from splreplay.recording import Recording, nothing
from splreplay.run import Means
from splreplay.times import TimeRange

BATCH = 20  # answers between two writings of the file
Verdict = tuple[str, dict[str, Any]]  # one of answer.VERDICTS, and what goes with it
SITE_RANGE = "-60m"  # of the site's own events, over which a search is only seen to run


@dataclass(frozen=True)
class Task:
    """One thing to ask.

    Attributes:
        section: Of the answer: `questions`, `language` or `app`.
        name: Of the record there.
        search: Its text, or another text that says what is asked.
        compare: `rows`: both run it, and their rows are compared; `runs`: Splunk runs it over the site's data, and nothing of what it
            finds is kept; `parses`: Splunk's parser takes it; `sees` and `hides`: an app sees objects, `path: names`, or does not;
            `loads`: Splunk runs the searches of a dashboard, `path: name`.
        app: In which Splunk app.
        earliest: The start of the time range of a search whose rows are compared; 0 for all time.
        latest: Its end.
        models: The data models that it needs and does not name.
    """

    section: str
    name: str
    search: str
    compare: str
    app: str = "search"
    earliest: str = "0"
    latest: str = "now"
    models: Collection[str] = ()


def of_questions() -> Iterator[Task]:
    """Yield a task for each question that one search can answer without the recording, those that matter most first."""
    for question in questions.load():
        if question.compare in ("rows", "runs"):
            yield Task("questions", question.id, question.search, question.compare)


def of_language(vectors: Sequence[Vector]) -> Iterator[Task]:
    """Yield a task for each vector that is a search of its own."""
    for vector in vectors:
        if not vector.left:
            yield Task("language", vector.name, vector.search, "rows", earliest=vector.earliest, latest=vector.latest)


def left_out(vectors: Sequence[Vector]) -> list[str]:
    """Return how many vectors are no search of their own, and why."""
    counts = Counter(vector.left for vector in vectors if vector.left)
    return [f"{count:,} of {len(vectors):,} vectors of the language: {why}" for why, count in counts.items()]


def ask(
    tasks: Sequence[Task],
    splunk: Splunk,
    site: Site,
    app: App,
    answer: Answer,
    progress: Callable[[int, int], None],
    until: float = float("inf"),
) -> int:
    """Ask *tasks* until a time of the monotonic clock, put what is answered into *answer*, and return how many were asked.

    The answer's file is written behind each batch, and in the end.

    Raises:
        UsageError, DataError: If Splunk does not answer any more; the file then has what was answered before.
    """
    recording = nothing()
    try:
        for number, task in enumerate(tasks):
            if time.monotonic() >= until:
                return number
            progress(number, len(tasks))
            found, more = judged(answer, partial(_asked, task, splunk, site, app, recording))
            answer.add(task.section, task.name, task.search, found, **more)
            if number % BATCH == 0:
                answer.write()
        return len(tasks)
    finally:
        answer.write()


def judged(answer: Answer, ask_one: Callable[[], Verdict]) -> Verdict:
    """Return what *ask_one* does, or that Splunk refused, with what it says, or was slow."""
    try:
        return ask_one()
    except SlowError:
        return "slow", {}
    except RefusedError as error:
        return "refused", {"message": answer.told(str(error))}


def _asked(task: Task, splunk: Splunk, site: Site, app: App, recording: Recording) -> Verdict:
    """Return the verdict on a task; RefusedError or SlowError if Splunk gives none."""
    if task.compare == "rows":
        return _compared(task, splunk, site, app, recording)
    if task.compare == "parses":
        splunk.parse(task.search, task.app)
    elif task.compare in ("sees", "hides"):
        path, _, names = task.search.partition(": ")
        seen = set(names.split(", ")) & splunk.names(path, task.app)
        wrong = seen if task.compare == "hides" else set(names.split(", ")) - seen
        if wrong:
            raise RefusedError(f"{'sees' if task.compare == 'hides' else 'does not see'} {', '.join(sorted(wrong))}")
    elif needed := site.lacking(task.search, task.models):
        return "lacking", {"message": needed}
    elif task.compare == "runs":
        splunk.search(task.search, task.app, SITE_RANGE)
    else:
        _load(splunk, task)
    return "runs", {}


def _compared(task: Task, splunk: Splunk, site: Site, app: App, recording: Recording) -> Verdict:
    """Return whether both find the same rows."""
    if needed := site.lacking_for(task.search):
        return "lacking", {"message": needed}
    found = splunk.search(task.search, task.app, task.earliest, task.latest)
    ranged = None if task.latest == "now" else TimeRange.of(task.earliest, task.latest, float(task.latest))
    replayed = engine.replay(plan(app, task.search, time=ranged), recording, Means(sys.executable)).results.rows
    return verdict(found, replayed)


def verdict(found: Sequence[dict[str, Any]], replayed: Sequence[Any]) -> Verdict:
    """Return whether what Splunk found is what replay found, and if not, both."""
    theirs, ours = comparable(found, replayed), comparable(replayed, replayed)
    return ("agrees", {}) if theirs == ours else ("differs", {"splunk": theirs, "replay": ours})


def _load(splunk: Splunk, task: Task) -> None:
    """Run each search of a dashboard as Splunk has it; RefusedError, with the name of the search, for one that does not run."""
    path, _, name = task.search.partition(": ")
    try:
        searches = list(view.searches(str(splunk.content(f"{path}/{name}", task.app).get("eai:data", ""))))
    except ValueError as error:
        raise RefusedError(str(error)) from error
    for source, search in searches:
        if WRITERS.search(search):
            raise RefusedError(f"{source}: not run, as it may write")
        try:
            splunk.search(search, task.app, SITE_RANGE)
        except RefusedError as error:
            raise RefusedError(f"{source}: {error}") from error
