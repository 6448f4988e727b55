"""As much of Splunk's REST interface as `ask` needs, on loopback: it answers searches by running replay, and fails as it is told.

The forms are those of the REST API Reference Manual, and of what public repositories recorded of it: the feed of server/info is that of
splunk-sdk-python (tests/data/services.server.info.xml); a result in JSON and its messages, of which those of the type DEBUG name the
user and the app, are as in the manuals of Splunk's SDKs; `FATAL` comes with status 400 where a search is not parsed, and with 200 where it fails later.
"""

from __future__ import annotations

import json
import re
import ssl
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from splreplay import engine, times
from splreplay.app import App
from splreplay.ask import collecting
from splreplay.ask.site import UTC, ZONE
from splreplay.errors import SplError
from splreplay.planning import outline, plan
from splreplay.recording import Recording, nothing, record
from splreplay.run import Means
from splreplay.times import TimeRange
from tests.conftest import REPO

CERTIFICATE = Path(__file__).with_name("loopback.pem")
USER, PASSWORD, TOKEN, KEY = "analyst-7", "correct horse", "bearer.token.of-a-test", "session-key-of-a-test"
NAME, REALNAME, EMAIL = "sh-site-01", "Ana Lyst", "ana@site"
APP_HERE = App(REPO)
INFO = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest"><title>server-info</title><entry>
<title>server-info</title><content type="text/xml"><s:dict><s:key name="serverName">{name}</s:key><s:key name="version">{version}</s:key>
</s:dict></content></entry></feed>"""
DENIED = 403
RUN = re.compile(r"ask\d{15,}")  # the word by which an event is known that `collect` writes
# `acceleration` is an object within a text, as in a recording of datamodel/model; `eai:data` is the file of the view.
ACCELERATED, SLOW = '{"enabled":true,"earliest_time":"-1mon","max_time":3600}', '{"enabled":false,"earliest_time":""}'
CONTENTS: dict[str, dict[str, Any]] = {
    "/datamodel/model/Endpoint": {"acceleration": ACCELERATED},
    "/datamodel/model/Network_Traffic": {"acceleration": ACCELERATED},
    "/data/ui/views/installutil_risk": {
        "eai:data": (REPO / "default" / "data" / "ui" / "views" / "installutil_risk.xml").read_text(encoding="utf-8")
    },
}


@cache
def no_events() -> Recording:
    """Return a recording without events, one for all searches: to open a database takes as long as to run a search."""
    return nothing()


@dataclass
class Fake:
    """How the server behaves, and what it was asked.

    Attributes:
        version: That it says.
        apps: Those that are installed, with their versions.
        objects: The names that are seen, by the end of the path.
        contents: What is said of one object, by the end of its path; by default, of the two data models and the dashboard.
        denies: The search that the user may not run.
        offsets: The offset of the time zone, as the search for it finds it.
        rows: what a search finds, in place of what replay finds; None for an empty answer.
        refuses: What it says of a search that it does not run.
        runtime: Refuses with status 200, as Splunk does where a search fails after it was parsed.
        raw: What it sends instead of an answer, by the end of the path: a status, and the body; a body of several parts waits `wait_s`
            before each. Without a status, that is all that it sends.
        statuses: What the next requests get, instead of an answer.
        wait_s: How long it takes for a search.
        breaks_after: How many searches it answers before it breaks off in the middle of an answer.
        searches: The searches that it was asked to run.
        requests: The method and path of each request.
        events: What was written, each with where.
        collected: The words by which events are known that `collect` wrote. A search for such a word is refused, or finds rows, by its text
            in questions.toml.
        lost: Does not find these events.
        late: Gives an event the time of its arrival, as Splunk does where it does not find that of the event.
    """

    version: str = "9.4.1"
    apps: dict[str, str] = field(default_factory=dict)
    objects: dict[str, list[str]] = field(default_factory=dict)
    contents: dict[str, dict[str, Any]] = field(default_factory=lambda: dict(CONTENTS))
    denies: str = ""
    offsets: Any = field(default_factory=lambda: UTC)
    rows: dict[str, Any] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    runtime: bool = False
    raw: dict[str, tuple[int, bytes | Iterable[bytes]]] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    wait_s: float = 0
    breaks_after: int = 1_000_000
    searches: list[dict[str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    events: list[dict[str, str]] = field(default_factory=list)
    collected: list[str] = field(default_factory=list)
    lost: bool = False
    late: bool = False
    address: str = ""


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    fake: Fake

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        """Answer a POST; one with an event has all else in its address."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if urlsplit(self.path).path == "/services/receivers/simple":
            return self._answer(dict(parse_qsl(urlsplit(self.path).query)) | {"event": body})
        self._answer(dict(parse_qsl(body, keep_blank_values=True)))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self, asked: dict[str, str]) -> None:
        path = urlsplit(self.path).path
        self.fake.requests.append(f"{self.command} {path}")
        for end, (status, body) in self.fake.raw.items():
            if path.endswith(end) and asked.get("search") != ZONE:
                return self._send_raw(status, body)
        if path == "/services/auth/login":
            known = (asked["username"], asked["password"]) == (USER, PASSWORD)
            return (
                self._send(200, f"<response><sessionKey>{KEY}</sessionKey></response>") if known else self._refuse(401)
            )
        if self.headers["Authorization"] not in (f"Splunk {KEY}", f"Bearer {TOKEN}"):
            return self._refuse(401)
        if path == "/services/server/info":
            return self._send(200, INFO.format(name=NAME, version=self.fake.version))
        if self.fake.statuses:
            return self._refuse(self.fake.statuses.pop(0))
        if path.endswith("/search/v2/jobs/"):
            return self._search(asked)
        if path == "/services/receivers/simple":
            self.fake.events.append(asked)
            return self._send(200, "<response/>")
        if path.endswith("/search/v2/parser"):
            return self._parse(asked)
        if path == "/services/authentication/current-context":
            return self._entries({"context": {"username": USER, "realname": REALNAME, "email": EMAIL, "tz": ""}})
        if path.endswith("/apps/local"):
            return self._entries({name: {"version": version} for name, version in self.fake.apps.items()})
        for end, content in self.fake.contents.items():
            if path.endswith(end):
                return self._entries({path.rpartition("/")[2]: content})
        if "/datamodel/model/" in path or "/data/ui/views/" in path:
            return self._refuse(404, f"Could not find object id={path.rpartition('/')[2]}")
        assert asked["f"] == "title"  # names alone
        return self._entries(
            {name: {} for end, names in self.fake.objects.items() if path.endswith(end) for name in names}
        )

    def _search(self, asked: dict[str, str]) -> None:
        assert (asked["exec_mode"], asked["output_mode"]) == ("oneshot", "json")
        if asked["search"] == self.fake.denies:
            return self._refuse(DENIED)
        if asked["search"] == ZONE:
            return self._json({"results": self.fake.offsets})
        self.fake.searches.append(asked)
        time.sleep(self.fake.wait_s)
        if len(self.fake.searches) > self.fake.breaks_after:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"preview":false,"resu')
            return None
        text = RUN.sub("$run$", asked["search"].removeprefix("search ").replace("lab", "$index$"))
        text = text if "$run$" in text else asked["search"]
        if text in self.fake.refuses:
            return self._refuse(200 if self.fake.runtime else 400, self.fake.refuses[text])
        if "| collect " in text:
            self.fake.collected += RUN.findall(asked["search"])
            return self._json({"results": []})
        if text == collecting.OURS:
            there = set() if self.fake.lost else set(self.fake.collected) & set(RUN.findall(asked["search"]))
            return self._json({"results": [{"_raw": one} for one in there]})
        try:
            at_its_time = asked.get("latest_time", "now") != "now"
            events = [] if self.fake.late and at_its_time else self.fake.events
            rows = self.fake.rows.get(text) if text in self.fake.rows else _replayed(text, asked, events)
        except SplError as error:
            return self._refuse(400, str(error))
        if rows is None:
            return self._send(200, "")
        debug = {"type": "DEBUG", "text": f'search context: user="{USER}", app="search", bs-pathname="/opt/splunk/etc"'}
        return self._json({"preview": False, "init_offset": 0, "messages": [debug], "results": rows})

    def _parse(self, asked: dict[str, str]) -> None:
        assert asked["parse_only"] == "true"  # else Splunk runs the subsearches
        errors = outline(APP_HERE, asked["q"]).errors
        return self._refuse(400, str(errors[0])) if errors else self._json({"commands": []})

    def _entries(self, entries: dict[str, dict[str, Any]]) -> None:
        self._json({"entry": [{"name": name, "content": content} for name, content in entries.items()]})

    def _json(self, content: Any) -> None:
        self._send(200, json.dumps(content))

    def _refuse(self, status: int, text: str = "call not properly authenticated") -> None:
        """Send a message: in JSON as the client asks for it there, else in XML."""
        if status in (200, 400):
            return self._send(status, json.dumps({"messages": [{"type": "FATAL", "text": text}], "results": []}))
        return self._send(status, f'<response><messages><msg type="WARN">{escape(text)}</msg></messages></response>')

    def _send(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send_raw(self, status: int, body: bytes | Iterable[bytes]) -> None:
        if status:
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{self.fake.address}/elsewhere")
            self.end_headers()
        for part in (body,) if isinstance(body, bytes) else body:
            time.sleep(0 if isinstance(body, bytes) else self.fake.wait_s)
            self.wfile.write(part)


def _there(event: str) -> dict[str, str]:
    """Return the host of an event, its number there, and its own time."""
    marks = {"host": ("<Computer>", "<"), "record": ("<EventRecordID>", "<"), "at": ("SystemTime='", "'")}
    return {name: event.partition(before)[2].partition(behind)[0] for name, (before, behind) in marks.items()}


@cache
def _in_events(text: str, earliest: str, latest: str, events: tuple[str, ...]) -> Sequence[Mapping[str, Any]]:
    """Return what replay finds in some events, each search once: many tests have the same recording."""
    planned = plan(APP_HERE, text, time=TimeRange.of(earliest, latest, float(latest)))
    if not events:
        return engine.replay(planned, no_events()).results.rows
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.xml")
        log.write_text("".join(events), encoding="utf-8")
        return engine.replay(planned, record([str(log)], planned.fields)).results.rows


def _replayed(text: str, asked: dict[str, str], events: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return what replay finds in *events*, as Splunk writes it: `_time` as a date, and internal fields of its own."""
    if text.startswith("search index="):
        return [_there(event["event"]) for event in events]
    latest = asked.get("latest_time", "now")
    if latest == "now":
        found = engine.replay(plan(APP_HERE, text), no_events(), Means(sys.executable)).results.rows
    else:
        found = _in_events(text, asked["earliest_time"], latest, tuple(event["event"] for event in events))
    rows = []
    for row in found:
        shown: dict[str, Any] = {"_serial": "0"} | dict(row)
        if "_time" in row:
            shown["_time"] = times.iso(float(str(row["_time"])))
        rows.append(shown)
    return rows


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """Run the server while the block runs; *fake* then has its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"fake": fake}))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that does not trust it hangs up
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    fake.address = f"https://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
