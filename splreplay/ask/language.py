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
from splreplay.planning import Plan, outline, plan
from splreplay.run.command import walk

RANGE = {"earliest": "0", "latest": "now"}  # of all time
NUMBER = "vector_row"  # of a row, from 1; no vector has a field of that name
# Why a vector is no search of its own. The first that fits is the reason.
REFUSED = "replay refuses it, so there are no rows to compare"
LOG = "it reads a log, by a data model or as events"
WRITES = "it writes"
LOOKUP = "it reads a lookup, a macro or a saved search, which a site may have changed"
CLOCK = "its rows depend on when it runs"
# The commands that write, or send something, wherever they stand: also in a text that `map` runs.
WRITERS = re.compile(
    r"\b(collect|mcollect|meventcollect|tscollect|outputlookup|outputcsv|outputtext|sendemail|sendalert|delete|dump|script)\b",
    re.I,
)
_REASONS = {
    WRITES: WRITERS,
    LOOKUP: re.compile(r"\b(inputlookup|lookup|savedsearch)\b|`"),
    CLOCK: re.compile(r"\b(addinfo|(earliest|latest) *=|(now|time) *\()"),
}
_COMMENT = re.compile("```.*?```", re.S)


@dataclass(frozen=True)
class Vector:
    """A vector: its file and claim, its search and the time range of that, and why it is not asked, if it is not."""

    name: str
    search: str
    earliest: str = RANGE["earliest"]
    latest: str = RANGE["latest"]
    left: str = ""


def vectors(folder: Path, app: App) -> Iterator[Vector]:
    """Yield the vectors in *folder*."""
    for path in sorted(folder.glob("spl_*.toml")):
        with path.open("rb") as file:
            for case in tomllib.load(file)["case"]:
                yield _vector(f"{path.stem.removeprefix('spl_')}: {case['claim']}", case, app)


def _vector(name: str, case: Mapping[str, Any], app: App) -> Vector:
    spl, rows = case["spl"], case.get("rows", [])
    made_itself = spl.startswith("|")
    search = spl if made_itself else f"{made(rows)} | {spl}"
    earliest, latest = (f"{case[edge]:.0f}" if edge in case else default for edge, default in RANGE.items())
    if "error" in case:
        return Vector(name, search, left=REFUSED)
    if made_itself and rows:  # they are those of a data model
        return Vector(name, search, left=LOG)
    if made_itself and any("_time" in row for row in case["expect"]) and "_time=" not in spl:
        return Vector(name, search, left=CLOCK)
    return Vector(name, search, earliest, latest, left_out(plan(app, search)))


def may_write(app: App, search: str) -> bool:
    """Return whether a search may write, by its text with macros expanded; one that replay does not read may do anything."""
    planned = outline(app, search)
    return bool(planned.errors) or bool(WRITERS.search(planned.expansion.text))


def left_out(planned: Plan) -> str:
    """Return why a search is not asked, its subsearches included; an empty text if it is."""
    text = _COMMENT.sub(" ", planned.search)
    for reason, pattern in _REASONS.items():
        if pattern.search(text):
            return reason
    first = [position.command.names for position in walk(planned.pipeline) if position.first]
    return "" if all("makeresults" in names for names in first) else LOG


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
