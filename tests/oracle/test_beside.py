"""Replay and the oracle agree on commands that look beside their results: at data models, databases, files and empty spans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splreplay.commands.iplocation import IpLocation
from splreplay.parser import parse
from splreplay.run import Means
from splreplay.run.execute import execute
from splreplay.times import TimeRange
from tests.oracle import beside, commands, expressions, pipelines
from tests.oracle.test_agree import APP, CONNECTION, Rows, agree, given_rows, rounded
from tests.replay.mmdb import database
from tests.replay.rows import dataset
from tests.replay.searches import behind, new_run

pytestmark = pytest.mark.slow

DAY_S = 86400
NETWORKS = {
    "10.0.0.8/30": {"City": "x", "Country": "10"},
    "10.1.0.0/16": {"Country": "y"},
    "fe80::/10": {"City": "fe"},
}
TEXTS = st.lists(
    st.sampled_from(
        ["<a>1</a>", "<b>x</b>", "<m><a>2</a><c/></m>", "<A k='1'>&lt;y</A>", "<b></b>", "<m>z <b>w</b></m>", "t "]
    ),
    max_size=4,
).map("".join)
XML_ROWS = st.lists(st.fixed_dictionaries({"x": TEXTS}, optional={"a": pipelines.SCALAR}), max_size=5)
TIMES = st.lists(st.integers(0, 200), max_size=6)


@given_rows
@given(st.sampled_from(["xmlkv x", "xmlkv x | xmlkv m", "xmlkv zz"]), XML_ROWS)
def test_xmlkv(search: str, rows: Rows) -> None:
    """Each innermost element that is not empty is a field, with as many values as there are of it."""
    agree(search, rows)


@given_rows
@given(
    st.sampled_from(["span=1h", "span=20m", "span=1d"]),
    st.one_of(
        pipelines.AGGREGATES,
        st.tuples(
            st.sampled_from(["count", "sum(a)", "values(m)", "max(b)", "dc(m)"]),
            st.sampled_from(["b", "c", "A"]),
            st.sampled_from(["", " limit=1", " limit=2 useother=f", " limit=0 usenull=f"]),
        ).map(lambda parts: f"{parts[0]} by {parts[1]}{parts[2]}"),
    ),
    pipelines.ROWS,
)
def test_timechart(span: str, aggregates: str, rows: Rows) -> None:
    """There is a row for each span between the first and the last result."""
    agree(f"timechart {span} {aggregates}", rows)


@given_rows
@given(st.sampled_from(["1mon", "2mon", "5mon", "12mon"]), TIMES, st.sampled_from(["count", "count by a"]))
def test_timechart_by_months(span: str, days: list[int], aggregate: str) -> None:
    """Months have as many days as the calendar says."""
    rows = [{"_time": str(1_700_000_000 + day * 3 * DAY_S), "a": str(day % 3)} for day in days]
    agree(f"timechart span={span} {aggregate}", rows)


_SOURCE = st.sampled_from(
    ["datamodel Endpoint Processes search", "datamodel Endpoint Processes flat", "from datamodel:Endpoint.Processes"]
)
_STREAMED = st.one_of(
    st.just(""), *(pipelines.COMMANDS[name].map(" | {}".format) for name in ("search", "eval", "where"))
)
_PART = st.tuples(_SOURCE, _STREAMED).map("".join)


_SEARCH = st.one_of(_PART.map("| {}".format), st.tuples(_PART, _PART).map("| multisearch [| {0[0]}] [| {0[1]}]".format))


@given_rows
@given(st.data(), pipelines.MODEL_ROWS)
def test_events_of_a_data_model(data: st.DataObject, rows: Rows) -> None:
    """They come newest first, of one search or of several."""
    search = data.draw(_SEARCH)
    names = ["_time", "a", "b", "c"]
    cursor = CONNECTION.cursor()
    run = new_run(cursor, APP, TimeRange(expressions.NOW), {"Endpoint.Processes": dataset(cursor, names, rows)})
    found = execute(parse(search), run)
    expected = commands.run(parse(search), commands.Results(names, rows))
    assert (rounded(commands.shown(expected)), expected.fields) == (
        rounded(run.stages.fetch(found)),
        list(found.columns),
    )


@pytest.fixture(scope="module")
def geoip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of NETWORKS."""
    pytest.importorskip("maxminddb", reason="it is an extra")
    path = tmp_path_factory.mktemp("geoip") / "city.mmdb"
    ways = {"City": "city", "Country": "country"}
    records = {
        network: {ways[name]: {"names": {"en": value}} for name, value in place.items()}
        for network, place in NETWORKS.items()
    }
    path.write_bytes(database(records))
    return path


@given_rows
@given(st.sampled_from(["a", "b"]), st.sampled_from(["", "p_"]), pipelines.ROWS)
def test_iplocation(geoip: Path, field: str, prefix: str, rows: Rows) -> None:
    """An address is in the network that holds it; what the database does not know stays as it was."""
    rows = [{"City" if name == "c" else name: value for name, value in row.items()} for row in rows]
    search = f"iplocation prefix={prefix} {field}" if prefix else f"iplocation {field}"
    [_, command] = parse(f"| makeresults | {search}")
    assert isinstance(command, IpLocation)
    names = list(dict.fromkeys(name for row in rows for name in row))
    run = replace(new_run(CONNECTION.cursor(), APP, TimeRange(expressions.NOW)), means=Means(None, geoip=geoip))
    found = behind(run, search, rows)
    located = beside.Located(
        field,
        {network: {f"{prefix}{name}": value for name, value in of.items()} for network, of in NETWORKS.items()},
        tuple(f"{prefix}{name}" for name in ("City", "Country", "Region", "lat", "lon")),
    )
    expected = commands.shown(beside.meaning(located, commands.Results(names, rows)))
    assert rounded(expected) == rounded(run.stages.fetch(found))


@given_rows
@given(pipelines.ROWS)
def test_outputlookup(tmp_path_factory: pytest.TempPathFactory, rows: Rows) -> None:
    """The file has what the results have, and these stay as they are."""
    folder = tmp_path_factory.mktemp("lookups")
    results = commands.Results(list(dict.fromkeys(name for row in rows for name in row)), rows)
    run = replace(new_run(CONNECTION.cursor(), APP, TimeRange(expressions.NOW)), means=Means(None, lookups=folder))
    found = behind(run, "outputlookup made.csv", rows)
    files = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert (commands.shown(results), {"made.csv": beside.written(results)} if rows else {}) == (
        run.stages.fetch(found),
        files,
    )
