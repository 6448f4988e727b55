"""A short run of the readers' fuzzer; a long one by hand: `python -m tests.logs.fuzz --cases 50000`."""

from __future__ import annotations

import os
import random

import pytest

from tests.logs import fuzz

pytestmark = pytest.mark.slow

CASES = int(os.environ.get("REPLAY_FUZZ_CASES", "250"))


def test_fuzz(tmp_path, monkeypatch):
    """Damaged logs give events, bad events or one of our errors; the fast readers give what the exact ones do."""
    for module, size in fuzz.SIZES:  # each case sets it
        monkeypatch.setattr(module, size, 0)
    seen = {fuzz.check(random.Random(f"1.{number}"), tmp_path) for number in range(CASES)}
    assert {"events", "bad events", "an error"} == seen


@pytest.mark.parametrize("wrap", fuzz.WRAPS)
def test_every_wrap_is_a_log(tmp_path, wrap):
    """What the fuzzer hides events in is read; otherwise it would test nothing."""
    path = tmp_path / "log"
    path.write_bytes(wrap(b"\n".join(fuzz.EVENTS["xml"])))
    rows, _, _ = fuzz.outcome(fuzz.READERS["xml"].read, path)
    assert len(rows) > 10
