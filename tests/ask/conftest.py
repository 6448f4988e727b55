"""The command `ask` beside a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from splreplay.ask import client
from splreplay.cli import main
from tests.ask.server import CERTIFICATE, TOKEN, Fake, serving


class Said(NamedTuple):
    """What the command returned and printed."""

    status: int
    out: str
    err: str


class Asking:
    """The command, its environment and its file."""

    def __init__(self, fake: Fake, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.fake, self.file, self._capsys = fake, folder / "answer.json", capsys
        self._app = folder / "app"  # without vectors: the questions are enough here
        (self._app / "default").mkdir(parents=True)

    def __call__(self, *more: str, at_most: int = 4, ca: Path | None = CERTIFICATE) -> Said:
        """Run the command."""
        words = ["ask", "--splunk", self.fake.address, "--output", str(self.file), "--at-most", str(at_most)]
        trusted = ["--ca", str(ca)] if ca else []
        status = main([*words, *trusted, "--app", str(self._app), *more])
        return Said(status, *self._capsys.readouterr())

    def found(self, section: str = "questions") -> dict[str, dict[str, Any]]:
        """Return what the file holds, without the digests."""
        records = json.loads(self.file.read_text(encoding="utf-8")).get(section, {})
        return {name: {key: record[key] for key in record if key != "asked"} for name, record in records.items()}


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Asking]:
    """The command with a token, and a server."""
    for name in ("SPLUNK_USER", "SPLUNK_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SPLUNK_TOKEN", TOKEN)
    monkeypatch.setattr(client, "BUSY_S", 0.0)
    with serving(Fake()) as fake:
        yield Asking(fake, tmp_path, capsys)
