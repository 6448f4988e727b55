"""What all parts of the specification share: where the repository is, and the recorded attacks beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

REPO = Path(__file__).resolve().parent.parent

# Where Python is told to keep no compiled modules, as in many containers, each process that a test starts would compile them anew:
# half of what most of them do.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A test takes the profile that is loaded when its module is imported, so we load it here, before any of them. A deadline would
# fail a test because the machine is busy.
settings.register_profile("replay", deadline=None)
settings.load_profile("replay")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow tests first, so that no core is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings; a test that needs it is skipped if it is absent."""
    folder = REPO.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the recorded attacks (../shared/data) are not on this machine")
    return folder
