"""The chart: what it is given, and that it is drawn without fetching anything."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from splreplay.report import chart
from tests.report.canary import canary

START = 1_750_000_000.0
MARKS: dict[str, Any] = {"mark": "text", "encoding": {"text": {"field": "name"}}}


def drawn(image: chart.Image) -> str:
    """Return the SVG of an image."""
    return base64.b64decode(image.source.partition("base64,")[2]).decode()


def test_stair() -> None:
    """The chart is a staircase: from 0 at the start of the log, over each finding, to its end."""
    specification = chart.specification([(START + 60, 80.0), (START + 120, 100.0)], START, START + 600)
    expected = [(0, 0.0), (60_000, 80.0), (120_000, 100.0), (600_000, 100.0)]
    values = specification["layer"][0]["data"]["values"]
    assert expected == [(value["time"] - START * 1000, value["risk"]) for value in values]


def test_alt() -> None:
    """The image says in words what it shows."""
    image = chart.image([(START + 60, 80.0), (START + 120, 1000.5)], START, START + 600)
    assert (
        "Risk over time: the sum of scores rises from 0 to 1,000.5 in 2 steps between 2025-06-15 15:07:40 UTC and "
        "2025-06-15 15:08:40 UTC." == image.alt
    )


def test_alt_of_one_moment() -> None:
    """If all findings have the same time, the image does not say that they lie between it and itself."""
    image = chart.image([(START, 10.0), (START, 30.0)], START - 60, START)
    assert "Risk over time: the sum of scores rises from 0 to 30 in 2 steps at 2025-06-15 15:06:40 UTC." == image.alt


@pytest.mark.parametrize("last", [START + 60, START + 600])
def test_scale(last: float) -> None:
    """The scale ends at the sum, or at the next tick, whether the last finding is at the end of the log or before."""
    tree = etree.fromstring(drawn(chart.image([(START + 60, 30.0), (START + 60, 60.0)], START, last)).encode())
    ticks = [text.text for text in tree.iter("{*}text") if text.text and re.fullmatch(r"\d+", text.text)]
    assert "60" == ticks[-1]


def test_svg() -> None:
    """The drawing is an SVG without scripts, links and foreign content; its only texts are numbers and the axes'."""
    tree = etree.fromstring(drawn(chart.image([(START + 60, 80.0)], START, START + 600)).encode())
    names = {etree.QName(element).localname for element in tree.iter()}
    texts = [element.text for element in tree.iter("{*}text")]
    assert {"svg", "g", "path", "line", "rect", "text"} >= names
    assert ["UTC, 2025-06-15", "sum of risk scores"] == [t for t in texts if t and not re.fullmatch(r"[\d:,.]+", t)]


def test_same() -> None:
    """The same steps give the same image, byte for byte."""
    steps = [(START + n, float(n)) for n in range(50)]
    assert chart.image(steps, START, START + 60) == chart.image(steps, START, START + 60)


@pytest.mark.parametrize(
    ("first", "last"), [(START, START), (START - 1, START + 1), (START + 5, START + 9), (-6.2e10, 2.5e11)]
)
def test_any_range(first: float, last: float) -> None:
    """A log of one moment, one that ends before the finding, and one over all years: each has a chart."""
    assert drawn(chart.image([(START, 1.0)], first, last)).startswith("<svg ")


def test_many_steps() -> None:
    """As many of many steps are drawn as the eye can tell apart, and the last sum stays."""
    steps = [(START + n, float(n)) for n in range(100_000)]
    thin = chart.thinned(steps, START, START + 100_000)
    assert (400, steps[-1]) == (len(thin), thin[-1])
    assert len(drawn(chart.image(steps, START, START + 100_000))) < 100_000


def test_network() -> None:
    """A chart that asks for data from a network is refused, and nothing is requested."""
    with canary() as (url, asked):
        for address in (f"{url}data.json", "data.json"):
            with pytest.raises(ValueError, match="External data url not allowed"):
                chart.svg({"data": {"url": address}} | MARKS)
    assert [] == asked


def test_file(tmp_path: Path) -> None:
    """A chart that asks for a file does not get it."""
    (tmp_path / "data.json").write_text('[{"name": "secret"}]')
    assert "secret" not in chart.svg({"data": {"url": f"file://{tmp_path}/data.json"}} | MARKS)
    assert "secret" in chart.svg({"data": {"values": [{"name": "secret"}]}} | MARKS)
