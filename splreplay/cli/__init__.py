"""The command line: results on standard output, everything else on standard error.

Exit status: 0 ran, 2 usage or something that replay does not run, 3 unreadable input, or a file system that refuses, 4 ran, but
logs were passed over, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from splreplay import interrupt, limits, resources
from splreplay.cli.options import add_addon, add_app, add_app_folders, add_logs, add_output, add_python, add_time
from splreplay.errors import DataError, SplError
from splreplay.output import FORMATS, printable


def main(arguments: Sequence[str]) -> int:
    """Run the command line *arguments* and return the exit status."""
    options = argument_parser().parse_args(_tied(arguments))
    return exit_status(lambda: options.run(options))


def guarded(main: Callable[[], int]) -> int:
    """Return what *main* returns, the work of a whole process: within `resources`, and ended by Ctrl-C at any moment."""

    def bounded() -> int:
        resources.bound_process()
        return main()

    return interrupt.guard(lambda: exit_status(bounded))


def exit_status(work: Callable[[], int]) -> int:
    """Return what *work* returns, or the exit status of the error that it raises, which is printed."""
    try:
        return work()
    except (KeyboardInterrupt, Exception) as error:
        # A query that is broken off is an error of DuckDB's.
        if isinstance(error, KeyboardInterrupt) or interrupt.asked() or str(error) == "Query interrupted":
            print("interrupted", file=sys.stderr)
            return interrupt.STATUS
        return _told(error)


def _told(error: Exception) -> int:
    """Print an error that may come up, and return its exit status; raise any other."""
    match error:
        case DataError():
            return _fail(error, 3)
        case SplError():
            return _fail(error, 2)
        case MemoryError():
            return _fail(resources.exceeded(error), 2)
        case BrokenPipeError():
            # The reader of the output is gone (`| head`): nothing is left to tell it.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open until the end
            return 0
        case OSError():  # a name that is too long, a folder that may not be read, a disk that is full
            return _fail(SplError(f"{error.filename or 'the output'} cannot be used: {error.strerror}"), 3)
    if database := sys.modules.get("duckdb"):  # --help needs none
        if isinstance(error, database.OutOfMemoryException):
            return _fail(resources.exceeded(error), 2)
        if refused := resources.refused(error):
            return _fail(refused, 3)
    raise error


def _fail(error: SplError, status: int) -> int:
    print("\n".join(printable(line) for line in str(error).splitlines()), file=sys.stderr)
    return status


def _tied(arguments: Sequence[str]) -> list[str]:
    """Return *arguments* with each time joined to its option: argparse would read `-24h@h` as another option."""
    tied: list[str] = []
    for argument in arguments:
        if tied and tied[-1] in ("--earliest", "--latest") and re.match(r"-\d*[a-z]", argument, re.I):
            tied[-1] += f"={argument}"
        else:
            tied.append(argument)
    return tied


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a call and where to read on: below all options, nobody would find it."""

    def error(self, message: str) -> NoReturn:
        """Leave with status 2."""
        self.exit(2, f"{printable(f'{self.prog}: {message}')}\n{self.prog} --help says how it is called\n")


def argument_parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    parser = _Parser(prog="splreplay", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_run(commands.add_parser("run", help="run one search over recorded logs and print its results"))
    _add_check(
        commands.add_parser(
            "check",
            help="say which detections can be run, and what is likely wrong with them, without data",
            description="Parse, plan and compile detections without data. "
            "Exit status: 0 all can be run, 2 not all (with --strict also findings), 3 a file is unreadable.",
        )
    )
    _add_test(
        commands.add_parser(
            "test",
            help="run the tests of detections over their recordings",
            description="Run the tests of detections over their recordings; nothing is downloaded. "
            "Exit status: 0 all passed, or were skipped but for one or more, 1 some failed or were blind, 2 usage, a search that "
            "replay does not run, or all were skipped, "
            "3 a file is unreadable.",
        )
    )
    _add_hunt(
        commands.add_parser(
            "hunt",
            help="run many detections over many logs: what fired, who is at risk, what could not be seen",
            description="Run all detections over all logs, read once. "
            "Exit status: 0 something fired, 1 nothing did, 2 usage, or nothing could be seen, 3 a file is unreadable, "
            "4 logs were passed over; with --fail-on: 1 such a detection fired, 0 none did, 2 none of them could see anything.",
        )
    )
    _add_ask(
        commands.add_parser(
            "ask",
            help="ask a real Splunk what no document says, and compare its answers with replay's",
            description="Ask a real Splunk, over its management port, what no document says. Nothing is written to it, unless --write is given. Who asks is "
            "in the environment, SPLUNK_TOKEN or SPLUNK_USER and SPLUNK_PASSWORD, or is asked for. "
            "Exit status: 0 asked, 2 usage, 3 Splunk does not answer; what it answered before is in the file.",
        )
    )
    return parser


def _add_ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--splunk", metavar="URL", required=True, help="https://HOST:8089, its management port")
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=_json_file,
        default=Path("splunk-answer.json"),
        help="where the answer is kept, as JSON, and the page beside it; what it holds is not asked again (default: %(default)s)",
    )
    parser.add_argument("--ca", metavar="FILE", type=Path, help="certificates of the authority of Splunk's, in PEM")
    parser.add_argument(
        "--insecure", action="store_true", help="do not check the certificate: anyone in between can read what is sent"
    )
    parser.add_argument(
        "--write",
        metavar="INDEX",
        type=_index,
        help="send the recording that ships to this index and compare what the searches find in it, and what collect writes (default: nothing is written)",
    )
    parser.add_argument(
        "--timeout", metavar="S", type=_between(1, 600), default=30, help="seconds for one answer (default: 30)"
    )
    parser.add_argument(
        "--at-most",
        metavar="N",
        type=_between(1, 10_000),
        default=2_000,
        help="how many searches one run sends (default: 2000)",
    )
    parser.add_argument(
        "--minutes", metavar="M", type=_between(1, 1_440), default=60, help="how long one run asks (default: 60)"
    )
    add_app_folders(parser)  # and no --macro: the site has its own
    parser.set_defaults(run=_run_of("splreplay.cli.ask"), macro=[])


def _json_file(text: str) -> Path:
    """Return a path whose name ends in .json, beside which a page has room."""
    if Path(text).suffix != ".json":
        raise argparse.ArgumentTypeError("write a name that ends in .json")
    return Path(text)


def _index(text: str) -> str:
    """Return the name of an index (indexes.conf.spec); an error for what is none."""
    if not re.fullmatch(r"[a-z0-9_][a-z0-9_-]{0,79}", text):
        raise argparse.ArgumentTypeError("write the name of an index")
    return text


def _between(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers, with an error for others."""

    def number(text: str) -> int:
        if not least <= (value := int(text)) <= most:
            raise argparse.ArgumentTypeError(f"write a number from {least} to {most}")
        return value

    return number


def _add_hunt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "detections",
        metavar="DETECTION",
        nargs="+",
        type=Path,
        help="security_content YAML, a savedsearches.conf, a folder of them, or an app",
    )
    add_logs(parser, "--log")
    add_addon(parser)
    add_time(parser)
    parser.add_argument(
        "--jobs", metavar="N", type=_between(1, 64), help="processes that run searches (default: one for each core)"
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=_between(1, 86_400),
        default=limits.SEARCH_S,
        help="how many seconds the search of one detection may take (default: 300)",
    )
    add_output(parser, ("table", "json", "csv", "safe-csv", "html", "navigator"))
    parser.add_argument(
        "--fail-on",
        metavar="TYPE|SCORE",
        action="append",
        default=[],
        type=_threshold,
        help="exit status 1 if a detection of this type (TTP …), or with this risk score or more, fired, else 0; repeatable",
    )
    parser.set_defaults(run=_run_of("splreplay.cli.hunt"))


def _threshold(text: str) -> str:
    """Return a type of detection or a score; an error for what is neither."""
    if not re.fullmatch(r"[A-Za-z]+|\d{1,3}(\.\d+)?", text):
        raise argparse.ArgumentTypeError("write a type, such as TTP, or a risk score, such as 80")
    return text


def _add_run(parser: argparse.ArgumentParser) -> None:
    add_logs(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--search", metavar="NAME", help="saved search of the app (default: the first that it has on a schedule)"
    )
    what.add_argument("--spl", metavar="TEXT|@FILE", help="search text, or @ and the file that holds it")
    what.add_argument(
        "--detection",
        metavar="FILE",
        type=Path,
        help="security_content YAML: its search, with a filter macro that keeps all",
    )
    add_addon(parser)
    add_time(parser)
    add_output(parser, [*FORMATS, "html"])
    parser.add_argument(
        "--collect", metavar="DIR", type=Path, help="where collect writes events, and search finds them again"
    )
    parser.add_argument(
        "--outputlookup",
        metavar="DIR",
        type=Path,
        help="where outputlookup writes lookups, and searches find them before the app's",
    )
    parser.add_argument("--explain", action="store_true", help="show the search at every stage, on standard error")
    parser.set_defaults(run=_run_of("splreplay.cli.run"))


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        metavar="FILE|DIR",
        nargs="+",
        type=Path,
        help="security_content YAML or a savedsearches.conf, or folders",
    )
    add_app(parser)
    add_addon(parser)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how the verdicts are written (default: %(default)s)"
    )
    parser.add_argument("--strict", action="store_true", help="findings fail the run too")
    parser.set_defaults(run=_run_of("splreplay.detections.check"))


def _add_test(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", metavar="FILE|DIR", nargs="+", type=Path, help="security_content YAML with tests, or folders"
    )
    add_app(parser)
    add_python(parser)
    add_addon(
        parser, None, "run only this add-on, of tests that name any; those that name none run on it (default: current)"
    )
    parser.add_argument(
        "-k", metavar="TEXT", default="", help="run only tests with this in their file or name, in any case"
    )
    parser.add_argument(
        "--attack-data",
        metavar="DIR",
        type=Path,
        help="a local mirror: an address of attack_data is the file below DIR whose path is the longest end of its own",
    )
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write the outcomes there too, as JUnit XML")
    parser.set_defaults(run=_run_of("splreplay.detections.test"))


def _run_of(module: str) -> Callable[[argparse.Namespace], int]:
    """Return the `run` of a module that is imported when it is called: --help needs none, and no command needs all."""

    def run(options: argparse.Namespace) -> int:
        return int(importlib.import_module(module).run(options))

    return run
