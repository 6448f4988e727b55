"""The commands of SPL. Each has one module, which says how it is read, what it does to fields, and how it runs.

To add a command, add its module and its class to COMMANDS.
"""

from __future__ import annotations

from splreplay.commands.addinfo import AddInfo
from splreplay.commands.append import Append
from splreplay.commands.bin import Bin
from splreplay.commands.collect import Collect
from splreplay.commands.convert import Convert
from splreplay.commands.dedup import Dedup
from splreplay.commands.eval import Eval
from splreplay.commands.eventstats import EventStats
from splreplay.commands.fieldformat import FieldFormat
from splreplay.commands.fields import Fields
from splreplay.commands.fieldsummary import FieldSummary
from splreplay.commands.filldown import FillDown
from splreplay.commands.fillnull import FillNull
from splreplay.commands.foreach import ForEach
from splreplay.commands.format import Format
from splreplay.commands.head import Head
from splreplay.commands.inputlookup import InputLookup
from splreplay.commands.iplocation import IpLocation
from splreplay.commands.join import Join
from splreplay.commands.lookup import Lookup
from splreplay.commands.makemv import MakeMv
from splreplay.commands.makeresults import MakeResults
from splreplay.commands.mvcombine import MvCombine
from splreplay.commands.mvexpand import MvExpand
from splreplay.commands.nomv import NoMv
from splreplay.commands.rangemap import RangeMap
from splreplay.commands.regex import Regex
from splreplay.commands.rename import Rename
from splreplay.commands.replace import Replace
from splreplay.commands.rex import Rex
from splreplay.commands.savedsearch import SavedSearch
from splreplay.commands.search import Search
from splreplay.commands.sort import Sort
from splreplay.commands.spath import Spath
from splreplay.commands.stats import Stats
from splreplay.commands.streamstats import StreamStats
from splreplay.commands.table import Table_
from splreplay.commands.timechart import TimeChart
from splreplay.commands.tstats import Tstats
from splreplay.commands.where import Where
from splreplay.commands.xmlkv import XmlKv
from splreplay.run.command import Command

COMMANDS: tuple[type[Command], ...] = (
    AddInfo,
    Append,
    Bin,
    Collect,
    Convert,
    Dedup,
    Eval,
    EventStats,
    FieldFormat,
    Fields,
    FieldSummary,
    FillDown,
    FillNull,
    ForEach,
    Format,
    Head,
    InputLookup,
    IpLocation,
    Join,
    Lookup,
    MakeMv,
    MakeResults,
    MvCombine,
    MvExpand,
    NoMv,
    RangeMap,
    Regex,
    Rename,
    Replace,
    Rex,
    SavedSearch,
    Search,
    Sort,
    Spath,
    Stats,
    StreamStats,
    Table_,
    TimeChart,
    Tstats,
    Where,
    XmlKv,
)

# What to write instead of commands that detections use and replay does not run.
REMEDIES = {
    "chart": "write: stats … by the fields behind over and by; it gives a row where chart gives a column",
    "rare": "write: stats count by field | sort 0 count | head 10",
    "top": "write: stats count by field | sort 0 - count | head 10",
    "transaction": "write: stats min(_time) as start max(_time) as end values(…) by the fields that bind the events",
}
