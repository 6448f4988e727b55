"""Risk over time as an image. It has only numbers and times, and never text of a log."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import vl_convert
from markupsafe import Markup

from splreplay import times
from splreplay.report.text import utc

STEPS = 400  # drawn at most: the last step of each of so many equal spans
DOTS = 60  # steps are marked with dots if there are no more than these
ACCENT, INK, LINE = "#9c2f1f", "#4d545c", "#d9dce0"


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
    from_, to = utc(steps[0][0]), utc(steps[-1][0])
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
    """Return the chart in Vega-Lite: a stair under which the risk lies."""
    stair = [(start, 0.0), *steps, (end, steps[-1][1])]
    span = end - start
    x = {
        "field": "time",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [round(start * 1000), round(end * 1000)]},
        "axis": {"format": _format(span), "title": f"UTC, {_days(start, end)}", "grid": False, "tickCount": 6},
    }
    # The title is horizontal and above its axis, where no label reaches it.
    level = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -12}
    axis = {"title": "sum of risk scores", "tickCount": 4} | level
    # Not stacked: two sums of one moment, such as the last finding and the end, must not add up.
    y = {"field": "risk", "type": "quantitative", "stack": None, "axis": axis}
    layers: list[dict[str, Any]] = [
        {
            "data": _data(stair),
            "mark": {"type": "area", "interpolate": "step-after", "color": ACCENT, "opacity": 0.14, "line": False},
        },
        {
            "data": _data(stair),
            "mark": {"type": "line", "interpolate": "step-after", "color": ACCENT, "strokeWidth": 1.5},
        },
    ]
    if len(steps) <= DOTS:
        mark = {"type": "point", "filled": True, "size": 40, "color": ACCENT, "opacity": 1}
        layers.append({"data": _data(steps), "mark": mark})
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": 700,
        "height": 150,
        "background": "transparent",
        "padding": {"left": 15, "top": 5, "right": 15, "bottom": 5},  # the browser's font may be wider than ours
        "encoding": {"x": x, "y": y},
        "layer": layers,
        "config": {
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": {
                "labelColor": INK,
                "titleColor": INK,
                "titleFontWeight": "normal",
                "labelFontSize": 12,
                "titleFontSize": 12,
                "domainColor": LINE,
                "gridColor": LINE,
                "tickColor": LINE,
                "labelFlush": False,
            },
        },
    }


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
