"""The little of Splunk's REST API that is asked, through splunklib.client, with its errors in our words.

Source: REST API Reference Manual, "Search endpoint descriptions" (search/jobs with exec_mode=oneshot, search/v2/parser), "Access
endpoint descriptions" (auth/login, authentication/current-context), "Application endpoint descriptions" (apps/local), "System endpoint descriptions" (server/info).
"""

from __future__ import annotations

import http.client
import importlib
import io
import json
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from splreplay.errors import DataError, UsageError

RESULTS_MAX = 1_000
BYTES_MAX = 32 << 20  # of one answer: the macros of all apps of a large site are some megabytes
VERSION_MAX = 40  # characters
WORD_MAX = 4_096  # characters of a name or key that Splunk says
BUSY_TRIES, BUSY_S = 4, 2.0  # how often a busy Splunk is asked again, and after how long at first
NO_SPLUNK = "look whether this is its management port, and no proxy answers for it"
WHO = "ask as one who may search (role user), or give it more time with --timeout"
GO_ON = "run the same command again: it goes on where it stopped"


class RefusedError(Exception):
    """Splunk does not run a search, and says why."""


class SlowError(Exception):
    """Splunk does not answer a search in time."""


@dataclass(frozen=True)
class Secret:
    """Who asks: a token, or a user with a password."""

    token: str = ""
    user: str = ""
    password: str = ""


class Splunk:
    """A Splunk that was logged into."""

    def __init__(self, address: str, secret: Secret, context: ssl.SSLContext, timeout_s: float) -> None:
        """Log in.

        Args:
            address: `https://HOST:PORT` of its management port; without a port, 8089.
            secret: Who asks.
            context: How its certificate is checked.
            timeout_s: How long it may take for one answer.

        Raises:
            UsageError: For another address, a certificate that is not trusted, and a token or password that is not accepted.
            DataError: If it does not answer.
        """
        self.host, port = _place(address)
        self._timeout_s = timeout_s
        self._sdk = _splunklib()
        handler = _bounded(self._sdk.binding.handler(timeout=timeout_s, verify=True, context=context))
        who = {"splunkToken": secret.token} if secret.token else {"username": secret.user, "password": secret.password}
        self._service = self._sdk.client.Service(handler=handler, host=self.host, port=port, **who)
        try:
            self._ask(self._service.login)
            about = self._ask(self._about)
        except SlowError as error:
            raise DataError("Splunk does not answer", remedy=NO_SPLUNK) from error
        self.version, self.server_name = about

    @property
    def private(self) -> tuple[str, ...]:
        """The words that must not be written: the host, the server's name, the key of the session, and who the user is, by any name."""
        key = self._service.token  # that of a session is text; with a token there is none
        try:
            user = self.content("authentication/current-context")
        except (RefusedError, SlowError):
            user = {}
        names = [str(user.get(name) or "") for name in ("username", "realname", "email")]
        key = key.removeprefix("Splunk ") if isinstance(key, str) else ""
        return self.host, *(word[:WORD_MAX] for word in (self.server_name, key, *names))

    def _about(self) -> tuple[str, str]:
        """Return its version, which is numbers with dots, and its name."""
        about = self._service.info
        numbers = self._service.splunk_version
        version = ".".join(map(str, numbers))
        if len(version) > VERSION_MAX:
            raise ValueError("this is no version")
        return version, str(about["serverName"])

    def search(self, text: str, app: str = "search", earliest: str = "0", latest: str = "now") -> list[dict[str, Any]]:
        """Return what a search finds; RefusedError or SlowError if it does not run."""

        def run() -> list[dict[str, Any]]:
            # The time limit of the job itself is longer: a search that it ends would look like one with fewer results.
            answer = self._service.jobs.oneshot(
                text if text.startswith("|") else f"search {text}",
                app=app,
                output_mode="json",
                count=RESULTS_MAX,
                earliest_time=earliest,
                latest_time=latest,
                max_time=int(2 * self._timeout_s) + 1,
            )
            found = _json(answer.read())
            for message in found.get("messages", ()):
                if message["type"] in ("FATAL", "ERROR"):
                    raise RefusedError(str(message["text"]))
            return [dict(row) for row in found["results"]]

        rows: list[dict[str, Any]] = self._ask(run)
        return rows

    def send(self, event: str, index: str, host: str, source: str, sourcetype: str) -> None:
        """Write an event into an index; DataError if Splunk does not take it."""
        where = {"index": index, "host": host, "source": source, "sourcetype": sourcetype}
        try:
            self._ask(
                lambda: self._service.post("/services/receivers/simple", body=event.encode(), **where).body.read()
            )
        except (RefusedError, SlowError) as error:
            raise DataError(
                "Splunk does not take the events", remedy="ask as one who may write (capability edit_tcp)"
            ) from error

    def parse(self, text: str, app: str) -> None:
        """Have a search parsed, and not run, its subsearches neither; RefusedError if it is not accepted."""
        path = "search/parser" if self._service.disable_v2_api else "search/v2/parser"
        send = self._service.get if self._service.disable_v2_api else self._service.post
        self._ask(lambda: _json(send(path, app=app, q=text, parse_only="true", output_mode="json").body.read()))

    def names(self, path: str, app: str) -> set[str]:
        """Return the names of the objects at *path* (such as `data/ui/views`) that *app* sees."""
        # Without f, the views of a large site come whole, with some ten MB of definitions.
        return {str(entry["name"]) for entry in self._entries(path, app, f="title")}

    def content(self, path: str, app: str | None = None) -> dict[str, Any]:
        """Return what is said of the one object at *path* (such as `data/ui/views/NAME`); RefusedError if *app* does not see it."""
        for entry in self._entries(path, app):
            return dict(entry["content"])
        raise RefusedError("it is not there")

    def apps(self) -> dict[str, str]:
        """Return the version of each app; those without one have none. UsageError if Splunk does not say."""
        try:
            entries = self._entries("apps/local", "search")
        except (RefusedError, SlowError) as error:
            raise UsageError("Splunk does not list its apps for this user", WHO) from error
        return {one["name"]: str(one["content"].get("version", "")) for one in entries}

    def _entries(self, path: str, app: str | None, **more: str) -> list[dict[str, Any]]:
        def read() -> list[dict[str, Any]]:
            entries = _json(self._service.get(path, app=app, output_mode="json", count=0, **more).body.read())["entry"]
            return [{"name": str(entry["name"]), "content": dict(entry.get("content") or {})} for entry in entries]

        entries: list[dict[str, Any]] = self._ask(read)
        return entries

    def _ask(self, request: Callable[[], Any]) -> Any:
        """Return what a request gives; ask again while Splunk is busy."""
        for attempt in range(BUSY_TRIES):
            try:
                return self._once(request)
            except _BusyError:
                time.sleep(BUSY_S * 2**attempt)
        raise DataError("Splunk is busy (status 429 or 503), and stays so", remedy=GO_ON)

    def _once(self, request: Callable[[], Any]) -> Any:
        try:
            return request()
        except self._sdk.binding.AuthenticationError as error:
            remedy = "look at SPLUNK_TOKEN, or SPLUNK_USER and SPLUNK_PASSWORD; a token may have expired"
            raise UsageError("Splunk does not accept the token, or the user and password", remedy) from error
        except self._sdk.binding.HTTPError as error:
            if error.status in (429, 503):
                raise _BusyError from error
            if error.status == 403:
                raise RefusedError("this user may not ask that (status 403)") from error
            raise RefusedError(_message(error)) from error
        except TimeoutError as error:
            raise SlowError from error
        except ssl.SSLCertVerificationError as error:
            remedy = "name the certificate of its authority with --ca FILE, or give up the check with --insecure"
            raise UsageError(f"the certificate of Splunk is not trusted: {error.verify_message}", remedy) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or "it broke off"
            raise DataError(f"the connection to Splunk failed: {reason}", remedy=GO_ON) from error
        except (
            SyntaxError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            RecursionError,
        ) as error:  # ParseError is a SyntaxError
            raise DataError("what answers is no Splunk", remedy=NO_SPLUNK) from error


class _BusyError(Exception):
    """Splunk asks to be asked later."""


def trust(ca: Path | None, insecure: bool) -> ssl.SSLContext:
    """Return how the certificate is checked: by the system's authorities, those of the file *ca*, or not at all."""
    try:
        context = ssl.create_default_context(cafile=ca)
        context.sslsocket_class = _Hurried
    except (ssl.SSLError, OSError) as error:
        raise UsageError(f"{ca} holds no certificate", "give a file of certificates in PEM") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _place(address: str) -> tuple[str, int]:
    """Return the host and the port of an address; UsageError for one that is more than these, or not https."""
    wrong = UsageError("--splunk is no address", "write https://HOST:8089, without user and password")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 8089
    except ValueError as error:
        raise wrong from error
    if (
        parts.scheme != "https"
        or not host
        or "@" in parts.netloc
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise wrong
    return host, port


def _splunklib() -> Any:
    """Return the package splunklib with its client: the installed one, or that of this checkout's lib/."""
    try:
        importlib.import_module("splunklib.client")
    except ModuleNotFoundError:
        sys.path.append(str(Path(__file__).resolve().parents[2] / "lib"))
        try:
            importlib.import_module("splunklib.client")
        except ModuleNotFoundError as error:
            remedy = "pip install 'splreplay[ask]', or in a checkout: python build.py vendor"
            raise UsageError("ask needs splunk-sdk, which is not installed", remedy) from error
    return sys.modules["splunklib"]


def _json(content: bytes) -> dict[str, Any]:
    """Return the object that an answer is; RefusedError for an empty one, TypeError or ValueError for none."""
    if not content.strip():
        raise RefusedError("the answer is empty")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DataError("what answers is no Splunk", remedy=NO_SPLUNK)
    return found


class _Hurried(ssl.SSLSocket):
    """A socket whose time limit is that of the whole answer, and not of each of its parts, which may come one by one."""

    _until: float | None = None

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """Receive a part; TimeoutError behind the limit."""
        now = time.monotonic()
        if self._until is None:
            self._until = now + (self.gettimeout() or 0)
        self.settimeout(max(self._until - now, 0.001))
        return super().recv_into(buffer, nbytes, flags)


def _bounded(send: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return splunklib's handler *send*, whose answers are read here, at most BYTES_MAX of each.

    Raises:
        DataError: For one that is longer, or leads elsewhere, as none of Splunk's does.
        IncompleteRead: For one that breaks off.
    """

    def bounded(url: str, message: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = send(url, message, **more)
        if 300 <= answer["status"] < 400:
            raise DataError(f"what answers leads elsewhere (status {answer['status']})", remedy=NO_SPLUNK)
        content = answer["body"].read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise DataError(f"an answer is longer than {BYTES_MAX >> 20} MB", remedy=NO_SPLUNK)
        length = {name.lower(): value for name, value in answer["headers"]}.get("content-length", "0")
        if int(length) > len(content):
            raise http.client.IncompleteRead(content)
        return answer | {"body": io.BytesIO(content)}

    return bounded


def _message(error: Any) -> str:
    """Return what an HTTP error says: its messages, in JSON or XML, or its status."""
    try:
        messages = json.loads(error.body)["messages"]
        return " ".join(str(message["text"]) for message in messages)
    except (ValueError, KeyError, TypeError, RecursionError):
        return str(error)
