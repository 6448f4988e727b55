"""What a site has, and what is not asked without it."""

from __future__ import annotations

from typing import Any

import pytest

from splreplay.ask.client import Secret, Splunk, trust
from splreplay.ask.site import CIM, Site, accelerated, look
from tests.ask.server import ACCELERATED, CERTIFICATE, SLOW, TOKEN, Fake, serving

LONDON = Site({}, {"Endpoint": True, "Network_Traffic": False}, utc=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ACCELERATED, True),
        (SLOW, False),
        ({"enabled": True}, True),
        ('{"enabled": 1}', True),
        ("0", False),
        ("{}", None),
        ("[" * 100_000, None),
        ("no JSON", None),
        ([], None),
        (None, None),
    ],
)
def test_accelerated(value: Any, expected: bool | None) -> None:
    """`acceleration` says whether a data model is accelerated, as an object, alone or within a text; all else says nothing."""
    assert expected is accelerated({"acceleration": value})


@pytest.mark.parametrize(
    ("offsets", "utc"),
    [
        ([{"z": "+0000 +0000 +0000"}], True),
        ([{"z": "+0000 +0000 +0100"}], False),
        ([{"z": "-0500 -0500 -0500"}], False),
        ([], False),
        ([{"z": 0}], False),
    ],
)
def test_zone(offsets: Any, utc: bool) -> None:
    """The user's time zone is UTC if it has no offset at any time: not in summer, nor in 1970."""
    with serving(Fake(offsets=offsets)) as fake:
        assert utc is look(Splunk(fake.address, Secret(TOKEN), trust(CERTIFICATE, False), 30)).utc


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("5.3.2", "cim5"),
        ("6.3.9", "cim5"),
        ("6.4.0", "current"),
        ("10.0", "current"),
        ("", "current"),
        ("x", "current"),
    ],
)
def test_addon(version: str, expected: str) -> None:
    """Before version 6.4, the CIM has no GUID of a connection, as replay is told."""
    assert expected == Site({CIM: version}, {}, utc=True).addon


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ('| makeresults | eval a=strftime(0,"%H")', "the time zone UTC"),
        ("| makeresults | bin span=1h a", "the time zone UTC"),
        ("| makeresults | bucket _time", "the time zone UTC"),
        ("| makeresults | timechart count", "the time zone UTC"),
        ("| makeresults | bin span=10 a", ""),
        ("| makeresults | transaction a maxspan=5m", ""),
        ("| makeresults | sort _time", ""),
        ("| tstats count from datamodel=Endpoint.Processes", ""),
        ("| tstats summariesonly=true count from datamodel=Endpoint.Processes", "a data model without acceleration"),
        ("| tstats summariesonly=true count from datamodel=Network_Traffic.All_Traffic", ""),
        ('| from datamodel:"Web.Web"', "the data model Web"),
        ("| tstats count from datamodel=Web.Web by _time span=1h", "the data model Web"),
    ],
)
def test_lacking_for(search: str, expected: str) -> None:
    """Dates as text and spans of time depend on the time zone, and a search on the data models that it names, and how they are."""
    assert expected == LONDON.lacking_for(search)
