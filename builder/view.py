"""The schema of a Dashboard Studio view, version 2, as far as our views use it, and the searches of its panels.

A view is XML around JSON. Source: Splunk's own packages @splunk/dashboard-definition, -presets and -validation 29.6.0,
with which `make dashboard` draws ours.
"""

# ruff: noqa: N815  the schema's names

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from xml.etree import ElementTree

from splreplay.schema import Document, decode, matching, one_of, some

Id = Annotated[str, matching(r"\w+", "an id of letters, digits and _")]
Text = Annotated[str, matching(r"(?s).*\S.*", "some text")]
Query = Annotated[str, matching(r"(?s)\s*\|.*\S.*", "a search that starts with a pipe")]

# The JSON inside the XML.
DEFINITION = re.compile(r"<definition><!\[CDATA\[(.*?)\]\]></definition>", re.S)


@dataclass(frozen=True)
class SearchOptions:
    """What a data source searches; a chained one works on the results of the data source that it extends."""

    query: Query
    extend: str | None = None


@dataclass(frozen=True)
class DataSource:
    """One search of the dashboard."""

    type: Annotated[str, one_of("ds.search", "ds.chain")]
    name: Text
    options: SearchOptions


@dataclass(frozen=True)
class InputOptions:
    """Which token the input sets: `$token.earliest$` and `$token.latest$`."""

    token: Id
    defaultValue: Annotated[str, matching(r"[^,]+,[^,]*", "earliest,latest")]


@dataclass(frozen=True)
class Input:
    """A control for whoever looks at the dashboard."""

    type: Annotated[str, one_of("input.timerange")]
    title: Text
    options: InputOptions


@dataclass(frozen=True)
class Link:
    """Where a click leads."""

    url: Text
    newTab: bool


@dataclass(frozen=True)
class EventHandler:
    """What a click does."""

    type: Annotated[str, one_of("drilldown.customUrl")]
    options: Link


@dataclass(frozen=True)
class Visualization:
    """One panel. Its options may name a value of its *dataSources* or of its *context*: `> primary | …`."""

    type: Annotated[str, matching(r"splunk\.\w+", "a visualization such as splunk.table")]
    title: Text
    dataSources: dict[str, str]
    description: Text | None = None
    options: dict[str, object] | None = None
    context: dict[str, object] | None = None
    eventHandlers: tuple[EventHandler, ...] = ()


@dataclass(frozen=True)
class Position:
    """A rectangle of the grid, which is 1200 wide."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True)
class Block:
    """The place of a panel."""

    item: str
    type: Annotated[str, one_of("block")]
    position: Position


@dataclass(frozen=True)
class Layout:
    """The places of all panels and inputs."""

    type: Annotated[str, one_of("grid")]
    globalInputs: tuple[str, ...]
    structure: Annotated[tuple[Block, ...], some()]


@dataclass(frozen=True)
class View:
    """A dashboard."""

    title: Text
    description: Text
    inputs: dict[str, Input]
    defaults: dict[str, object]
    dataSources: dict[str, DataSource]
    visualizations: dict[str, Visualization]
    layout: Layout


def read(content: bytes, path: str) -> Document[View]:
    """Return the view of the XML *content*; the lines of its values are those of the whole file."""
    refused: Document[View] = Document(path)
    remedy = "start as default/data/ui/views/installutil_risk.xml does"
    try:
        text = content.decode()
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, UnicodeDecodeError) as error:
        refused.refuse((), f"not XML in UTF-8: {error}", "mend it")
        return refused
    definition = DEFINITION.search(text)
    if not (
        root.tag == "dashboard" and root.get("version") == "2" and root.get("theme") in ("dark", "light") and definition
    ):
        refused.refuse((), "is no Dashboard Studio view of version 2 with a theme and a definition in CDATA", remedy)
        return refused
    # Empty lines stand for those before the JSON, so that problems have the right line.
    document = decode("\n" * text.count("\n", 0, definition.start(1)) + definition[1], path, View)
    for name, value in (("label", "title"), ("description", "description")):
        if document.value and root.findtext(name) != getattr(document.value, value):
            document.refuse((value,), f"{value} is another than the <{name}> around it", "write the same in both")
    return document


def search(sources: Mapping[str, DataSource], source: str) -> str:
    """Return the whole search of a data source, which starts with that of the data source that it extends."""
    options = sources[source].options
    return options.query if options.extend is None else f"{search(sources, options.extend)} {options.query}"
