"""The commands of SPL. Each has one module, which says how it is read, what it does to fields, and how it runs.

To add a command, add its module and its class to COMMANDS.
"""

from __future__ import annotations

from splreplay.commands.addcoltotals import AddColTotals
from splreplay.commands.addinfo import AddInfo
from splreplay.commands.addtotals import AddTotals
from splreplay.commands.append import Append
from splreplay.commands.appendcols import AppendCols
from splreplay.commands.appendpipe import AppendPipe
from splreplay.commands.bin import Bin
from splreplay.commands.chart import Chart
from splreplay.commands.collect import Collect
from splreplay.commands.convert import Convert
from splreplay.commands.datamodel import DataModel
from splreplay.commands.dedup import Dedup
from splreplay.commands.eval import Eval
from splreplay.commands.eventstats import EventStats
from splreplay.commands.fields import Fields
from splreplay.commands.fillnull import FillNull
from splreplay.commands.foreach import ForEach
from splreplay.commands.format import Format
from splreplay.commands.from_ import From
from splreplay.commands.head import Head
from splreplay.commands.inputlookup import InputLookup
from splreplay.commands.join import Join
from splreplay.commands.lookup import Lookup
from splreplay.commands.makemv import MakeMv
from splreplay.commands.makeresults import MakeResults
from splreplay.commands.map import Map
from splreplay.commands.multisearch import MultiSearch
from splreplay.commands.mvexpand import MvExpand
from splreplay.commands.outputlookup import OutputLookup
from splreplay.commands.rare import Rare
from splreplay.commands.regex import Regex
from splreplay.commands.rename import Rename
from splreplay.commands.return_ import Return
from splreplay.commands.reverse import Reverse
from splreplay.commands.rex import Rex
from splreplay.commands.savedsearch import SavedSearch
from splreplay.commands.search import Search
from splreplay.commands.sort import Sort
from splreplay.commands.spath import Spath
from splreplay.commands.stats import Stats
from splreplay.commands.streamstats import StreamStats
from splreplay.commands.table import Table_
from splreplay.commands.tail import Tail
from splreplay.commands.timechart import TimeChart
from splreplay.commands.top import Top
from splreplay.commands.transaction import Transaction
from splreplay.commands.transpose import Transpose
from splreplay.commands.tstats import Tstats
from splreplay.commands.union import Union
from splreplay.commands.untable import Untable
from splreplay.commands.where import Where
from splreplay.commands.xyseries import XySeries
from splreplay.run.command import Command
from splreplay.spl.pipeline import Segment

COMMANDS: tuple[type[Command], ...] = (
    AddColTotals,
    AddInfo,
    AddTotals,
    Append,
    AppendCols,
    AppendPipe,
    Bin,
    Chart,
    Collect,
    Convert,
    DataModel,
    Dedup,
    Eval,
    EventStats,
    Fields,
    FillNull,
    ForEach,
    Format,
    From,
    Head,
    InputLookup,
    Join,
    Lookup,
    MakeMv,
    MakeResults,
    Map,
    MultiSearch,
    MvExpand,
    OutputLookup,
    Rare,
    Regex,
    Rename,
    Return,
    Reverse,
    Rex,
    SavedSearch,
    Search,
    Sort,
    Spath,
    Stats,
    StreamStats,
    Table_,
    Tail,
    TimeChart,
    Top,
    Transaction,
    Transpose,
    Tstats,
    Union,
    Untable,
    Where,
    XySeries,
)

# What to write instead of commands that detections use and replay does not run; {} is what stands behind the command's name.
_REMEDIES = {
    "apply": "it needs a model of the Machine Learning Toolkit; take it out, and compare with a threshold: | where field>…",
    "delta": "write: streamstats current=f last({}) as before | eval delta={}-before",
    "fromjson": "write: spath input={}",
    "iplocation": "replay has no database of addresses; take the command out, or use a lookup of your own",
    "mstats": "replay reads events, and metrics are none",
    "outputcsv": "write the results with --format csv --output FILE",
    "set": "write: append, and behind it stats count by the fields that you compare",
    "uniq": "write: dedup consecutive=true, and the fields that you compare",
}


def remedy(segment: Segment) -> str:
    """Return what to write instead of a command that replay does not run, with its own arguments; empty where that is not known."""
    arguments = segment.text[segment.start : segment.end].strip()
    return _REMEDIES.get(segment.name, "").replace("{}", arguments)
