"""Fixtures of the command's specification: an app folder, and the Pythons that Splunk ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command.pythons import INTERPRETERS
from tests.command.splunkd import build_app


@pytest.fixture(scope="session", params=INTERPRETERS, ids=lambda version: f"python{version}")
def python(request: pytest.FixtureRequest) -> str:
    """Each Python that Splunk ships, or the running one if neither is installed."""
    path = INTERPRETERS[request.param]
    if path is None:
        pytest.skip(f"Python {request.param}, which Splunk ships, is neither on PATH nor in pyenv")
    return path


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app with the lookups that ship; a test must not change it."""
    return build_app(tmp_path_factory.mktemp("apps") / "DA-ESS-InstallUtilRBA")
