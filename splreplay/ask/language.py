"""The vectors of the language as searches of their own, which any Splunk can run: they make their rows themselves.

A vector (tests/vectors/spl_*.toml) is some commands, the rows before them, and what they give. The rows are made with `makeresults`,
`streamstats` and `eval`, as all versions have them. `makeresults format=json` would be shorter. What it makes of several values, of
`_time` and of backslashes is not documented, and would be taken for a difference of the command that is asked about.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from splreplay.app import App
from splreplay.errors import SplError
from splreplay.planning import Plan, plan
from splreplay.run.command import walk

NUMBER = "vector_row"  # of a row, from 1; no vector has a field of that name
# Not asked: what writes, what reads a lookup or a saved search of an app, and what depends on the clock.
PASSED = re.compile(
    r"\b(collect|outputlookup|inputlookup|lookup|savedsearch|addinfo|earliest|latest|(now|time|random|relative_time) *\()|`"
)


@dataclass(frozen=True)
class Vector:
    """A vector to ask: its file and claim, and its search."""

    name: str
    search: str


def vectors(folder: Path, app: App) -> Iterator[Vector]:
    """Yield what can be asked of the vectors in *folder*: those that need no log, write nothing and give results."""
    for path in sorted(folder.glob("spl_*.toml")):
        with path.open("rb") as file:
            for case in tomllib.load(file)["case"]:
                if vector := _vector(path.stem.removeprefix("spl_"), case, app):
                    yield vector


def _vector(subject: str, case: Mapping[str, Any], app: App) -> Vector | None:
    """Return a case as a search; None for one that is not asked."""
    spl, rows = case["spl"], case.get("rows", [])
    clock = "rows" not in case and any("_time" in row for row in case.get("expect", []))
    if clock or {"error", "earliest", "latest"} & set(case) or PASSED.search(spl.replace("```", "")):
        return None
    search = f"{made(rows)} | {spl}" if not spl.startswith("|") else "" if rows else spl
    try:
        return Vector(f"{subject}: {case['claim']}", search) if makes_all(plan(app, search)) else None
    except SplError:  # such as one that is beyond a limit of replay's once its rows are made
        return None


def makes_all(planned: Plan) -> bool:
    """Return whether a search, its subsearches included, reads nothing but what it makes, and writes nothing."""
    names = [position.command.names for position in walk(planned.pipeline) if position.first]
    return all("makeresults" in name for name in names) and not PASSED.search(planned.search.replace("```", ""))


def made(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return commands that make *rows*; their values are texts, lists of texts, or numbers."""
    if not rows:
        return "| makeresults | where 1=2 | fields - _time"
    names = dict.fromkeys(name for row in rows for name in row)
    fields = [f"{_name(name)}={_case(name, rows)}" for name in names]
    dropped = [NUMBER, *(["_time"] if "_time" not in names else [])]
    start = f"| makeresults count={len(rows)} | streamstats count as {NUMBER}"
    return (
        f"{start} | eval {', '.join(fields)} | fields - {' '.join(dropped)}"
        if fields
        else f"{start} | fields - {NUMBER} _time"
    )


def _case(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return an expression that is a row's value of a field; null where it has none."""
    values = [f"{NUMBER}={number}, {_value(row[name])}" for number, row in enumerate(rows, 1) if name in row]
    return f"case({', '.join(values)})"


def _value(value: Any) -> str:
    """Return a value as an expression; one with a backslash or the like is encoded, as its escapes may be a question of their own."""
    if isinstance(value, list):
        return f"mvappend({', '.join(map(_value, value))})"
    if not isinstance(value, str):
        return str(value)
    plain = value.isprintable() and not set('\\"%`') & set(value)
    return f'"{value}"' if plain else f'urldecode("{quote(value, safe="")}")'


def _name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else f'"{name}"'
