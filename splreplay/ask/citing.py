"""The † of the points that an answer settles become citations of it: `python -m splreplay.ask.citing`, in a checkout.

In a document, that is a link to the answer's page; elsewhere the sign ‡ alone, as the question's row on the page of questions has the
link. A sign whose answer is gone, or differs from another, is a † again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from splreplay.ask import questions
from splreplay.ask.answer import SETTLED as AS_ASSUMED
from splreplay.ask.questions import Question

OPEN, SETTLED = "†", "‡"
SIGN = re.compile(rf"{OPEN}|\[{SETTLED}\]\([^)]*\)|{SETTLED}")


def marks(place: str, mark: str) -> bool:
    """Return whether *mark*, a path and the end of a text, is that of the sign at *place*; an empty text is the start of a line."""
    path, text = mark.split(": ", 1)
    return place.startswith(f"{path}: ") and (place.endswith(text) if text else place == mark)


def places(path: str, text: str) -> list[tuple[re.Match[str], str]]:
    """Return each sign in the *text* of a file, with its place: `path: text before the sign`, in which other signs are †."""
    found = []
    for sign in SIGN.finditer(text):
        before = text[text.rfind("\n", 0, sign.start()) + 1 : sign.start()]
        found.append((sign, f"{path}: {SIGN.sub(OPEN, before).rstrip()}"))
    return found


def settled(question: Question, answers: Sequence[tuple[Path, dict[str, dict[str, dict[str, str]]]]]) -> Path | None:
    """Return the last answer that says that a question is as assumed; None if there is none, or another says otherwise."""
    said = {path: answer.get("questions", {}).get(question.id, {}).get("verdict") for path, answer in answers}
    agree = [path for path, verdict in said.items() if verdict in AS_ASSUMED]
    return None if {"differs", "refused"} & set(said.values()) or not agree else agree[-1]


def cite(root: Path, asked: Sequence[Question]) -> None:
    """Make each sign in the checkout *root* what the answers there say of its question."""
    answers = questions.answers(root / questions.ANSWERS)
    for question in asked:
        answer = settled(question, answers)
        for mark in question.marks:
            path = mark.partition(": ")[0]
            text = (root / path).read_text(encoding="utf-8")
            for sign, place in places(path, text):
                if marks(place, mark):
                    new = OPEN if answer is None else SETTLED
                    if answer and path.startswith("docs/"):
                        new = f"[{SETTLED}](answers/{answer.stem}.md)"
                    if new != sign[0]:
                        (root / path).write_text(text[: sign.start()] + new + text[sign.end() :], encoding="utf-8")
                    break


if __name__ == "__main__":
    cite(Path(), questions.load())
    Path(questions.PAGE).write_text(questions.page(questions.load(), Path(questions.ANSWERS)), encoding="utf-8")
