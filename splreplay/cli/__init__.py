"""The command line: results on standard output, everything else on standard error.

Exit status: 0 ran, 2 usage or something that replay does not run, 3 unreadable input, or a file system that refuses, 130
interrupted.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from comparison import compare
from splreplay import cim, engine, reads
from splreplay.app import App
from splreplay.cli.explain import explain
from splreplay.cli.options import add_app, app_of
from splreplay.cli.progress import Progress
from splreplay.detections import check, test
from splreplay.errors import DataError, SplError, UsageError
from splreplay.output import FORMATS, printable


def main(arguments: Sequence[str]) -> int:
    """Run the command line *arguments* and return the exit status."""
    options = argument_parser().parse_args(_tied(arguments))
    try:
        return int(options.run(options))
    except DataError as error:
        return _fail(error, 3)
    except SplError as error:
        return _fail(error, 2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130  # as a shell has it: 128 and the number of the signal
    except BrokenPipeError:
        # The reader of the output is gone (`| head`): nothing is left to tell it.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open until the end
        return 0
    except OSError as error:  # a name that is too long, a folder that may not be read, a disk that is full
        return _fail(SplError(f"{error.filename or 'the output'} cannot be used: {error.strerror}"), 3)


def _tied(arguments: Sequence[str]) -> list[str]:
    """Return *arguments* with each time tied to its option: argparse would take `-24h@h` for another option."""
    tied: list[str] = []
    for argument in arguments:
        if tied and tied[-1] in ("--earliest", "--latest") and re.match(r"-\d*[a-z]", argument, re.I):
            tied[-1] += f"={argument}"
        else:
            tied.append(argument)
    return tied


def argument_parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    parser = argparse.ArgumentParser(prog="python -m splreplay", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run one search over recorded logs and print its results")
    _common(run)
    what = run.add_mutually_exclusive_group()
    what.add_argument(
        "--search", metavar="NAME", default=compare.SCHEDULED, help="saved search of the app (default: %(default)s)"
    )
    what.add_argument("--spl", metavar="TEXT|@FILE", help="search text, or @ and the file that holds it")
    run.add_argument(
        "--addon",
        choices=cim.ADDONS,
        default="current",
        help="how Sysmon is mapped to the CIM (default: %(default)s)",
    )
    run.add_argument("--earliest", metavar="T", help="start of the time range: epoch seconds, -24h@h, or an ISO date")
    run.add_argument("--latest", metavar="T", help="end of the time range, exclusive")
    run.add_argument(
        "--format", choices=[*FORMATS, "html"], default="table", help="how results are written (default: %(default)s)"
    )
    run.add_argument(
        "--output", metavar="FILE", type=Path, help="write the results there instead of to standard output"
    )
    run.add_argument(
        "--collect", metavar="DIR", type=Path, help="where collect writes events, and search finds them again"
    )
    run.add_argument("--explain", action="store_true", help="show the search at every stage, on standard error")
    run.set_defaults(run=_run)
    comparing = commands.add_parser("compare", help="what the published search finds, what ours finds, and the alerts")
    _common(comparing)
    comparing.set_defaults(run=_compare)
    check.add_parser(commands)
    test.add_parser(commands)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "logs", metavar="LOG", nargs="+", help="event XML, .evtx or JSON lines, .gz too; - is standard input"
    )
    parser.add_argument(
        "--cache",
        metavar="DIR",
        type=Path,
        help="keep the events that were read in this folder, where later runs over the same logs find them",
    )
    add_app(parser)
    parser.add_argument("--python", metavar="FILE", default=sys.executable, help="interpreter for the app's commands")


def _run(options: argparse.Namespace) -> int:
    if options.format == "html" and options.output is None and sys.stdout.isatty():
        raise UsageError("a report is read in a browser, not in a terminal; write it into a file with --output FILE")
    app = app_of(options)
    search = _search_text(options, app)
    now = time.time()
    # What is wrong with the search, the times or the place of the results is said before a large log is read.
    pipeline = app.parse(search)
    engine.time_range(options.earliest, options.latest, now)
    if options.output is not None and (options.output.is_dir() or not options.output.parent.is_dir()):
        raise UsageError(f"--output {options.output} cannot be written: name a file in a folder that is there")
    recording = _record(options, reads.fields([pipeline], [options.addon]))
    replayed = engine.replay(
        recording,
        app,
        search,
        options.addon,
        earliest=options.earliest,
        latest=options.latest,
        now=now,
        python=options.python,
        collect=options.collect,
    )
    if options.explain:
        print(explain(search, replayed), file=sys.stderr)
    _warn(replayed.results.warnings)
    if options.format == "html":
        from splreplay import report  # with Jinja2 it takes a tenth of the start-up, which no other run needs

        name = options.search if options.spl is None else ""
        run = report.about(recording, app, name, search, options.addon, options.earliest, options.latest, now)
        text = report.html(run, replayed.results)
    else:
        text = FORMATS[options.format](replayed.results)
    if options.output is None:
        print(text, end="", flush=True)
        return 0
    try:
        options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"the results cannot be written: {error.strerror}", str(options.output)) from error
    return 0


def _search_text(options: argparse.Namespace, app: App) -> str:
    if options.spl is None:
        return app.saved_search(options.search).search
    if not options.spl.startswith("@"):
        return str(options.spl)
    try:
        return Path(options.spl[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise DataError(f"the search cannot be read: {reason}", options.spl[1:]) from error


def _compare(options: argparse.Namespace) -> int:
    app = app_of(options)
    searches = [app.parse(app.saved_search(name).search) for name in compare.SEARCHES]
    recording = _record(options, reads.fields(searches, cim.ADDONS))
    print(compare.text(recording, app, options.python), end="", flush=True)
    return 0


def _record(options: argparse.Namespace, fields: Sequence[str]) -> engine.Recording:
    progress = Progress(sys.stderr)
    try:
        recording = engine.record(options.logs, fields, cache=options.cache, progress=progress.show)
    finally:
        progress.clear()
    _warn(recording.report.warnings)
    return recording


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        print(f"warning: {printable(warning)}", file=sys.stderr)


def _fail(error: SplError, status: int) -> int:
    print("\n".join(printable(line) for line in str(error).splitlines()), file=sys.stderr)
    return status
