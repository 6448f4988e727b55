"""The questions to a real Splunk: every † in code and documents has one, and what they ask can be asked."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from splreplay import engine
from splreplay.ask import questions
from splreplay.ask.citing import cite, marks, places, settled
from splreplay.planning import outline, plan
from splreplay.run.command import walk
from tests.ask.server import APP_HERE, no_events
from tests.conftest import REPO

QUESTIONS = questions.load()
ASKED = [pytest.param(question, id=question.id) for question in QUESTIONS if question.search]
BY_HAND = [question for question in QUESTIONS if not question.search]
# What a person types or opens: a search, a page of Splunk Web, or another program's command.
TYPED = r"`((?:\| |index=|(?:/[\w-]+)?/app/|fluent-bit )[^`]+)`"
# Where the sign is explained, it marks nothing: what stands before it on its line.
LEGENDS = (
    "docs/contributor.md: than none. Mark what you had to guess with",
    "docs/ask.md: If it is as assumed, the",
    "docs/ask.md: If it is as assumed, the † becomes a",
    "docs/contributor.md: , with the place of the",
    "docs/data_models.md: ",
    "docs/engine.md: more are said. A",
    "docs/enterprise_security.md: shipped. It was not run on either.",
    "docs/searches.md: ",
    "docs/searches.md: or else is marked",
    "splreplay/run/transactions.py: What neither says is marked",
)
# These speak of the sign: the questions, their page and their tests.
ABOUT = ("docs/questions.md", "splreplay/ask/", "tests/ask/")


@cache
def marked() -> list[str]:
    """Return `path: text before the sign` for each † or ‡ in a text under version control; a picture may have their bytes by chance."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPO, capture_output=True, check=False).stdout
    if not listed:
        pytest.skip("this is no git checkout")
    found = []
    for path in listed.decode().rstrip("\0").split("\0"):
        content = (REPO / path).read_bytes() if (REPO / path).is_file() and not path.startswith(ABOUT) else b""
        if b"\0" not in content:
            found += [place for _, place in places(path, content.decode("utf-8"))]
    return found


def test_every_mark_has_a_question() -> None:
    """Each † belongs to one question, and to no more."""
    owned = [mark for question in QUESTIONS for mark in question.marks] + list(LEGENDS)
    owners = {place: sum(marks(place, mark) for mark in owned) for place in marked()}
    assert (True, {}) == (len(owners) > 100, {place: count for place, count in owners.items() if count != 1})


def test_every_place_is_there() -> None:
    """Each place that a question names has its †."""
    owned = [mark for question in QUESTIONS for mark in question.marks] + list(LEGENDS)
    assert [] == [mark for mark in owned if sum(marks(place, mark) for place in marked()) != 1]


def test_every_mark_is_cited() -> None:
    """Each † is of a question that no answer in docs/answers settles, and each ‡ of one that is; `python -m splreplay.ask.citing` does it."""
    answers = questions.answers(REPO / questions.ANSWERS)
    signs = {
        mark: "‡" if "‡" in sign[0] else "†"
        for question in QUESTIONS
        for mark in question.marks
        for sign, place in places(mark.partition(": ")[0], (REPO / mark.partition(": ")[0]).read_text(encoding="utf-8"))
        if marks(place, mark)
    }
    expected = {mark: "‡" if settled(one, answers) else "†" for one in QUESTIONS for mark in one.marks}
    assert expected == signs


def test_cite(tmp_path: Path) -> None:
    """What an answer settles is cited at its place, by a link in a document; without the answer, the † is there again."""
    asked = [
        questions.Question("one", "", "", marks=["docs/a.md: first", "code.py: # one"]),
        questions.Question("two", "", "", marks=["docs/a.md: second", "code.py: # one † two"]),
        questions.Question("three", "", "", marks=["code.py: "]),
    ]
    document, code = "| first † | second † |\n", "# one † two †\n† three\n# another †\n"
    for name, text in (("docs/a.md", document), ("code.py", code)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    answer = tmp_path / questions.ANSWERS / "lab.json"
    answer.parent.mkdir()
    verdicts = {"one": {"verdict": "agrees"}, "two": {"verdict": "runs"}, "three": {"verdict": "differs"}}
    answer.write_text(json.dumps({"splunk": "9.4.1", "questions": verdicts}), encoding="utf-8")

    def texts() -> list[str]:
        cite(tmp_path, asked)
        return [(tmp_path / name).read_text(encoding="utf-8") for name in ("docs/a.md", "code.py")]

    cited = ["| first [‡](answers/lab.md) | second [‡](answers/lab.md) |\n", "# one ‡ two ‡\n† three\n# another †\n"]
    assert [cited, cited] == [texts(), texts()]
    answer.unlink()
    assert [document, code] == texts()


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["agrees", "runs"], "1.json"),
        (["agrees", "slow"], "0.json"),
        (["lacking", None], None),
        (["agrees", "differs"], None),
        (["refused", "agrees"], None),
        ([], None),
    ],
)
def test_settled(verdicts: list[str | None], expected: str | None) -> None:
    """A point is settled by the last answer that is as assumed, unless another is not."""
    answers = [(Path(f"{n}.json"), {"questions": {"one": {"verdict": one}}}) for n, one in enumerate(verdicts)]
    found = settled(questions.Question("one", "", ""), answers)
    assert expected == (found and found.name)


def test_the_page() -> None:
    """The page says what questions.toml says; `python -m splreplay.ask.questions` writes it."""
    assert questions.page(QUESTIONS, REPO / questions.ANSWERS) == (REPO / questions.PAGE).read_text(encoding="utf-8")


def test_answers(tmp_path: Path) -> None:
    """What a Splunk answered stands behind the id of the question, with its page; what it did not answer, not."""
    asked = [
        questions.Question(name, "a | b", f"What is {name}?", differs="Trouble.")
        for name in ("one", "two", "three", "four")
    ]
    verdicts = {"one": {"verdict": "agrees"}, "two": {"verdict": "refused"}, "three": {"verdict": "slow"}}
    answer = {"form": 1, "splunk": "9.4.1", "apps": {}, "questions": verdicts}
    (tmp_path / "lab.json").write_text(json.dumps(answer), encoding="utf-8")
    assert [
        r"| a \| b | What is one? | Trouble. | `one`; [Splunk 9.4.1](answers/lab.md): as assumed |",
        r"| a \| b | What is two? | Trouble. | `two`; [Splunk 9.4.1](answers/lab.md): it does **not** run |",
        r"| a \| b | What is three? | Trouble. | `three` |",
        r"| a \| b | What is four? | Trouble. | `four` |",
    ] == questions.page(asked, tmp_path).splitlines()[-4:]


def test_ids() -> None:
    """Each question has an id of its own, of words in small letters."""
    ids = Counter(question.id for question in QUESTIONS)
    assert {} == {
        name: count for name, count in ids.items() if count > 1 or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    }


def test_what_is_compared() -> None:
    """A question with a search says what is compared: the rows, also of the recording, of what it wrote, or only that it runs."""
    assert {("rows", True), ("recording", True), ("collect", True), ("runs", True), ("", False)} == {
        (one.compare, bool(one.search)) for one in QUESTIONS
    }


def test_steps() -> None:
    """A question has a search that the command runs, or steps for a person, with what to type or open."""
    assert (True, []) == (bool(BY_HAND), [one.id for one in BY_HAND if not re.search(TYPED, one.steps)])
    assert [] == [one.id for one in QUESTIONS if one.search and one.steps]


@pytest.mark.parametrize("text", sorted({text for one in BY_HAND for text in re.findall(TYPED, one.steps)}))
def test_what_is_typed(text: str) -> None:
    """What a person types is a search that replay reads, too, except for the definition of a data model."""
    if text.startswith(("| ", "index=")) and text != "| datamodel Endpoint Processes":
        assert () == tuple(outline(APP_HERE, text).errors)


def test_what_each_answer_means() -> None:
    """Each question says what another answer than the assumed one means: other rows, a refusal, or what a person sees."""
    means = {one.id: (bool(one.differs), bool(one.refused)) for one in QUESTIONS}
    assert {True} == {means[one.id][0] for one in QUESTIONS if one.compare != "runs"}
    assert {(False, True)} == {means[one.id] for one in QUESTIONS if one.compare == "runs"}


def test_meanings() -> None:
    """An answer means what the question says of it; a refusal of which it says nothing, that replay should refuse it, too."""
    one = questions.Question("a", "", "", differs="Trouble.")
    two = questions.Question("b", "", "", refused="Worse.")
    assert ["Trouble.", questions.REFUSED, "Worse.", ""] == [
        one.means("differs"),
        one.means("refused"),
        two.means("refused"),
        one.means("agrees"),
    ]


@pytest.mark.parametrize("question", ASKED)
def test_replay_answers(question: questions.Question) -> None:
    """Replay runs each search without a log, and none of its commands writes."""
    if question.expect:  # those that write are in test_collecting
        pytest.skip("what Splunk finds is compared with what is assumed")
    planned = plan(APP_HERE, question.search)
    assert set() == {name for position in walk(planned.pipeline) for name in position.command.names} & {
        "collect",
        "outputlookup",
    }
    assert [] == engine.replay(planned, no_events()).results.of_kind("limit")
