"""Which fields of the events a search reads."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import pytest

from splreplay import cim
from splreplay.app import App
from splreplay.logs.names import Wanted
from splreplay.planning import fields, plan
from splreplay.recording import EVERYTHING, Recording, record
from tests.conftest import REPO
from tests.replay.searches import replay

APP = App(REPO)
ATTACK = str(REPO / "tests" / "recordings" / "installutil_attack.xml")
PROCESSES = "| tstats count from datamodel=Endpoint.Processes"
TRAFFIC = "tstats count from datamodel=Network_Traffic.All_Traffic"
RANGE = '[| makeresults | eval earliest=0 | table earliest | format "" "" "" "" "" ""]'


@pytest.fixture(scope="module")
def recording() -> Recording:
    """The recording that ships, with all that its events have."""
    return record([ATTACK], EVERYTHING)


@pytest.mark.parametrize(
    "search, expected",
    [
        (PROCESSES, ()),
        ("| makeresults | eval a=1", ()),
        (f"{PROCESSES} by Processes.process_id", ("ProcessId", "NewProcessId")),
        (f"{PROCESSES} by Processes.process_id host _time span=1s", ("ProcessId", "NewProcessId")),
        (f"{PROCESSES} where Processes.process_integrity_level=High", ("IntegrityLevel",)),
        (f"{PROCESSES} where NOT (Processes.process_integrity_level IN (a, b))", ("IntegrityLevel",)),
        ("| tstats dc(Processes.process_hash) as n from datamodel=Endpoint.Processes", ("Hashes",)),
        # The CIM takes the name of a program from its command line where it has none.
        (f"| {TRAFFIC} by All_Traffic.dest_port", ("DestinationPort", "DestPort")),
        (f"{PROCESSES} by Processes.parent_process_name", ("ParentCommandLine", "ParentImage", "ParentProcessName")),
        (f"{PROCESSES} by Processes.no_such_field", ()),
        ("| tstats count from datamodel=No.Such_Model by Such_Model.dest", ()),
        (f"{PROCESSES} where {RANGE}", ()),
        (f"{PROCESSES} where [| {TRAFFIC} by All_Traffic.src_port | rename All_Traffic.src_port as Processes.os]", ("SourcePort",)),
        (f"{PROCESSES} where [| makeresults | eval Processes.process_hash=1 | table Processes.process_hash]", ("Hashes",)),
        (f"{PROCESSES} | append [| {TRAFFIC} by All_Traffic.transport]", ("Protocol",)),
        (f"{PROCESSES} | appendpipe [append [| {TRAFFIC} by All_Traffic.transport]]", ("Protocol",)),
        (f"| union [{PROCESSES}] [| {TRAFFIC} by All_Traffic.transport]", ("Protocol",)),
        (f"{PROCESSES} | map search=\"| {TRAFFIC} by All_Traffic.transport\"", ("Protocol",)),
        (f"{PROCESSES} | search a=1 | join type=inner max=0 a [| {TRAFFIC} by All_Traffic.transport]", ("Protocol",)),
    ],
)  # fmt: skip
def test_fields(search: str, expected: tuple[str, ...]) -> None:
    """Those that the fields which the search names are made of, wherever in the search they stand; others are not read."""
    assert Wanted(expected) == plan(APP, search).fields


@pytest.mark.parametrize(
    "search",
    [
        f"{PROCESSES} | foreach count [eval a=1]",
        f'{PROCESSES} | map search="| {TRAFFIC} by All_Traffic.$count$"',
        f"{PROCESSES} where [{PROCESSES} by Processes.process_hash | return process_hash=Processes.process_hash]",
        "| tstats values(Processes.*) as * from datamodel=Endpoint.Processes",
        f'{PROCESSES} where [| makeresults | eval search="Processes.process_hash=1" | table search]',
    ],
)
def test_all_fields(search: str) -> None:
    """Where the text of a search does not tell what it reads, all fields are kept."""
    assert Wanted(cim.FIELDS) == plan(APP, search).fields


@pytest.mark.parametrize(
    ("search", "raw"),
    [
        ("search EventCode=1", False),
        ("search EventCode=1 *", False),
        ("search EventCode=1 mimikatz", True),
        ('search EventCode=1 | rex "(?<a>b)"', True),
        ('search EventCode=1 | rex field=Image "(?<a>b)"', False),
        ("search EventCode=1 | eval a=len(_raw)", True),
        ("search EventCode=1 | stats values(EventData_Xml)", True),
        ('| savedsearch "Windows InstallUtil Remote Network Connection - Hunt"', True),
        (f"{PROCESSES} | append [search index=main]", False),
        (f"{PROCESSES} where [search index=main]", False),
    ],
)
def test_every_value(search: str, raw: bool) -> None:
    """A search of events may read any value; the text of events is kept where the search looks into it."""
    assert Wanted(cim.FIELDS, every=True, raw=raw) == plan(APP, search).fields


def test_more_than_one_search_and_addon() -> None:
    """What any of them reads on any add-on is read; the legacy one takes the far end's address for its name."""
    searches = [f"{PROCESSES} by Processes.os", f"| {TRAFFIC} by All_Traffic.dest"]
    plans = {addon: [plan(APP, search, addon) for search in searches] for addon in cim.ADDONS}
    assert Wanted(("DestinationHostname", "DestAddress")) == fields(plans["current"])
    assert Wanted(("DestinationHostname", "DestAddress", "DestinationIp")) == fields(itertools.chain(*plans.values()))


@cache
def attack(kept: Wanted) -> Recording:
    """Return the recording that ships with some of its fields."""
    return record([ATTACK], kept)


@pytest.mark.parametrize("addon", cim.ADDONS)
@pytest.mark.parametrize("name", APP.saved_searches)
def test_the_results_are_those_with_all_fields(name: str, addon: str, tmp_path: Path) -> None:
    """A saved search of the app finds, and is blind in, the same over the fields that it reads."""
    search = APP.saved_search(name).search
    found = [
        replay(
            attack(kept),
            APP,
            search,
            addon,
            now=1_750_200_000,
            collect=tmp_path / str(len(kept.names)),
        ).results
        for kept in (Wanted(cim.FIELDS), plan(APP, search, addon).fields)
    ]
    assert (found[0].rows, found[0].of_kind("blind")) == (found[1].rows, found[1].of_kind("blind"))


@pytest.mark.parametrize(
    "search, expected",
    [
        (f"{PROCESSES} by Processes.dest", {}),
        (f"{PROCESSES} by Processes.dest | append [| {TRAFFIC} by All_Traffic.dest]", {}),
        (
            f"{PROCESSES} where Processes.os=a by host | append [{PROCESSES} where Processes.os=a by Processes.dest]",
            {"Endpoint.Processes": {"_time", "host", "os", "dest"}},
        ),
        (f"{PROCESSES} by Processes.dest | append [{PROCESSES} by Processes.user | foreach count [eval a=1]]", {}),
    ],
)
def test_shared(search: str, expected: dict[str, set[str]]) -> None:
    """A dataset that is read more than once has all fields that are read; none where the text does not tell."""
    assert expected == plan(APP, search).shared


@pytest.mark.parametrize(
    ("search", "named"),
    [
        ("search EventCode=1 | eval a=lower(Image) | stats count by a", True),
        ("search EventCode=1 Image=*x | table Image", True),
        ("search EventCode=1", False),
        ("search EventCode=1 | table Parent*", False),
        ("search EventCode=1 | foreach Image [eval a=1] | table a", False),
        ("search EventCode=1 | append [search a=1] | table a", False),
        ("search EventCode=1 | stats count(eval(a*2)) as b", False),
        ("search EventCode=1 | top Image by User", True),
        ("search EventCode=1 | rare Image", True),
        ("search EventCode=1 | chart count by Image", True),
        ("search EventCode=1 | chart count over Image by User", False),
        ("search EventCode=1 | reverse | tail 2 | table Image", True),
        ("search EventCode=1 | transaction Image startswith=eval(User=1) | table duration", True),
        ("search EventCode=1 | transaction Image", False),
        ("search EventCode=1 | stats count by Image | appendpipe [stats sum(count) as count]", True),
        ("search EventCode=1 | appendpipe [foreach a [eval b=1]] | table Image", False),
        ("search EventCode=1 | appendpipe [untable Image b c] | table b", False),
        ("search EventCode=1 | appendcols [search EventCode=3] | table Image", False),
        ("search EventCode=1 | untable Image b c", False),
        ("search EventCode=1 | transpose | table column", False),
        ("search EventCode=1 | xyseries Image User ProcessId | table Image", True),
        ("search EventCode=1 | addtotals ProcessId | table Total", True),
        ("search EventCode=1 | addtotals | table Total", False),
        ("search EventCode=1 | addcoltotals ProcessId | table ProcessId", True),
        ("search EventCode=1 | return Image", True),
        ("search EventCode=1 | outputlookup a.csv | table Image", False),
        ('search EventCode=1 | map search="search a=$Image$" | table Image', False),
        ("search EventCode=1 | union [search EventCode=3] | table Image", False),
        ("| multisearch [search EventCode=1] [search EventCode=3] | table Image", False),
        ("| from datamodel:Endpoint.Processes | table dest", False),
    ],
)
def test_the_text_that_names_the_fields(search: str, named: bool) -> None:
    """A search whose commands use fields by name alone, and whose results are closed, needs no others."""
    assert (search if named else None) == plan(APP, search).naming


@pytest.mark.parametrize("name", ["Endpoint.Processes", "Authentication.Authentication", "Change.All_Changes"])
def test_a_dataset_is_read_whole(name: str) -> None:
    """from and datamodel read all that the fields of their dataset are made of, and give the same with every field kept."""
    model, dataset = name.split(".")
    read = cim.described("current")[name].reads(cim.DATASETS[name])
    for search in (f"| from datamodel:{name}", f"| datamodel {model} {dataset} search"):
        assert read <= set(plan(APP, search).fields.names)
        kept = [record([ATTACK], fields) for fields in (Wanted(cim.FIELDS), plan(APP, search).fields)]
        first, second = (replay(recording, APP, search).results for recording in kept)
        assert (first.fields, first.rows) == (second.fields, second.rows)


@pytest.mark.parametrize(
    "pipe",
    [
        "top limit=0 Image by User",
        "rare ParentImage",
        "chart count over Image by User",
        "transaction User maxpause=10s | table Image duration eventcount",
        "transaction Image startswith=conhost | table Image duration",
        "appendpipe [stats count by Image] | table Image count",
        "tail 3 | table Image",
        "return 3 Image $ProcessId",
        "xyseries Image User ProcessId | fields Image",
        "addtotals ProcessId | addcoltotals Total | table Total",
    ],
)
def test_what_is_named_is_enough(pipe: str, recording: Recording) -> None:
    """A search whose text names the fields that matter finds the same as where all fields of the events are kept."""
    narrow = replay(recording, APP, f"search EventCode=1 | {pipe}").results
    wide = replay(recording, APP, f"search EventCode=1 | foreach nothing* [eval a=1] | {pipe}").results
    assert (wide.fields, wide.rows) == (narrow.fields, narrow.rows)
    assert narrow.rows
