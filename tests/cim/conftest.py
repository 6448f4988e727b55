"""What the tests of data models share with those of logs: events as text, and one call that loads them."""

from tests.logs.conftest import loaded

__all__ = ["loaded"]
