"""Data models by their names alone, the datasets below them, and the risk events that `collect` wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from splreplay import cim, engine
from splreplay.app import App
from splreplay.errors import SplError
from splreplay.output import Results
from splreplay.planning import plan
from splreplay.recording import record
from splreplay.run import Means
from tests.cim.test_vectors import xml
from tests.conftest import REPO

LOGON = {"security": 4624, "TargetUserName": "m.lopez", "LogonType": "3"}
FAILED = {"security": 4625, "TargetUserName": "m.lopez", "LogonType": "3", "Status": "0xc000006d"}
CREATED = {"security": 4720, "TargetUserName": "svc", "SubjectUserName": "adm"}
POLICY = {"security": 4719, "SubjectUserName": "adm"}
CONNECTED = {"sysmon": 3, "DestinationIp": "203.0.113.10", "DestinationPort": "443"}

Search = Callable[..., Results]


@pytest.fixture
def search(tmp_path: Path) -> Search:
    """Return the results of a search over a log of some events, and of what was collected before."""

    def run(text: str, *events: dict[str, object]) -> Results:
        log = tmp_path / "log.xml"
        log.write_text("".join(map(xml, events or (LOGON,))), encoding="utf-8")
        planned = plan(App(REPO), text)
        recording = record([str(log)], planned.fields)
        return engine.replay(planned, recording, Means(collect=tmp_path / "collected")).results

    return run


@pytest.mark.parametrize(
    ("model", "root"),
    [
        ("Authentication", "Authentication"),
        ("Change", "All_Changes"),
        ("Network_Resolution", "DNS"),
        ("Network_Traffic", "All_Traffic"),
        ("Risk", "All_Risk"),
        ("Updates", "Updates"),
        ("Web", "Web"),
    ],
)
def test_a_model_with_one_root(model: str, root: str) -> None:
    """The name of a data model alone is its one root dataset."""
    assert f"{model}.{root}" == cim.ROOTS[model]


def test_a_model_alone_gives_the_rows_of_its_root(search: Search) -> None:
    """Its fields have the root's name before them."""
    text = "| tstats count from datamodel=Network_Traffic where All_Traffic.dest_port=443 by All_Traffic.dest_ip"
    assert [{"All_Traffic.dest_ip": "203.0.113.10", "count": "1"}] == search(text, CONNECTED, LOGON).rows


def test_a_model_with_several_roots_is_refused(search: Search) -> None:
    """Which of its datasets is meant, the text must say."""
    with pytest.raises(SplError, match="'Endpoint' is a data model, of which replay reads one dataset"):
        search("| tstats count from datamodel=Endpoint")


@pytest.mark.parametrize(
    ("model", "node", "count"),
    [
        ("Authentication", "Authentication", "2"),
        ("Authentication", "Authentication.Failed_Authentication", "1"),
        ("Authentication", "Authentication.Successful_Authentication", "1"),
        ("Authentication", "Authentication.Default_Authentication", "0"),
        ("Change", "All_Changes", "2"),
        ("Change", "All_Changes.Account_Management", "1"),
        ("Change", "All_Changes.Account_Management.Accounts_Created", "1"),
        ("Change", "All_Changes.Account_Management.Accounts_Deleted", "0"),
        ("Change", "All_Changes.Auditing_Changes", "1"),
        ("Network_Traffic", "All_Traffic", "1"),
    ],
)
def test_nodename(search: Search, model: str, node: str, count: str) -> None:
    """`nodename` is the root, and each dataset below it that a row is in."""
    text = f"| tstats count from datamodel={model} where nodename={node}"
    assert [{"count": count}] == search(text, LOGON, FAILED, CREATED, POLICY, CONNECTED).rows


def test_a_field_of_a_dataset_below(search: Search) -> None:
    """It stands behind the names of the datasets that it is in; rows of other datasets have none."""
    text = "| tstats count from datamodel=Change by All_Changes.Account_Management.src_user"
    assert [{"All_Changes.Account_Management.src_user": "adm", "count": "1"}] == search(text, CREATED, POLICY).rows


def test_risk_is_what_collect_wrote(search: Search) -> None:
    """Into the index risk; the score counts, and the techniques are several values."""
    search(
        '| makeresults | eval risk_object="WKS-1", risk_score=40, annotations.mitre_attack=split("T1,T2", ",") '
        "| fields - _time | collect index=risk output_format=hec"
    )
    search('| makeresults | eval risk_object="other" | collect index=summary output_format=hec')
    text = (
        "| tstats sum(All_Risk.calculated_risk_score) as score values(All_Risk.annotations.mitre_attack.mitre_technique_id) as t "
        "from datamodel=Risk.All_Risk by All_Risk.risk_object"
    )
    found = search(text)
    assert [{"All_Risk.risk_object": "WKS-1", "score": "40", "t": ["T1", "T2"]}] == found.rows
    assert [] == list(found.of_kind("blind"))


def test_no_risk_events(search: Search) -> None:
    """Where nothing was collected the search is blind."""
    expected = (
        "this search is blind in Risk.All_Risk: no event that collect wrote into the index risk is in the folder of --collect, "
        "and nothing else fills it"
    )
    assert [expected] == list(search("| tstats count from datamodel=Risk by All_Risk.risk_object").of_kind("blind"))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from datamodel:Authentication", ["svc", "m.lopez"]),
        ("from datamodel:Authentication.Failed_Authentication", ["svc"]),
        ("datamodel Authentication Successful_Authentication flat", ["m.lopez"]),
    ],
)
def test_events_of_a_dataset_below(search: Search, source: str, names: list[str]) -> None:
    """from and datamodel take a data model by its name alone, and a dataset below its root."""
    found = search(f"| {source} | sort user | table user", LOGON, FAILED | {"TargetUserName": "svc"})
    assert sorted(names) == [row["user"] for row in found.rows]


@pytest.mark.parametrize("name", ["Accounts_Created", "Account_Management.Accounts_Created"])
def test_a_dataset_two_levels_below(search: Search, name: str) -> None:
    """A dataset further below is called with or without those between; its fields bear the name of the root."""
    found = search(f'| from datamodel:"Change.{name}" | stats count', CREATED, POLICY)
    assert [{"count": "1"}] == found.rows
    of_root = "All_Changes.user All_Changes.Account_Management.src_user"
    shown = search(f"| datamodel Change Accounts_Created search | table {of_root}", CREATED, POLICY)
    assert [{"All_Changes.user": "svc", "All_Changes.Account_Management.src_user": "adm"}] == shown.rows
    flat = search("| datamodel Change Accounts_Created flat | table user src_user", CREATED, POLICY)
    assert [{"user": "svc", "src_user": "adm"}] == flat.rows


def test_risk_events_by_from(search: Search) -> None:
    """from datamodel Risk.All_Risk, as the drilldowns of public detections have it, gives what collect wrote, with its own fields."""
    search('| makeresults | eval risk_object="m.lopez", risk_score=20, own="x" | collect index=risk output_format=hec')
    found = search("| from datamodel Risk.All_Risk | search normalized_risk_object IN (m.lopez) | table risk_score own")
    assert [{"risk_score": "20", "own": "x"}] == found.rows


def test_from_is_blind_without_events(search: Search) -> None:
    """Where no event fills the dataset, from says so; where one does, it does not."""
    blind = search("| from datamodel:Endpoint.Processes", LOGON).of_kind("blind")
    assert (1, True) == (len(blind), blind[0].startswith("this search is blind in Endpoint.Processes: no event"))
    assert [] == search("| from datamodel:Authentication", LOGON).of_kind("blind")
