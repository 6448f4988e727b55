"""With --write: what `collect` writes. A search writes an event of its own to the index, and another reads it back.

A question of this kind has both searches: `$index$` in them is the index, and `$run$` a word by which the event is known.
"""

from __future__ import annotations

import time
from functools import partial

from splreplay.ask import questions
from splreplay.ask.answer import Answer
from splreplay.ask.asking import Verdict, judged, verdict
from splreplay.ask.client import SlowError, Splunk
from splreplay.ask.questions import Question
from splreplay.ask.writing import WAIT_S, WAITS, check_index

# The event has the word as a field, or, where fields are not read as they are assumed to be, in its text.
OURS = 'index="$index$" | where ask_run="$run$" OR like(_raw,"%$run$%") | head 1'
SINCE = "-2h"  # the events are an hour old


def ask(splunk: Splunk, index: str, answer: Answer) -> None:
    """Put into *answer* what `collect` wrote to *index*; what it holds already is not asked again.

    Raises:
        UsageError: For an index that is not there.
        DataError: If Splunk does not answer.
    """
    asked = [one for one in questions.load() if one.compare == "collect"]
    open_ = [one for one in asked if not answer.has("questions", one.id, _both(one), partial(list, one.expect))]
    if not open_:
        return
    check_index(splunk, index)
    for question in open_:
        found, more = judged(answer, partial(_collected, splunk, index, question))
        answer.add("questions", question.id, _both(question), found, **more)
        answer.write()


def _both(question: Question) -> str:
    return f"{question.search}\n{question.read}"


def _collected(splunk: Splunk, index: str, question: Question) -> Verdict:
    """Return whether the event that was written reads as assumed; SlowError if it does not arrive."""
    run = f"ask{time.time_ns()}"

    def search(text: str) -> list[dict[str, object]]:
        return splunk.search(text.replace("$index$", index).replace("$run$", run), "search", SINCE)

    search(question.search)
    for _ in range(WAITS):
        if search(OURS):
            return verdict(search(question.read), question.expect)
        time.sleep(WAIT_S)
    raise SlowError
