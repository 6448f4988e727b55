"""The commands of SPL. Each has one module, which says how it is read, what it does to fields, and how it runs.

To add a command, add its module, which is called like it, and its name to NAMES.
"""

from __future__ import annotations

import functools
import importlib

from splreplay.run.command import Command
from splreplay.spl.pipeline import Segment

NAMES = (
    "addcoltotals",
    "addinfo",
    "addtotals",
    "append",
    "appendcols",
    "appendpipe",
    "bin",
    "bucket",
    "chart",
    "collect",
    "convert",
    "datamodel",
    "dedup",
    "eval",
    "eventstats",
    "fieldformat",
    "fields",
    "fieldsummary",
    "filldown",
    "fillnull",
    "foreach",
    "format",
    "from",
    "head",
    "inputlookup",
    "iplocation",
    "join",
    "lookup",
    "makemv",
    "makeresults",
    "map",
    "multisearch",
    "mvcombine",
    "mvexpand",
    "nomv",
    "outputlookup",
    "rangemap",
    "rare",
    "regex",
    "rename",
    "replace",
    "return",
    "reverse",
    "rex",
    "savedsearch",
    "search",
    "sort",
    "spath",
    "stats",
    "streamstats",
    "table",
    "tail",
    "timechart",
    "top",
    "transaction",
    "transpose",
    "tstats",
    "union",
    "untable",
    "where",
    "xmlkv",
    "xyseries",
)
# The modules that are not called as their command is: what has two names, and words of Python's.
_MODULES = {"bucket": "bin", "from": "from_", "return": "return_"}


@functools.cache
def class_of(name: str) -> type[Command] | None:
    """Return the class of a command; None for a name that replay does not know.

    Its module is imported only now, because a search has a few commands, and all of them take as long as a search runs.
    """
    if name not in NAMES:
        return None
    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, name)}")
    own = (value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__)
    return next(
        value for value in own if isinstance(value, type) and issubclass(value, Command) and name in value.names
    )


# What to write instead of commands that detections use and replay does not run; {} is what stands behind the command's name.
_REMEDIES = {
    "apply": "it needs a model of the Machine Learning Toolkit; take it out, and compare with a threshold: | where field>…",
    "delta": "write: streamstats current=f last({}) as before | eval delta={}-before",
    "fromjson": "write: spath input={}",
    "mstats": "replay reads events, and metrics are none",
    "outputcsv": "write the results with --format csv --output FILE",
    "set": "write: append, and behind it stats count by the fields that you compare",
    "uniq": "write: dedup consecutive=true, and the fields that you compare",
}


def remedy(segment: Segment) -> str:
    """Return what to write instead of a command that replay does not run, with its own arguments; empty where that is not known."""
    arguments = segment.text[segment.start : segment.end].strip()
    return _REMEDIES.get(segment.name, "").replace("{}", arguments)
