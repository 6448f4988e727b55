"""A whole run of `ask` against a server that answers by replay, from the first question to the citation."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from splreplay.ask import citing, language, questions
from splreplay.ask.app import LOOKUPS
from splreplay.ask.site import APPS
from splreplay.cli import main
from tests.ask.server import APP_HERE, CERTIFICATE, TOKEN, Fake, serving
from tests.conftest import REPO

pytestmark = pytest.mark.slow

QUESTIONS = questions.load()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Fake]]:
    """The files that have a †, with the answer of a whole run among them, and the server."""
    folder = tmp_path_factory.mktemp("checkout")
    for path in {mark.partition(": ")[0] for question in QUESTIONS for mark in question.marks}:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPO / path, folder / path)
    (folder / questions.ANSWERS).mkdir(exist_ok=True)
    objects = {"/data/indexes": ["lab"], "/transforms/lookups": [*LOOKUPS], "/conf-macros": [*APP_HERE.macros]}
    fake = Fake(apps=dict.fromkeys(APPS, "6.4.0"), objects=objects)
    with serving(fake), pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPLUNK_TOKEN", TOKEN)
        words = ["ask", "--splunk", fake.address, "--ca", str(CERTIFICATE), "--write", "lab", "--app", str(REPO)]
        assert 0 == main([*words, "--output", str(folder / questions.ANSWERS / "lab.json")])
    yield folder, fake


def answer(checkout: tuple[Path, Fake]) -> Any:
    """Return what the file holds."""
    return json.loads((checkout[0] / questions.ANSWERS / "lab.json").read_text(encoding="utf-8"))


def test_agrees(checkout: tuple[Path, Fake]) -> None:
    """Everything that is compared agrees, and all else runs: a difference of Splunk's is not one of how we ask."""
    found = answer(checkout)
    verdicts = {
        section: Counter(one["verdict"] for one in found[section].values())
        for section in found
        if section in ("questions", "language", "app", "written")
    }
    compared = Counter(question.compare for question in QUESTIONS)
    searches = sum(not vector.left for vector in language.vectors(REPO / "tests" / "vectors", APP_HERE))
    assert {
        "questions": {
            "agrees": compared["rows"] + compared["recording"],
            "runs": compared["runs"] - 1,
            "lacking": 1,  # what is asked where the data model is not accelerated
        },
        "language": {"agrees": searches},
        "app": {"agrees": 1, "runs": 13},
        "written": {"agrees": 4},
    } == verdicts
    assert (94, []) == (len(checkout[1].events), found["lacks"])


def test_cited(checkout: tuple[Path, Fake]) -> None:
    """The answer turns each † that it settles into a citation, and no other, and stands behind the id of its question."""
    folder, _ = checkout
    citing.cite(folder, QUESTIONS)
    signs = {
        mark: sign[0]
        for question in QUESTIONS
        for mark in question.marks
        for sign, place in citing.places(
            mark.partition(": ")[0], (folder / mark.partition(": ")[0]).read_text(encoding="utf-8")
        )
        if citing.marks(place, mark)
    }
    link = "[‡](answers/lab.md)"
    assert signs == {
        mark: "†" if not question.search else link if mark.startswith("docs/") else "‡"
        for question in QUESTIONS
        for mark in question.marks
    }
    page = questions.page(QUESTIONS, folder / questions.ANSWERS)
    assert sum(bool(question.search) for question in QUESTIONS) - 1 == page.count("; [Splunk 9.4.1](answers/lab.md): ")
    assert (folder / questions.ANSWERS / "lab.md").is_file()
