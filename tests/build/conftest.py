"""What the tests of the build share: a small app of two detections, and a repository to build from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from builder import vendor

APP = Path(__file__).parent / "app"
REPO = Path(__file__).parents[2]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of tests/build/app that may be changed: its package/ and the files that are rendered from it."""
    return shutil.copytree(APP, tmp_path / "app")


@pytest.fixture(scope="session")
def repo() -> Path:
    """This repository, with lib/ filled."""
    if not vendor.is_vendored(REPO):
        pytest.fail("lib/ is not filled: run python build.py vendor")
    return REPO
