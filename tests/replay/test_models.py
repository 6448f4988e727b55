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
        recording = engine.record([str(log)], planned.fields)
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
