"""The points on which the documentation is silent, as data (questions.toml), and the page that lists them.

`python -m splreplay.ask.questions > docs/questions.md` writes the page anew.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = "docs/questions.md"
SOURCE = Path(__file__).with_name("questions.toml")
INTRODUCTION = """\
# Inferred, to be asked of a real Splunk

Splunk was not run. These are the points on which the documentation is silent, with what replay or the app assumes. In the code
they are marked † or "inferred". This page is rendered from `splreplay/ask/questions.toml`, which also names the place of each †.

| assumed | the question | its id |
|---|---|---|
"""


@dataclass(frozen=True)
class Question:
    """A point that is inferred; questions.toml explains its keys."""

    id: str
    assumed: str
    asks: str
    search: str = ""
    compare: str = ""
    differs: str = ""
    marks: Sequence[str] = ()


def load() -> list[Question]:
    """Return all questions, those that matter most first."""
    with SOURCE.open("rb") as file:
        return [Question(**entry) for entry in tomllib.load(file)["question"]]


def page(questions: Sequence[Question]) -> str:
    """Return docs/questions.md."""
    return INTRODUCTION + "".join(_row(one.assumed, one.asks, f"`{one.id}`") for one in questions)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    sys.stdout.write(page(load()))
