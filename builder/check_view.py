"""Checks of a dashboard: references to nothing, unused parts, tokens that nobody sets or that could change a search, and
links that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import chain
from urllib.parse import parse_qs, urlsplit

from builder import APP
from builder.view import View, search
from splreplay.schema import Document, Key, Refusals

# Views that every app has.
SPLUNK_VIEWS = ("search", "reports")

# $name$ and $name|filter|filter$; s makes a quoted string of the value, u escapes it for an address.
_TOKEN = re.compile(r"\$([\w.]+)((?:\|\w+)*)\$")
# "> primary | …" names a data source of the panel or a value of its context, "rangeValue(states)" the latter.
_SOURCE = re.compile(r"> *(\w+)")
_CONTEXT = re.compile(r"\|\s*(?:rangeValue|matchValue|formatByType|gradient)\((\w+)\)")


def check(
    document: Document[View],
    views: Collection[str],
    why_not: Callable[[str], str | None],
    output_fields: Callable[[str], frozenset[str]],
) -> None:
    """Add to *document* the problems of its view.

    Args:
        document: A view, as read.
        views: The names of the views that a link may lead to.
        why_not: Returns why a search cannot run in the app; None if it can.
        output_fields: Returns the fields that a search certainly outputs.
    """
    view = document.value
    if view is None:
        return
    document.refuse_all(chain(_sources(view), _visualizations(view), _layout(view)))
    if document.problems:
        return  # the other checks would repeat these problems, or not end
    document.refuse_all(_searches(view, why_not))
    if not document.problems:  # the fields of a search that cannot run are not known
        document.refuse_all(_tokens(view, output_fields))
    document.refuse_all(_links(view, views, why_not))


def _searches(view: View, why_not: Callable[[str], str | None]) -> Refusals:
    for name in view.dataSources:
        if reason := why_not(search(view.dataSources, name)):
            where = ("dataSources", name, "options", "query")
            yield where, f"{name} cannot run: {reason}", "define it, or correct the call"


def _sources(view: View) -> Refusals:
    extended = {source.options.extend for source in view.dataSources.values()}
    shown = {name for panel in view.visualizations.values() for name in panel.dataSources.values()}
    for name, source in view.dataSources.items():
        where: Key = ("dataSources", name)
        base = source.options.extend
        if (base is not None) != (source.type == "ds.chain"):
            yield where, f"{name} is a {source.type} with extend {base}", "let ds.chain alone extend another"
        elif base is not None and base not in view.dataSources:
            yield where, f"{name} extends {base}, which is no data source", "name one of dataSources"
        elif base is not None and view.dataSources[base].type == "ds.chain":
            yield where, f"{name} extends {base}, which is a chain itself", "extend a ds.search"
        if name not in extended | shown:
            yield where, f"no panel shows {name}", "remove it, or show it"


def _visualizations(view: View) -> Refusals:
    for name, panel in view.visualizations.items():
        where: Key = ("visualizations", name)
        if not panel.dataSources:
            yield where, f"{name} has no search", "name a data source as primary"
        for source in panel.dataSources.values():
            if source not in view.dataSources:
                yield where, f"{name} shows {source}, which is no data source", "name one of dataSources"
        for at, text in _texts(panel.options, (*where, "options")):
            unknown = set(_SOURCE.findall(text)) - {*panel.dataSources, *(panel.context or {})}
            unknown |= set(_CONTEXT.findall(text)) - set(panel.context or {})
            for part in sorted(unknown if text.startswith(">") else ()):
                yield at, f"{part} is neither a data source of {name} nor in its context", "name one"


def _layout(view: View) -> Refusals:
    placed = [block.item for block in view.layout.structure]
    for number, item in enumerate(placed):
        where: Key = ("layout", "structure", number)
        if item not in view.visualizations:
            yield where, f"{item} is no panel", "name one of visualizations"
        elif item in placed[:number]:
            yield where, f"{item} stands twice", "place it once"
    for name in view.visualizations:
        if name not in placed:
            yield ("visualizations", name), f"{name} stands nowhere", "place it in layout.structure"
    for item in view.layout.globalInputs:
        if item not in view.inputs:
            yield ("layout", "globalInputs"), f"{item} is no input", "name one of inputs"
    for name in view.inputs:
        if name not in view.layout.globalInputs:
            yield ("inputs", name), f"{name} stands nowhere", "place it in layout.globalInputs"


def _tokens(view: View, output_fields: Callable[[str], frozenset[str]]) -> Refusals:
    """Refuse a token that nobody sets or nobody uses, and one that gets into a search or an address unescaped."""
    ranges = [entry.options.token for entry in view.inputs.values()]
    known = {f"{token}.{edge}" for token in ranges for edge in ("earliest", "latest")}

    def unknown(where: Key, token: str, tokens: set[str]) -> Refusals:
        if token not in tokens:
            yield where, f"nobody sets ${token}$", f"use one of {', '.join(sorted(tokens))}"

    def unfiltered(where: Key, token: str, filters: str, needed: str) -> Refusals:
        if not filters.endswith(needed):
            claim = f"${token}{filters}$ gets there as it is, whatever it holds"
            yield where, claim, f"write ${token}{needed}$"

    searched = set()
    for where, text in _texts(view.defaults, ("defaults",)):
        for token, _ in _TOKEN.findall(text):
            yield from unknown(where, token, known)
            searched.add(token)
    for token in sorted(known - searched):
        yield ("defaults",), f"no search keeps to ${token}$", "name it among the queryParameters"
    for name, source in view.dataSources.items():
        where = ("dataSources", name, "options", "query")
        for token, filters in _TOKEN.findall(source.options.query):
            yield from unknown(where, token, known)
            yield from unfiltered(where, token, filters, "|s")
    for name, panel in view.visualizations.items():
        queries = [view.dataSources[source].options.query for source in panel.dataSources.values()]
        rows = {f"row.{field}.value" for query in queries for field in output_fields(query)}
        for number, handler in enumerate(panel.eventHandlers):
            where = ("visualizations", name, "eventHandlers", number, "options", "url")
            for token, filters in _TOKEN.findall(handler.options.url):
                yield from unknown(where, token, known | rows)
                # A value of a row is first quoted for the search, and then escaped for the address.
                yield from unfiltered(where, token, filters, "|s|u" if token.startswith("row.") else "|u")
        for where, text in _texts([panel.title, panel.description, panel.options], ("visualizations", name)):
            if _TOKEN.search(text):
                yield where, f"{name} shows a token", "show a field of its search instead"


def _links(view: View, views: Collection[str], why_not: Callable[[str], str | None]) -> Refusals:
    for name, panel in view.visualizations.items():
        for number, handler in enumerate(panel.eventHandlers):
            where: Key = ("visualizations", name, "eventHandlers", number, "options", "url")
            link = urlsplit(_TOKEN.sub("%22%22", handler.options.url))
            app, _, target = link.path.removeprefix("/app/").partition("/")
            if link.netloc or not link.path.startswith("/app/") or app != APP or target not in views:
                yield where, f"{name} leads to {link.netloc}{link.path}", f"lead to a view of /app/{APP}"
            for text in parse_qs(link.query).get("q", []):
                if reason := why_not(text):
                    yield where, f"{name} leads to a search that cannot run: {reason}", "correct the search"


def _texts(value: object, where: Key) -> Iterator[tuple[Key, str]]:
    """Yield each text inside of *value* with its place."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, (*where, key))
    elif isinstance(value, (list, tuple)):
        for number, part in enumerate(value):
            yield from _texts(part, (*where, number))
