"""The profile with which random input is made."""

from __future__ import annotations

from hypothesis import settings

AT_IMPORT = settings()


def test_no_example_has_a_deadline():
    """A test takes the profile that is loaded when its module is imported, as this one is."""
    assert AT_IMPORT.deadline is None
