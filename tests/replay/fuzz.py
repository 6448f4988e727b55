"""Throws broken and hostile searches at replay: the parser reads every one, and the engine runs one in twenty.

    .venv/bin/python tests/replay/fuzz.py [--cases 50000] [--seed 1]

A case is a search that replay knows, damaged; or words of the language in any order; or commands that are well made
over values that are not, whose fields have names that collide; or a search in an app whose files are links, pipes, folders or
bytes of any kind. The outcome must be results, or one of replay's own errors that is fit to show, never the database's, and
nothing that lies outside of the app.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import signal
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [] if str(REPO) in sys.path else [str(REPO)]

from splreplay.app import App  # noqa: E402
from splreplay.commands import NAMES  # noqa: E402
from splreplay.errors import SplError  # noqa: E402
from splreplay.planning import plan  # noqa: E402
from splreplay.recording import Recording  # noqa: E402
from splreplay.run import Means  # noqa: E402
from splreplay.run.execute import execute, transform  # noqa: E402
from splreplay.sql import functions  # noqa: E402
from splreplay.times import TimeRange  # noqa: E402
from tests.replay.network import connection, guid, process, recording  # noqa: E402
from tests.replay.searches import new_run  # noqa: E402

HANG_S = 60
RUN_EVERY = 20
APP_EVERY = 10
NOW = 1_750_000_000.0
MANY = [str(number % 2500) for number in range(3000)]
ROWS = [
    {"a": "1", "b": ["x", "y"], "User": "u", "user": "v"},
    {"a": "-0", "c": "*", "count": "7"},
    {"a": 'q"\\', "_time": "9", "b": MANY},
]

MARKS = [
    *"()[]|,.=<>+-*/%\"'`\\$?:{}\n\t",
    "!=",
    "<=",
    "NOT",
    "AND",
    "OR",
    "XOR",
    "IN",
    "by",
    "as",
    "AS",
    "where",
    "from",
]
ODD = [
    "\x00",
    "\u202e",
    "\ufeff",
    "\u2028",
    "é",
    "😀",
    "\x85",
    "\ud800",
    "1e999",
    "-",
    "0x1",
    "<<FIELD>>",
    "`a(1)`",
    "[|",
]
FIELDS = ["a", "b", "c", "User", "user", "zz", "_time", "'a b'", '"a b"', "*", "a*", "#", "''", "count"]
VALUES = [
    "1",
    "-1",
    "0",
    "1e400",
    "9999999999999999999",
    '"x"',
    '"\\\\"',
    '""',
    '"("',
    '"x*"',
    '"(?!x)(.)\\\\1"',
    '"(?:a|a)*+(?=b)"',
    "null()",
    "now()",
    "true()",
]
OPERATORS = ["+", "-", "*", "/", "%", ".", "=", "!=", "<", ">=", " AND ", " OR ", " XOR ", " LIKE ", " IN "]
AGGREGATES = [
    *("count", "dc", "values", "list", "min", "max", "sum", "avg", "median", "p95", "stdev", "first", "latest"),
    *("mode", "earliest_time", "rate", "upperperc10"),
]


def expression(random_: random.Random, depth: int = 0) -> str:
    """Return an eval expression: well formed, but of any kind of values."""
    if depth > 4 or random_.random() < 0.35:
        return random_.choice(FIELDS + VALUES)
    inner = functools.partial(expression, random_, depth + 1)
    shape = random_.randrange(6)
    if shape < 2:
        return f"{inner()}{random_.choice(OPERATORS)}{inner()}"
    if shape < 4:
        arguments = ", ".join(inner() for _ in range(random_.choice([0, 1, 1, 2, 2, 3, 4])))
        return f"{random_.choice(functions.names())}({arguments})"
    return random_.choice(["({})", "NOT {}", "-{}", "if({}=1, a, b)", "mvfilter({})"]).format(inner())


def predicate(random_: random.Random, depth: int = 0) -> str:
    """Return a search predicate."""
    if depth > 3 or random_.random() < 0.4:
        return random_.choice(FIELDS) + random_.choice(["=", "!=", "<", ">=", " IN ("]) + random_.choice(VALUES)
    inner = functools.partial(predicate, random_, depth + 1)
    return random_.choice(["({})", "NOT {}", "{} {}", "{} OR {}", "{} AND {}"]).replace("{}", "\0").replace(
        "\0", inner(), 1
    ).replace("\0", inner())  # fmt: skip


def command(random_: random.Random) -> str:
    """Return a command, mostly well formed."""
    field, other = random_.choice(FIELDS), random_.choice(FIELDS)
    aggregate = random_.choice(["count", f"{random_.choice(AGGREGATES)}({field})"])
    aggregates = f"{aggregate} {random_.choice(['', 'as n', f'as {random_.choice(FIELDS)}'])} by {other}"
    shapes = [
        lambda: f"eval r={expression(random_)}",
        lambda: f"eval {{{random_.choice(['a', 'b', 'User', 'zz'])}}}{random_.choice(['', 'x'])}={expression(random_)}",
        lambda: f"fieldformat {random_.choice(['a', 'b', 'zz'])}={expression(random_)}",
        lambda: f"where {expression(random_)}",
        lambda: f"search {predicate(random_)}",
        lambda: f"{random_.choice(['stats', 'eventstats', 'streamstats current=f'])} {aggregates}",
        lambda: (
            f"streamstats {random_.choice(['time_window=9s', 'reset_on_change=t', f'reset_after=({expression(random_)})'])} {aggregates}"
        ),
        lambda: (
            f"dedup {field} {random_.choice(['keepevents=t', 'consecutive=t', ''])} {random_.choice(['', f'sortby -{other}'])}"
        ),
        lambda: f"timechart {random_.choice(['', 'span=1h', 'limit=1'])} {aggregates}",
        lambda: f"chart {random_.choice(['', 'limit=bottom1'])} {aggregate} over {field} by {other}",
        lambda: f"{random_.choice(['top', 'rare'])} {field} {random_.choice(['', 'useother=t limit=1'])} by {other}",
        lambda: (
            f"transaction {field} {random_.choice(['', 'maxspan=1h', 'maxevents=2', other])} "
            f"{random_.choice(['startswith', 'endswith keepevicted=t endswith'])}={random_.choice(['eval', ''])}({expression(random_)})"
        ),
        lambda: f"map maxsearches=2 search={random_.choice(VALUES)}",
        lambda: 'map search="| makeresults | eval r=\\"$a$\\", s=$c$, t=\'$a$\'"',
        lambda: f"xyseries {field} {other} {random_.choice(FIELDS)} {random_.choice(['', 'a', 'sep=x'])}",
        lambda: f"untable {field} {other} {random_.choice(FIELDS)}",
        lambda: f"transpose {random_.choice(['', '0', f'header_field={field}', 'include_empty=f'])}",
        lambda: (
            f"{random_.choice(['addtotals', 'addcoltotals', 'addtotals col=t'])} {field} {random_.choice(['', f'labelfield={other}'])}"
        ),
        lambda: f"return {random_.choice(['', '2'])} {field} {other}={field} ${other}",
        lambda: (
            f"search [| makeresults | eval a={random_.choice(VALUES)} | return {random_.choice(['a', '$a', 'b=a'])}]"
        ),
        lambda: f"appendpipe [{command(random_)}]",
        lambda: f"{random_.choice(['appendcols override=t', 'union', 'append'])} [| makeresults | {command(random_)}]",
        lambda: f"head ({expression(random_)})",
        lambda: f"join max=0 {field} [| makeresults | eval a=1, r=2]",
        lambda: f"foreach {field} [eval <<FIELD>>={expression(random_)}]",
        lambda: (
            f'rex field={field} max_match={random_.randrange(3)} "(?<n>{random_.choice(["x", ".*", "[", "a{9}", "(?=.)", "(?:x+)+(?!.)"])})"'
        ),
        lambda: (
            f"bin {random_.choice(['span=1h', 'span=10', 'span=0', 'span=1mon', 'bins=9', 'span=' + '9' * 30])} {field} {random_.choice(['', f'as {other}'])}"
        ),
        lambda: f"convert ctime({field}) as {other}",
        lambda: f"spath input={field} {random_.choice(['', f'output={other} path=a'])}",
        lambda: f"{random_.choice(list(NAMES))} {field} {random_.choice(VALUES)} {other}",
        lambda: (
            f"{random_.choice(['mvcombine', 'nomv', 'filldown', 'fieldsummary', 'fieldsummary maxvals=1', 'xmlkv', 'iplocation'])} {field}"
        ),
        lambda: f"rangemap field={field} {random_.choice(['a=1-5', 'a=-5--1 b=0-9e9', 'x', 'default=q'])}",
        lambda: f"replace {random_.choice(VALUES)} WITH {random_.choice(VALUES)} {random_.choice(['', f'IN {other}'])}",
        lambda: f"rename {field} as {other}",
        lambda: f"rename {field} as {other}, {other} as {random_.choice(FIELDS)}",
        lambda: random_.choice(
            ["format", "addinfo", "append [| makeresults]", "search [| makeresults]", "fillnull", "tail", "reverse"]
        ),
    ]
    return random_.choice(shapes)()


@functools.cache
def log() -> Recording:
    """Return a log of two events, for searches that read one."""
    return recording([process("wks", 100, NOW, guid(1)), connection("wks", 100, NOW + 1, guid(1))])


@functools.cache
def known() -> list[str]:
    """Return searches that replay knows: the app's own, and those of the vectors."""
    found = [saved.search for saved in App(REPO).saved_searches.values()]
    for path in sorted((REPO / "tests" / "vectors").glob("spl_*.toml")):
        found += [case["spl"] for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]]
    return [search for search in found if len(search) < 5_000]


def damaged(random_: random.Random, search: str) -> str:
    """Return the search with a few things wrong: pieces cut, doubled, or replaced by odd ones."""
    for _ in range(random_.choice([1, 1, 2, 4])):
        at = random_.randrange(len(search) + 1)
        end = at + random_.randrange(12)
        piece = random_.choice([*MARKS, *ODD])
        search = random_.choice(
            [search[:at] + search[end:], search[:end] + search[at:], search[:at] + piece + search[end:], search[:at]]
        )
    return search


def case(random_: random.Random) -> str:
    """Return one search."""
    kind = random_.randrange(12)
    if kind < 4:
        search = damaged(random_, random_.choice(known()))
    elif kind < 6:
        words = [*NAMES, *MARKS, *MARKS, *ODD, *FIELDS, *VALUES]
        search = " ".join(random_.choices(words, k=random_.randrange(25)))
    elif kind < 11:
        search = " | ".join(command(random_) for _ in range(random_.randrange(1, 5)))
    else:
        search = damaged(random_, " | ".join(command(random_) for _ in range(3)))
    return search if search.lstrip().startswith("|") else f"| makeresults | {search}"


# The files of an app, and what is outside of it.
FILES = {
    "default/app.conf": b"[launcher]\nversion = 1\n",
    "default/macros.conf": b"[m]\ndefinition = eval a=1\n[m(1)]\nargs = x\ndefinition = eval a=$x$\n",
    "default/commands.conf": b"[do]\nfilename = do.py\nchunked = true\n",
    "default/transforms.conf": b"[t]\nfilename = l.csv\n",
    "default/savedsearches.conf": b"[s]\nsearch = | makeresults\n",
    "metadata/default.meta": b"[]\nexport = system\n",
    "lookups/l.csv": b"a,b\n1,2\n",
    "bin/do.py": b"",
    "macros/m.yml": b"name: m\ndefinition: eval a=1\n",
}
SECRET = "outside-of-the-app"
BITS = [
    *(b"\0", b"\xff\xfe", b'"', b"\n", b"\r", b"[", b"]", b"=", b"\\\n", b","),
    *(b"a,a\n", b": &a [*a]", b"../../secret", b"`m`"),
]


def hostile_app(random_: random.Random, folder: Path) -> App:
    """Return an app in *folder* of which some files are links, pipes, folders, or damaged."""
    (folder / "secret").write_text(f'a,b\n1,{SECRET}\n[m]\ndefinition = eval a="{SECRET}"\n', encoding="utf-8")
    root = folder / "app"
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = random_.randrange(14)
        if kind == 0:
            path.symlink_to(random_.choice([folder / "secret", "/dev/zero", "../../secret", path, root, "nothing"]))
        elif kind == 1:
            os.mkfifo(path)
        elif kind == 2:
            path.mkdir()
        elif kind == 3:
            at = random_.randrange(len(content) + 1)
            path.write_bytes(content[:at] + random_.choice(BITS) * random_.choice([1, 1, 300]) + content[at:])
        elif kind > 4:
            path.write_bytes(content)
    return App(root)


APP_SEARCHES = [
    "| makeresults | eval a=1 | lookup l.csv a",
    "| makeresults | eval a=1 | lookup t a OUTPUT b",
    "| inputlookup l.csv",
    "| inputlookup t",
    "| makeresults | `m`",
    "| makeresults | `m(1)`",
    "| makeresults | do",
    "| savedsearch s",
]


def check_app(random_: random.Random) -> str:
    """Return what became of a search in a hostile app; AssertionError if it tells what lies outside of it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            app = hostile_app(random_, Path(folder))
            pipeline = plan(app, random_.choice(APP_SEARCHES)).pipeline
            run = new_run(log().connection.cursor(), app, TimeRange(NOW))
            run.means = Means(None)  # what the command's script does is its own business
            told, outcome = str(run.stages.fetch(execute(pipeline, run))), "ran"
        except SplError as error:
            told, outcome = str(error), "refused"
        assert told, "an error without a word"
        assert SECRET not in told, told
        return f"{outcome} in a hostile app"


def check(text: str, runs: bool, app: App) -> str:
    """Return what became of a search; AssertionError if its error is not fit to show."""
    try:
        pipeline = plan(app, text).pipeline
        if not runs:
            return "parsed"
        run = new_run(log().connection.cursor(), app, TimeRange(NOW), log().datasets("current"))
        names = list(dict.fromkeys(name for row in ROWS for name in row))
        made = text.startswith("| makeresults | ")
        stages = run.stages
        stages.fetch(transform(stages.from_python(names, ROWS), pipeline[1:], run) if made else execute(pipeline, run))
        return "ran"
    except SplError as error:
        assert str(error)
        assert "could not be run" not in str(error), error
        return "refused"
    except RecursionError as error:
        raise AssertionError(f"recursion: {error}") from error


def fuzz(cases: int, seed: int) -> Counter[str]:
    """Check that many cases and return how often each outcome was seen; the same seed makes the same searches."""
    app = App(REPO)
    seen: Counter[str] = Counter()
    for number in range(cases):
        text = case(random.Random(f"{seed}.{number}"))
        if hasattr(signal, "alarm"):
            signal.alarm(HANG_S)
        try:
            if number % APP_EVERY == 1:
                text = "a hostile app"
                seen[check_app(random.Random(f"{seed}.{number}"))] += 1
            else:
                seen[check(text, number % RUN_EVERY == 0, app)] += 1
        except Exception as error:
            raise AssertionError(f"case {seed}.{number}: {text!r}") from error
        finally:
            if hasattr(signal, "alarm"):
                signal.alarm(0)
    return seen


def main() -> int:
    """Run the fuzz and say what was seen."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().split("\n")[0])
    parser.add_argument("--cases", type=int, default=50_000, help="how many searches (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed makes the same searches (default: %(default)s)"
    )
    options = parser.parse_args()
    seen = fuzz(options.cases, options.seed)
    print(f"{options.cases:,} searches: {', '.join(f'{count:,} {outcome}' for outcome, count in sorted(seen.items()))}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
