"""The points on which the documentation is silent, as data (questions.toml), and the page that lists them.

`python -m splreplay.ask.questions > docs/questions.md` writes the page anew.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = "docs/questions.md"
ANSWERS = "docs/answers"  # what Splunks answered, as `ask` writes it
SOURCE = Path(__file__).with_name("questions.toml")
INTRODUCTION = """\
# Inferred, to be asked of a real Splunk

Splunk was not run by us. These are the points on which the documentation is silent, with what replay or the app assumes. In the code
they are marked † or "inferred". This page is rendered from `splreplay/ask/questions.toml`, which also names the place of each †.
Whoever has a Splunk can have it answer them: [ask.md](ask.md). Those that the command cannot ask have what to type, and what to look
at. If it is as assumed, nothing has to change. What a Splunk answered stands behind the id. Where it is as assumed, the † has
become a ‡. Where Splunk refuses a search and the third column does not say what that means, replay should refuse it, too.
"""
HEADER = "\n| assumed | the question | what another answer means | its id |\n|---|---|---|---|\n"
# What an answer says of a question here; those that were slow say nothing.
SAID = {"agrees": "as assumed", "differs": "**not** as assumed", "runs": "it runs", "refused": "it does **not** run"}
# What it means where Splunk refuses a search whose rows were to be compared, and the question says nothing else.
REFUSED = "Splunk knows no such form: replay should refuse it, too."


@dataclass(frozen=True)
class Question:
    """A point that is inferred; questions.toml explains its keys."""

    id: str
    assumed: str
    asks: str
    search: str = ""
    read: str = ""
    steps: str = ""
    compare: str = ""
    differs: str = ""
    refused: str = ""
    marks: Sequence[str] = ()
    expect: Sequence[Mapping[str, str]] = ()
    needs: Sequence[str] = ()
    earliest: str = "0"
    latest: str = "now"

    def means(self, verdict: str) -> str:
        """Return what an answer means that is not the assumed one; an empty text for any other."""
        return {"differs": self.differs, "refused": self.refused or REFUSED}.get(verdict, "")


def load() -> list[Question]:
    """Return all questions, those that matter most first."""
    with SOURCE.open("rb") as file:
        return [Question(**entry) for entry in tomllib.load(file)["question"]]


def answers(folder: Path) -> list[tuple[Path, Any]]:
    """Return the answers in *folder*, in the order of their names."""
    return [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]


def page(questions: Sequence[Question], folder: Path) -> str:
    """Return docs/questions.md, with what the answers in *folder* say of each question."""
    found = answers(folder)
    rows = [
        _row(
            one.assumed,
            f"{one.asks} {one.steps}".strip(),
            f"{one.differs} {one.refused}".strip(),
            "; ".join([f"`{one.id}`", *_said(one, found)]),
        )
        for one in questions
    ]
    return INTRODUCTION + HEADER + "".join(rows)


def _said(question: Question, given: Iterable[tuple[Path, Any]]) -> list[str]:
    """Return what each answer says of a question, with its page as the source."""
    found = []
    for path, answer in given:
        said = SAID.get(answer.get("questions", {}).get(question.id, {}).get("verdict"))
        version = re.sub(r"[^\d.]", "", str(answer["splunk"]))
        if said:
            found.append(f"[Splunk {version}](answers/{path.stem}.md): {said}")
    return found


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    sys.stdout.write(page(load(), Path(ANSWERS)))
