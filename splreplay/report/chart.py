"""Risk over time as an image. It has only numbers and times, and never text of a log."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vl_convert
from markupsafe import Markup

from splreplay import times

STEPS = 400  # drawn at most: the last step of each of so many equal spans
DOTS = 60  # steps are marked with dots if there are no more than these
# How it looks. The title of the axis is horizontal and above it, where no label reaches it. The padding is wide, because the
# browser's font may be wider than ours. Not stacked: two sums of one moment, such as the last finding and the end, must not add up.
CHART = Path(__file__).with_name("chart.json")


@dataclass(frozen=True)
class Image:
    """A `data:` URI of an SVG, and what it shows, in words."""

    source: Markup
    alt: str


def image(steps: Sequence[tuple[float, float]], first: float, last: float) -> Image:
    """Return the chart of *steps*: times, ascending, and the sum of scores up to each.

    Args:
        steps: At least one.
        first: Where the time axis starts, unless a step is earlier.
        last: Where it ends, unless a step is later.
    """
    start, end = min(first, steps[0][0]), max(last, steps[-1][0])
    if start == end:
        start, end = start - 1, end + 1
    drawn = thinned(steps, start, end)
    source = base64.b64encode(svg(specification(drawn, start, end)).encode()).decode()
    from_, to = times.utc(steps[0][0]), times.utc(steps[-1][0])
    alt = (
        f"Risk over time: the sum of scores rises from 0 to {drawn[-1][1]:,g} in {len(steps):,} "
        f"step{'s' if len(steps) != 1 else ''} {f'between {from_} and {to}' if from_ != to else f'at {from_}'}."
    )
    return Image(Markup(f"data:image/svg+xml;base64,{source}"), alt)  # base64 holds no markup


def thinned(steps: Sequence[tuple[float, float]], start: float, end: float) -> list[tuple[float, float]]:
    """Return the last step of each of STEPS equal spans between *start* and *end*."""
    width = (end - start) / STEPS
    return list({min(int((time - start) / width), STEPS - 1): (time, total) for time, total in steps}.values())


def specification(steps: Sequence[tuple[float, float]], start: float, end: float) -> dict[str, Any]:
    """Return the chart in Vega-Lite: that of chart.json, with its points and its time axis."""
    chart: dict[str, Any] = json.loads(CHART.read_text(encoding="utf-8"))
    stair = [(start, 0.0), *steps, (end, steps[-1][1])]
    area, line, dots = chart["layer"]
    area["data"] = line["data"] = _data(stair)
    dots["data"] = _data(steps)
    if len(steps) > DOTS:
        chart["layer"].remove(dots)
    time = chart["encoding"]["x"]
    time["scale"]["domain"] = [round(start * 1000), round(end * 1000)]
    time["axis"] |= {"format": _format(end - start), "title": f"UTC, {_days(start, end)}"}
    return chart


def svg(specification: dict[str, Any]) -> str:
    """Return the SVG of a chart; ValueError if it would load anything from a network or a file."""
    return str(vl_convert.vegalite_to_svg(specification, allowed_base_urls=[]))


def _data(points: Sequence[tuple[float, float]]) -> dict[str, Any]:
    return {"values": [{"time": round(time * 1000), "risk": risk} for time, risk in points]}


def _format(span: float) -> str:
    if span <= 600:
        return "%H:%M:%S"
    return "%H:%M" if span <= 86400 else "%d %b %H:%M" if span <= 5 * 86400 else "%d %b %Y"


def _days(start: float, end: float) -> str:
    days = [times.format_time(time, "%Y-%m-%d") or "" for time in (start, end)]
    return days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}"
