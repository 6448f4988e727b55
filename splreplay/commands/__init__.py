"""The commands of SPL, one module each.

A module has a frozen dataclass, named as the command, whose `parse` reads a segment and whose `run` turns the results so far
into the next ones. To add a command, add its module and one line to COMMANDS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from splreplay import limits
from splreplay.commands import (
    addinfo,
    append,
    bin,
    collect,
    convert,
    dedup,
    eval,
    eventstats,
    fields,
    fillnull,
    foreach,
    format,
    head,
    inputlookup,
    join,
    lookup,
    makemv,
    makeresults,
    mvexpand,
    regex,
    rename,
    rex,
    savedsearch,
    search,
    sort,
    spath,
    stats,
    streamstats,
    table,
    timechart,
    tstats,
    where,
)
from splreplay.commands.external import External
from splreplay.errors import Span, UnsupportedError
from splreplay.run import Run, Table
from splreplay.spl.pipeline import Segment, split
from splreplay.spl.tokens import Token


class Command(Protocol):
    """One command of a search, parsed."""

    @property
    def segment(self) -> Segment:
        """Where the command stands in the text."""

    def run(self, rows: Table | None, run: Run) -> Table:
        """Return the results behind this command; *rows* is None where it is the first one."""


Pipeline = tuple[Command, ...]
Parse = Callable[[Segment], Command]


@dataclass(frozen=True)
class Entry:
    """How a command is read, and whether it makes results of its own (and so can stand first)."""

    parse: Parse
    generates: bool = False
    only_first: bool = False


COMMANDS: dict[str, Entry] = {
    "addinfo": Entry(addinfo.AddInfo.parse),
    "append": Entry(append.Append.parse),
    "collect": Entry(collect.Collect.parse),
    "bin": Entry(bin.Bin.parse),
    "bucket": Entry(bin.Bin.parse),
    "convert": Entry(convert.Convert.parse),
    "dedup": Entry(dedup.Dedup.parse),
    "eval": Entry(eval.Eval.parse),
    "eventstats": Entry(eventstats.EventStats.parse),
    "fields": Entry(fields.Fields.parse),
    "fillnull": Entry(fillnull.FillNull.parse),
    "foreach": Entry(foreach.ForEach.parse),
    "format": Entry(format.Format.parse),
    "head": Entry(head.Head.parse),
    "inputlookup": Entry(inputlookup.InputLookup.parse, generates=True),
    "join": Entry(join.Join.parse),
    "lookup": Entry(lookup.Lookup.parse),
    "makemv": Entry(makemv.MakeMv.parse),
    "makeresults": Entry(makeresults.MakeResults.parse, generates=True, only_first=True),
    "mvexpand": Entry(mvexpand.MvExpand.parse),
    "regex": Entry(regex.Regex.parse),
    "rename": Entry(rename.Rename.parse),
    "rex": Entry(rex.Rex.parse),
    "savedsearch": Entry(savedsearch.SavedSearch.parse, generates=True, only_first=True),
    "search": Entry(search.Search.parse, generates=True),
    "sort": Entry(sort.Sort.parse),
    "spath": Entry(spath.Spath.parse),
    "stats": Entry(stats.Stats.parse),
    "streamstats": Entry(streamstats.StreamStats.parse),
    "table": Entry(table.Table_.parse),
    "timechart": Entry(timechart.TimeChart.parse),
    "tstats": Entry(tstats.Tstats.parse, generates=True, only_first=True),
    "where": Entry(where.Where.parse),
}

# Commands that detections use and replay does not run: what to do instead.
REMEDIES = {
    "chart": "write: stats … by the fields behind over and by; it gives a row where chart gives a column",
    "iplocation": "replay has no database of addresses; take the command out, or use a lookup of your own",
    "rare": "write: stats count by field | sort 0 count | head 10",
    "top": "write: stats count by field | sort 0 - count | head 10",
    "transaction": "write: stats min(_time) as start max(_time) as end values(…) by the fields that bind the events",
}


def parse(
    text: str,
    start: int = 0,
    end: int | None = None,
    depth: int = 0,
    custom: frozenset[str] = frozenset(),
    goes_on: bool = False,
) -> Pipeline:
    """Return the commands of an expanded search (no macros in it).

    Args:
        text: The search.
        start: Where in *text* it starts; a subsearch stands inside its outer search.
        end: Where it ends.
        depth: How many searches are around it.
        custom: Names of the app's own commands.
        goes_on: Whether the first command works on results that are there, as in the template of foreach.

    Raises:
        SplSyntaxError: If the text is wrong; shows where.
        UnsupportedError: If replay does not run a command, an option or a function in it; shows which.
    """

    def subsearch(token: Token) -> Pipeline:
        if depth >= limits.SUBSEARCH_DEPTH:
            message = f"replay runs at most {limits.SUBSEARCH_DEPTH} subsearches inside each other"
            raise UnsupportedError(message, span=Span(text, token.start, token.start + 1))
        return parse(text, token.start + 1, token.end - 1, depth + 1, custom)

    def going_on(inner: str) -> Pipeline:
        if depth >= limits.SUBSEARCH_DEPTH:
            raise UnsupportedError(f"replay runs at most {limits.SUBSEARCH_DEPTH} templates inside each other")
        return parse(f"| {inner}", 0, None, depth + 1, custom, goes_on=True)

    commands: list[Command] = []
    for number, cut in enumerate(split(text, start, end), start=int(goes_on)):
        segment = replace(cut, subsearch=subsearch, commands=going_on)
        entry = COMMANDS.get(segment.name) or (Entry(External.parse) if segment.name in custom else None)
        if entry is None:
            known = f"replay knows: {' '.join(sorted({*COMMANDS, *custom}))}"
            message = f"unsupported command {segment.name!r}"
            raise UnsupportedError(message, REMEDIES.get(segment.name, ""), segment.span(), known)
        if number == 0 and not entry.generates:
            hint = "start with search, | tstats, | makeresults, | inputlookup or | savedsearch"
            message = f"a search cannot start with {segment.name!r}, which works on results"
            segment.refuse(message, hint)
        if number > 0 and entry.only_first:
            message = f"{segment.name!r} makes its own results, so it must come first"
            segment.fail(message, "put it in a subsearch: | append [| …]")
        commands.append(entry.parse(segment))
    return tuple(commands)
