"""`ask` against a server that is no Splunk, or one that somebody else speaks for."""

from __future__ import annotations

import json
import time
from itertools import chain, repeat
from typing import Any

import pytest

from splreplay.ask import answer as answers
from splreplay.ask import client, questions
from splreplay.ask.answer import Answer
from tests.ask.conftest import Asking
from tests.ask.server import EMAIL, KEY, NAME, PASSWORD, REALNAME, TOKEN, USER
from tests.ask.server import INFO as INFO_OF

SUBSEARCH, FORMAT = (
    next(one.search for one in questions.load() if one.id == name)
    for name in ("tstats-subsearch", "format-without-values")
)
JOBS, INFO, APPS, PARSER = "/search/v2/jobs/", "/server/info", "/apps/local", "/search/v2/parser"
DEEP = 100_000
NO_SPLUNK = "what answers is no Splunk\n"


@pytest.mark.parametrize("path", ["/auth/login", INFO, APPS, JOBS])
@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirected(ask: Asking, monkeypatch: pytest.MonkeyPatch, path: str, status: int) -> None:
    """A redirection is an error, and nobody follows it."""
    monkeypatch.delenv("SPLUNK_TOKEN")
    monkeypatch.setenv("SPLUNK_USER", USER)
    monkeypatch.setenv("SPLUNK_PASSWORD", PASSWORD)
    ask.fake.raw[path] = (status, b"<html>moved</html>")
    said = ask()
    assert (3, True) == (said.status, f"what answers leads elsewhere (status {status})\n" in said.err)
    assert [] == [request for request in ask.fake.requests if "elsewhere" in request]


@pytest.mark.parametrize("path", [INFO, APPS, JOBS])
def test_endless(ask: Asking, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """An answer without an end is left at a limit."""
    monkeypatch.setattr(client, "BYTES_MAX", 1 << 20)
    ask.fake.raw[path] = (200, repeat(b" " * 65_536))
    said = ask()
    assert (3, True) == (said.status, "an answer is longer than 1 MB\n" in said.err)


@pytest.mark.parametrize(
    ("status", "start"),
    [
        (200, b" "),
        (0, b"HTTP/1.1 200 OK\r\nX-A: "),
        (0, b"HTTP/1.1 "),
        (0, b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1"),
    ],
)
def test_drips(ask: Asking, status: int, start: bytes) -> None:
    """An answer that comes byte by byte takes no longer than the time for an answer, and counts as slow."""
    ask.fake.raw[JOBS] = (status, chain([start], repeat(b"0")))
    ask.fake.wait_s = 0.05
    began = time.monotonic()
    said = ask("--timeout", "1", at_most=1)
    assert (0, {"tstats-subsearch": {"verdict": "slow"}}) == (said.status, ask.found())
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "content",
    [
        "<html>Log in</html>",
        "[]",
        "7",
        "{}",
        '{"results": null}',
        '{"results": 7}',
        '{"results": [7]}',
        '{"results": [], "messages": null}',
        '{"results": [], "messages": [7]}',
        '{"results": [], "messages": [{}]}',
        '{"results": ' + "[" * DEEP + "]" * DEEP + "}",
        '{"results": [{"a": ' + "9" * 5_000 + "}]}",
        "\xff\xfe",
    ],
    ids=lambda content: content[:40],
)
def test_no_results(ask: Asking, content: str) -> None:
    """What is no result of a search ends it in one line with a remedy."""
    ask.fake.raw[JOBS] = (200, content.encode("latin-1"))
    said = ask()
    assert (3, True, {}) == (said.status, NO_SPLUNK in said.err, ask.found())


@pytest.mark.parametrize(
    "content",
    ["[]", '{"entry": null}', '{"entry": [7]}', '{"entry": [{}]}', '{"entry": [{"name": "a", "content": 7}]}'],
)
def test_no_entries(ask: Asking, content: str) -> None:
    """So does a list of apps that is none."""
    ask.fake.raw[APPS] = (200, content.encode())
    said = ask()
    assert (3, True) == (said.status, said.err.startswith(NO_SPLUNK))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "<feed/>",
        INFO_OF.format(name="a", version="1." * 50 + "1"),
        "<a>" * DEEP + "</a>" * DEEP,
        '<!DOCTYPE a [<!ENTITY b "' + "c" * 10_000 + '">]><a>' + "&b;" * 100_000 + "</a>",
    ],
    ids=lambda content: content[:20],
)
def test_no_info(ask: Asking, content: str) -> None:
    """So does what should say who it is, however deep or large it unfolds."""
    ask.fake.raw[INFO] = (200, content.encode())
    said = ask()
    assert (3, True) == (said.status, said.err.startswith(NO_SPLUNK))


@pytest.mark.parametrize("content", ["<html>yes</html>", ""])
def test_no_parser(ask: Asking, content: str) -> None:
    """What is no answer of a parser does not pass for one that takes the search."""
    splunk = client.Splunk(ask.fake.address, client.Secret(TOKEN), client.trust(None, True), 30)
    ask.fake.raw[PARSER] = (200, content.encode())
    with pytest.raises((client.RefusedError, client.DataError)):
        splunk.parse("search *", "search")


ODD = [
    {
        "search": None,
        "a": {"b": [1, {"c": 2}]},
        "d": [],
        "e": [[1]],
        "f": 1e400,
        "\ud800": "\udfff",
        "_time": "0001-01-01",
    },
    {"search": "x" * 1_000_000} | {f"field {number}": "y" for number in range(10_000)},
    *[{"search": "z"}] * 900,
]


def test_odd_rows(ask: Asking) -> None:
    """Rows of any values are a difference, and the file keeps a bounded part of them."""
    ask.fake.rows[FORMAT] = ODD
    said = ask()
    assert (0, "differs") == (said.status, ask.found()["format-without-values"]["verdict"])
    assert ask.file.stat().st_size < 40_000


@pytest.mark.parametrize("message", ["x" * 3_000_000, "a-" * 1_000_000, "a.b " * 1_000_000, ":" * 1_000_000])
def test_long_messages(ask: Asking, message: str) -> None:
    """A message of any length is cut, and takes no time."""
    ask.fake.refuses[SUBSEARCH] = message
    start = time.process_time()
    ask(at_most=1)
    assert (True, True) == (len(ask.found()["tstats-subsearch"]["message"]) <= 301, time.process_time() - start < 5)


@pytest.mark.parametrize("before", range(280, 300, 5))
def test_cut_secret(before: int) -> None:
    """A private word that lies across the place where a message is cut leaves no part of itself."""
    told = Answer(answers.Path(), "9.4.1", ("secret-token-of-the-site",)).told(
        "x " * (before // 2) + "secret-token-of-the-site"
    )
    assert (False, True) == ("secr" in told, len(told) <= answers.MESSAGE_MAX + 1)


def test_echo(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """What echoes who asks, in a message, a value, the name of a field or an app's version, is struck out, however it is escaped."""
    monkeypatch.delenv("SPLUNK_TOKEN")
    monkeypatch.setenv("SPLUNK_USER", USER)
    monkeypatch.setenv("SPLUNK_PASSWORD", PASSWORD)
    secrets = (KEY, NAME, USER, PASSWORD, "correct%20horse", "127.0.0.1", KEY.upper())
    echo = " ".join(f"<b>{secret}</b>" for secret in secrets)
    ask.fake.refuses[SUBSEARCH] = echo
    ask.fake.rows[FORMAT] = [{f"search {echo}": echo, "search": ["a", echo]}]
    ask.fake.apps = {"Splunk_SA_CIM": KEY}
    assert 0 == ask().status
    written = "".join(file.read_text(encoding="utf-8") for file in (ask.file, ask.file.with_suffix(".md")))
    assert [] == [secret for secret in secrets if secret.lower() in written.lower()]


def test_user_of_a_token(ask: Asking) -> None:
    """With a token alone, Splunk is asked whose it is, and that user is struck out, by any name."""
    ask.fake.rows[FORMAT] = [{"search": f"{USER}, {REALNAME}, {EMAIL}, {TOKEN}"}]
    ask()
    assert [{"search": "[…], […], […], […]"}] == ask.found()["format-without-values"]["splunk"]


def test_long_name(ask: Asking) -> None:
    """A server's name of any length takes no time, and one of blanks strikes nothing out."""
    start = time.process_time()
    for name in ("n" * 10_000_000, "   "):
        ask.fake.raw[INFO] = (200, INFO_OF.format(name=name, version="9.4.1").encode())
        ask.fake.rows[FORMAT] = [{"search": "a b"}]
        ask.file.unlink(missing_ok=True)
        assert (0, [{"search": "a b"}]) == (ask().status, ask.found()["format-without-values"]["splunk"])
    assert time.process_time() - start < 10


def test_page(ask: Asking) -> None:
    """Markup in values, names and versions stands in indented blocks and code alone."""
    ask.fake.rows[FORMAT] = [{"<script>": ["\n# <script>", "\u2028<script>"]}]
    ask.fake.apps = {"Splunk_SA_CIM": "1`<script>"}
    ask()
    page = ask.file.with_suffix(".md").read_text(encoding="utf-8")
    assert ["    "] == [line[:4] for line in page.splitlines() if "script>" in line]


@pytest.mark.parametrize(
    "content",
    [
        {"questions": []},
        {"questions": {"a": 7}},
        {"questions": {"a": {"verdict": "<b>"}}},
    ],
)
def test_answer_of_another(ask: Asking, content: dict[str, Any]) -> None:
    """A file whose records are none is left as it is."""
    ask()
    held = json.dumps(json.loads(ask.file.read_text(encoding="utf-8")) | content)
    ask.file.write_text(held, encoding="utf-8")
    assert (2, held) == (ask().status, ask.file.read_text(encoding="utf-8"))
