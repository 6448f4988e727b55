"""`ask`: settle against a real Splunk what no document says."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
from collections import Counter

from splreplay import interrupt
from splreplay.ask import asking, language, site, writing
from splreplay.ask.answer import VERDICTS, take_up
from splreplay.ask.app import of_app
from splreplay.ask.client import GO_ON, Secret, Splunk, trust
from splreplay.cli.inputs import app_of
from splreplay.cli.progress import Progress
from splreplay.errors import UsageError
from splreplay.output import printable


def run(options: argparse.Namespace) -> int:
    """Ask a Splunk, and return 0; what it answered before an error is in the file."""
    app = app_of(options)
    context = trust(options.ca, options.insecure)
    if options.insecure:
        _say(
            "the certificate is not checked: whoever stands between can read the password or the token, and answer for Splunk"
        )
    secret = _secret()
    splunk = Splunk(options.splunk, secret, context, options.timeout)
    private = (*splunk.private, secret.user, secret.password, secret.token)
    answer = take_up(options.output, splunk.version, private)
    there = site.look(splunk)
    answer.apps = {name: there.apps[name] for name in site.APPS if name in there.apps}
    answer.lacks = there.lacks
    folder = app.folder / "tests" / "vectors"
    if not folder.is_dir():
        _say("there are no vectors here: the language is asked by its questions alone; a checkout has them")
    vectors = list(language.vectors(folder, app))
    answer.left_out = asking.left_out(vectors)
    tasks = [*asking.of_questions(), *of_app(app, there), *asking.of_language(vectors)]
    open_ = [task for task in tasks if not answer.has(task.section, task.name, task.search)]
    progress = Progress(sys.stderr)
    try:
        until = time.monotonic() + 60 * options.minutes
        asked = asking.ask(open_[: options.at_most], splunk, there, app, answer, progress.count, until)
        if options.write:
            progress.clear()
            writing.compare(splunk, app, options.write, answer, there)
    finally:
        progress.clear()
        if interrupt.asked():
            _say(f"{options.output} has what was answered: {GO_ON}")
    for text in answer.lacks:
        _say(f"lacking: {text}")
    for text in answer.left_out:
        _say(f"left out: {text}")
    verdicts = Counter(record["verdict"] for records in answer.found.values() for record in records.values())
    for verdict, meaning in VERDICTS.items():
        print(f"{verdicts[verdict]:6,} {meaning}")
    if len(open_) > asked:
        _say(f"{len(open_) - asked:,} are left: {GO_ON}")
    page = options.output.with_suffix(".md")
    print(f"written: {printable(f'{options.output} and, to read, {page}')}; look through both before you send them on")
    return 0


def _secret() -> Secret:
    """Return who asks, by the environment or by what is typed in; UsageError where nobody can type."""
    if token := os.environ.get("SPLUNK_TOKEN"):
        return Secret(token=token)
    user = os.environ.get("SPLUNK_USER", "")
    password = os.environ.get("SPLUNK_PASSWORD", "")
    if not (user and password) and not sys.stdin.isatty():
        raise UsageError(
            "nobody says who asks", "set SPLUNK_TOKEN, or SPLUNK_USER and SPLUNK_PASSWORD, in the environment"
        )
    if not user:
        print("user (or nothing, for a token): ", end="", file=sys.stderr, flush=True)
        user = sys.stdin.readline().strip()
    if not user:
        return Secret(token=getpass.getpass("token: "))
    return Secret(user=user, password=password or getpass.getpass("password: "))


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr)
