"""Throws broken and hostile searches at replay: the parser reads every one, and the engine runs one in twenty.

    .venv/bin/python tests/replay/fuzz.py [--cases 50000] [--seed 1]

A case is a search that replay knows, damaged; or words of the language in any order; or commands that are well made
over values that are not. The outcome must be results, or one of replay's own errors that is fit to show. An SQL error
may come out in one case only: DuckDB's word on a regular expression.
"""

from __future__ import annotations

import argparse
import functools
import random
import signal
import sys
import tomllib
from collections import Counter
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [] if str(REPO) in sys.path else [str(REPO)]

from splreplay import cim, engine  # noqa: E402
from splreplay.app import App  # noqa: E402
from splreplay.errors import SplError  # noqa: E402
from splreplay.parser import BY_NAME  # noqa: E402
from splreplay.planning import plan  # noqa: E402
from splreplay.run.execute import execute, transform  # noqa: E402
from splreplay.sql import functions  # noqa: E402
from splreplay.times import TimeRange  # noqa: E402
from tests.replay.network import connection, guid, process, recording  # noqa: E402
from tests.replay.searches import new_run  # noqa: E402

HANG_S = 60
RUN_EVERY = 20
NOW = 1_750_000_000.0
ROWS = [{"a": "1", "b": ["x", "y"], "User": "u", "user": "v"}, {"a": "-0", "c": "*"}, {"a": 'q"\\', "_time": "9"}]

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
FIELDS = ["a", "b", "c", "User", "user", "zz", "_time", "'a b'", '"a b"', "*", "a*", "#", "''"]
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
    "null()",
    "now()",
    "true()",
]
OPERATORS = ["+", "-", "*", "/", "%", ".", "=", "!=", "<", ">=", " AND ", " OR ", " XOR ", " LIKE ", " IN "]
AGGREGATES = ["count", "dc", "values", "list", "min", "max", "sum", "avg", "median", "stdev", "first", "latest"]


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
    aggregates = f"{random_.choice(AGGREGATES)}({field}) as n by {other}"
    shapes = [
        lambda: f"eval r={expression(random_)}",
        lambda: f"where {expression(random_)}",
        lambda: f"search {predicate(random_)}",
        lambda: f"{random_.choice(['stats', 'eventstats', 'streamstats current=f'])} {aggregates}",
        lambda: f"head ({expression(random_)})",
        lambda: f"join max=0 {field} [| makeresults | eval a=1, r=2]",
        lambda: f"foreach {field} [eval <<FIELD>>={expression(random_)}]",
        lambda: (
            f'rex field={field} max_match={random_.randrange(3)} "(?<n>{random_.choice(["x", ".*", "[", "a{9}"])})"'
        ),
        lambda: f"bin span={random_.choice(['1h', '10', '0', '9' * 30])} {field}",
        lambda: f"{random_.choice(list(BY_NAME))} {field} {random_.choice(VALUES)} {other}",
        lambda: f"rename {field} as {other}",
        lambda: random_.choice(["format", "addinfo", "append [| makeresults]", "search [| makeresults]", "fillnull"]),
    ]
    return random_.choice(shapes)()


@functools.cache
def log() -> engine.Recording:
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
        words = [*BY_NAME, *MARKS, *MARKS, *ODD, *FIELDS, *VALUES]
        search = " ".join(random_.choices(words, k=random_.randrange(25)))
    elif kind < 11:
        search = " | ".join(command(random_) for _ in range(random_.randrange(1, 5)))
    else:
        search = damaged(random_, " | ".join(command(random_) for _ in range(3)))
    return search if search.lstrip().startswith("|") else f"| makeresults | {search}"


def check(text: str, runs: bool, app: App) -> str:
    """Return what became of a search; AssertionError if its error is not fit to show."""
    try:
        pipeline = plan(app, text).pipeline
        if not runs:
            return "parsed"
        run = new_run(log().connection.cursor(), app, TimeRange(NOW), cim.datasets(log().connection, "current"))
        names = list(dict.fromkeys(name for row in ROWS for name in row))
        made = text.startswith("| makeresults | ")
        stages = run.stages
        stages.fetch(transform(stages.from_python(names, ROWS), pipeline[1:], run) if made else execute(pipeline, run))
        return "ran"
    except SplError as error:
        assert str(error)
        assert "could not be run" not in str(error) or "regular expressions" in str(error), error
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
