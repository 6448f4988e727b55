"""`python -m dashboard`: its exit status where a log cannot be read is that of `replay run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard import __main__ as dashboard
from splreplay.app import App
from tests.conftest import REPO
from tests.program import splreplay

ATTACK = str(REPO / "tests/recordings/installutil_attack.xml")
NO_LOG = str(REPO / "README.md")


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (3, [NO_LOG]),
        (3, ["--strict", NO_LOG, ATTACK]),
        (2, ["--earliest", "soon", ATTACK]),
        (4, [NO_LOG, ATTACK]),
        (0, [ATTACK]),
    ],
)
def test_status(status: int, arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is 3 for what cannot be read, 2 for usage, 4 where logs were passed over; the renderer is left out here."""
    monkeypatch.setattr(dashboard, "tool", lambda name: "true")
    monkeypatch.setattr(dashboard, "ROOT", tmp_path)
    monkeypatch.setattr(dashboard, "OUT", tmp_path / "dist")
    monkeypatch.setattr(dashboard, "App", lambda folder: App(REPO))
    assert status == splreplay(*arguments, main=dashboard.main).status
