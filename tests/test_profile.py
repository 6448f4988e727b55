"""The profile with which Hypothesis makes random input."""

from __future__ import annotations

from hypothesis import settings

AT_IMPORT = settings()


def test_no_example_has_a_deadline():
    """A test takes the profile that is loaded when its module is imported; so does this one."""
    assert AT_IMPORT.deadline is None
