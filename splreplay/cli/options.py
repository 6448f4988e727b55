"""What the subcommands share: the options that say which apps a search runs in."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from splreplay import engine
from splreplay.app import App
from splreplay.app.layers import AppFolder
from splreplay.errors import UsageError


def add_app(parser: argparse.ArgumentParser) -> None:
    """Add --app and --macro to *parser*."""
    parser.add_argument(
        "--app",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="the app that searches run in (default: this checkout); repeated, other apps whose exported objects it sees",
    )
    parser.add_argument(
        "--macro",
        metavar="NAME=DEFINITION",
        action="append",
        default=[],
        help="replace a macro for this run; repeatable",
    )


def app_of(options: argparse.Namespace, defaults: Mapping[str, str] | None = None) -> App:
    """Return the app that the options name; *defaults* are macros that it need not have.

    Raises:
        UsageError: If a folder is no app.
    """
    own, *others = options.app or [engine.app_folder()]
    for folder in (own, *others):
        if not AppFolder(folder).is_app:
            raise UsageError(f"--app {folder} is no app: it has neither default/ nor local/, lookups/ or macros/")
    return App(own, options.macro, others, defaults or {})
