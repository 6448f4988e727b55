"""A web server that nobody should request anything from."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def canary() -> Iterator[tuple[str, list[str]]]:
    """Yield the server's address and the paths that were requested from it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Note the path."""
            asked.append(self.path)
            self.send_error(404)

        do_POST = do_GET  # noqa: N815 - likewise; a ping is one

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
