"""A short run of the fuzz; RBAENRICH_FUZZ_CHUNKS=100000, or the script itself, makes it a long one."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.command.splunkd import REPO

pytestmark = pytest.mark.slow

CHUNKS = os.environ.get("RBAENRICH_FUZZ_CHUNKS", "2500")


def test_fuzz(python: str) -> None:
    """Thousands of broken and hostile chunks each get the right answer or one clear error."""
    script = str(REPO / "tests" / "command" / "fuzz.py")
    result = subprocess.run([python, script, "--chunks", CHUNKS], capture_output=True, text=True)
    assert (0, "") == (result.returncode, result.stderr), result.stderr
