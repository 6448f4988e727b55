"""Run the searches that ship, and others, over recorded Windows logs, without a Splunk.

These are the names by which a program uses the engine. Each is imported when it is first used, because the database and the
readers behind them take long to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from splreplay.app import App
    from splreplay.engine import Replayed, replay
    from splreplay.errors import DataError, SplError, SplSyntaxError, UnsupportedError, UsageError
    from splreplay.output import Notice, Results
    from splreplay.planning import Plan, plan
    from splreplay.recording import Recording, record
    from splreplay.run import Means
    from splreplay.times import TimeRange

__all__ = [
    "App",
    "DataError",
    "Means",
    "Notice",
    "Plan",
    "Recording",
    "Replayed",
    "Results",
    "SplError",
    "SplSyntaxError",
    "TimeRange",
    "UnsupportedError",
    "UsageError",
    "plan",
    "record",
    "replay",
]

_HOME = {
    **dict.fromkeys(("Replayed", "replay"), "engine"),
    **dict.fromkeys(("Recording", "record"), "recording"),
    **dict.fromkeys(("DataError", "SplError", "SplSyntaxError", "UnsupportedError", "UsageError"), "errors"),
    **dict.fromkeys(("Notice", "Results"), "output"),
    **dict.fromkeys(("Plan", "plan"), "planning"),
    "App": "app",
    "Means": "run",
    "TimeRange": "times",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'splreplay' has no attribute {name!r}")
    return getattr(importlib.import_module(f"splreplay.{_HOME[name]}"), name)
