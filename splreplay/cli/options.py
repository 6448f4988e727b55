"""The options that several commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from splreplay.cim import ADDONS


def add_logs(parser: argparse.ArgumentParser, option: str | None = None) -> None:
    """Add the logs, as an *option* or by place, --strict, --cache, --app, --macro, --python, --no-commands and --geoip."""
    add_log_names(parser, option)
    parser.add_argument(
        "--cache",
        metavar="DIR",
        type=Path,
        help="keep the events that were read in this folder, where later runs over the same logs find them",
    )
    add_app(parser)
    add_python(parser)


def add_log_names(parser: argparse.ArgumentParser, option: str | None = None) -> None:
    """Add the logs, as an *option* or by place, and --strict."""
    what = "event XML, .evtx, JSON or CSV, .gz too, or a folder of them, or a glob; - is standard input"
    if option:
        parser.add_argument(option, dest="logs", metavar="LOG", nargs="+", action="extend", required=True, help=what)
    else:
        parser.add_argument("logs", metavar="LOG", nargs="+", help=what)
    parser.add_argument(
        "--strict", action="store_true", help="fail where a log cannot be read, instead of passing it over"
    )


def add_app(parser: argparse.ArgumentParser) -> None:
    """Add --app and --macro."""
    add_app_folders(parser)
    parser.add_argument(
        "--macro",
        metavar="NAME=DEFINITION",
        action="append",
        default=[],
        help="replace or define a macro for this run, as in NAME(field)=DEFINITION where it takes arguments; repeatable",
    )


def add_app_folders(parser: argparse.ArgumentParser) -> None:
    """Add --app."""
    parser.add_argument(
        "--app",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="the app that searches run in (default: the current folder, where it is one); repeated, other apps whose exported objects it sees",
    )


def add_time(parser: argparse.ArgumentParser) -> None:
    """Add --earliest and --latest."""
    parser.add_argument(
        "--earliest", metavar="T", help="start of the time range: epoch seconds, -24h@h, or an ISO date"
    )
    parser.add_argument("--latest", metavar="T", help="end of the time range, exclusive")


class Output(NamedTuple):
    """What --output names: a file, and the format that stands before it; None where the name of the file tells it."""

    format: str | None
    path: Path


def add_output(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    """Add --format and --output."""

    def output(text: str) -> Output:
        format_, equals, path = text.partition("=")
        named = bool(equals) and format_ in formats
        if not (path if named else text):
            raise argparse.ArgumentTypeError("name a file")
        return Output(format_, Path(path)) if named else Output(None, Path(text))

    parser.add_argument(
        "--format",
        choices=formats,
        help="how it is written (default: what the name of --output asks for, or a table)",
    )
    parser.add_argument(
        "--output",
        metavar="[FORMAT=]FILE",
        dest="outputs",
        type=output,
        action="append",
        default=[],
        help="write it there instead of to standard output, in the format that stands before it or that its name tells; repeatable",
    )


def add_addon(
    parser: argparse.ArgumentParser,
    default: str | None = "current",
    meaning: str = "how Sysmon is mapped to the CIM (default: %(default)s)",
) -> None:
    """Add --addon."""
    parser.add_argument("--addon", choices=ADDONS, default=default, help=meaning)


def add_python(parser: argparse.ArgumentParser) -> None:
    """Add --python, --no-commands and --geoip: what a run may use."""
    parser.add_argument("--python", metavar="FILE", default=sys.executable, help="interpreter for the app's commands")
    parser.add_argument("--no-commands", action="store_true", help="refuse the app's commands, which run its code")
    parser.add_argument(
        "--geoip", metavar="FILE", type=Path, help="database of addresses for iplocation, in the MaxMind format (.mmdb)"
    )
