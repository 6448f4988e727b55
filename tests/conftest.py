"""What every room of the specification shares: where the repository is, and the recorded attacks beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings; a test that needs it is skipped where it is absent."""
    folder = REPO.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the recorded attacks (../shared/data) are not on this machine")
    return folder
