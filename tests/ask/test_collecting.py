"""`ask --write`: what `collect` writes, and what is read back of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from splreplay import engine
from splreplay.ask import collecting, questions
from splreplay.ask.answer import Answer, take_up
from splreplay.ask.client import Secret, Splunk, trust
from splreplay.errors import UsageError
from splreplay.planning import outline, plan
from tests.ask.server import APP_HERE, CERTIFICATE, TOKEN, Fake, no_events, serving

ASKED = {one.id: one for one in questions.load() if one.compare == "collect"}
AS_ASSUMED = {one.read: [dict(row) for row in one.expect] for one in ASKED.values()}


@pytest.fixture
def fake() -> Fake:
    """A Splunk with an index for this, in which `collect` writes as assumed."""
    return Fake(objects={"/data/indexes": ["lab"]}, rows=dict(AS_ASSUMED))


def ask(fake: Fake, folder: Path) -> Answer:
    """Ask, and return the answer."""
    splunk = Splunk(fake.address, Secret(TOKEN), trust(CERTIFICATE, False), 30)
    answer = take_up(folder / "answer.json", splunk.version, ())
    collecting.ask(splunk, "lab", answer)
    return answer


def verdicts(answer: Answer) -> dict[str, str]:
    """Return the verdict on each question."""
    return {name: record["verdict"] for name, record in answer.found["questions"].items()}


def test_agrees(fake: Fake, tmp_path: Path) -> None:
    """Each question writes one event, known by a word of its own, and what is read back of it is compared."""
    with serving(fake):
        answer = ask(fake, tmp_path)
    written = [search["search"] for search in fake.searches if "| collect index=lab" in search["search"]]
    assert (dict.fromkeys(ASKED, "agrees"), len(ASKED), len(ASKED)) == (
        verdicts(answer),
        len(written),
        len(set(fake.collected)),
    )


def test_differs(fake: Fake, tmp_path: Path) -> None:
    """Where something else is read back, both are shown."""
    one = ASKED["collect-hec"]
    other = {"values": "1", "time": "yes", "range": "yes"}
    fake.rows[one.read] = [other]
    with serving(fake):
        record = ask(fake, tmp_path).found["questions"][one.id]
    assert ("differs", [other], [dict(row) for row in one.expect]) == (
        record["verdict"],
        record["splunk"],
        record["replay"],
    )


def test_refused(fake: Fake, tmp_path: Path) -> None:
    """Where Splunk does not write, what it says is kept."""
    fake.refuses[ASKED["collect-hec"].search] = "You have insufficient privileges"
    with serving(fake):
        record = ask(fake, tmp_path).found["questions"]["collect-hec"]
    assert ("refused", "You have insufficient privileges") == (record["verdict"], record["message"])


def test_again(fake: Fake, tmp_path: Path) -> None:
    """What was answered is not written again; what differed from what is not assumed any more, is."""
    with serving(fake):
        answer = ask(fake, tmp_path)
        answer.found["questions"]["collect-quotes"] |= {"verdict": "differs", "replay": [{"a": "no"}]}
        answer.write()
        ask(fake, tmp_path)
        again = ask(fake, tmp_path)
    assert (dict.fromkeys(ASKED, "agrees"), len(ASKED) + 1) == (verdicts(again), len(fake.collected))


def test_does_not_arrive(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that is not found in time is slow, and asked for again the next time."""
    monkeypatch.setattr(collecting, "WAIT_S", 0.0)
    monkeypatch.setattr(collecting, "WAITS", 2)
    fake.lost = True
    with serving(fake):
        slow = verdicts(ask(fake, tmp_path))
        fake.lost = False
        found = verdicts(ask(fake, tmp_path))
    assert (dict.fromkeys(ASKED, "slow"), dict.fromkeys(ASKED, "agrees")) == (slow, found)


def test_no_index(fake: Fake, tmp_path: Path) -> None:
    """An index that is not there is refused, and nothing is written."""
    fake.objects = {}
    with serving(fake), pytest.raises(UsageError, match="there is no index lab"):
        ask(fake, tmp_path)
    assert [] == fake.collected


@pytest.mark.parametrize("question", [pytest.param(one, id=name) for name, one in ASKED.items()])
def test_forms(question: questions.Question) -> None:
    """Both searches are ones that replay reads; one writes an event that the other looks for."""
    texts = [text.replace("$index$", "lab").replace("$run$", "ask1") for text in (question.search, question.read)]
    assert [[], []] == [list(outline(APP_HERE, text).errors) for text in texts]
    assert ["| collect index=$index$" in text for text in (question.search, question.read)] == [True, False]


def test_as_replay_writes() -> None:
    """What is assumed of the text that `collect` writes is what replay writes."""
    one = ASKED["collect-quotes"]
    text = f"{one.search} testmode=true | eval {one.read.partition('| eval ')[2]}".replace("$index$", "lab")
    rows = engine.replay(plan(APP_HERE, text), no_events()).results.rows
    assert list(one.expect) == list(rows)
