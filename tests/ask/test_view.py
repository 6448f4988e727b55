"""The searches of a dashboard, out of its definition."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builder import view as built
from splreplay.ask import view
from tests.conftest import REPO

OURS = (REPO / "default" / "data" / "ui" / "views" / "installutil_risk.xml").read_bytes()


def written(sources: Any, inputs: Any = None) -> str:
    """Return a definition as Splunk stores it."""
    content = {"dataSources": sources} | ({"inputs": inputs} if inputs else {})
    return f'<dashboard version="2"><definition><![CDATA[{json.dumps(content)}]]></definition></dashboard>'


def test_ours() -> None:
    """Of our dashboard, these are the searches that the build finds in it."""
    read = built.read(OURS, "installutil_risk.xml").value
    assert read is not None
    expected = {name: built.search(read.dataSources, name) for name in read.dataSources}
    assert expected == dict(view.searches(OURS.decode()))


def test_tokens() -> None:
    """A token has the default of its input, a time range both of its own, and one that nobody sets is `*`."""
    query = "| search a=$word|s$ b>=$range.earliest$ b<$range.latest$ c=$row.c.value$"
    inputs = {
        "one": {"options": {"token": "word", "defaultValue": "x"}},
        "two": {"options": {"token": "range", "defaultValue": "-24h@h,now"}},
    }
    expected = {"ds": "| search a=x b>=-24h@h b<now c=*"}
    assert expected == dict(view.searches(written({"ds": {"options": {"query": query}}}, inputs)))


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "no XML",
        "<dashboard/>",
        "<dashboard><definition>[]</definition></dashboard>",
        written({}),
        written([]),
        written({"ds": {"options": {}}}),
        written({"ds": {"options": {"query": 7}}}),
        written({"ds": {"options": {"query": "| x", "extend": "another"}}}),
        written({"ds": {"options": {"query": "| x", "extend": "ds"}}}),
        written({"ds": {"options": {"query": "| x"}}}, {"one": {}}),
        f"<dashboard><definition>{'[' * 100_000}</definition></dashboard>",
        '<!DOCTYPE a [<!ENTITY b "c">]><dashboard><definition>&b;</definition></dashboard>',
    ],
)
def test_no_dashboard(definition: str) -> None:
    """What is no dashboard with whole searches is refused, whatever it is."""
    with pytest.raises(ValueError, match="the definition"):
        list(view.searches(definition))
