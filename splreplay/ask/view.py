"""The searches of a dashboard, by its definition as Splunk's REST API gives it: XML around JSON, as Dashboard Studio writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

TOKEN = re.compile(r"\$([\w.]+)(?:\|\w+)*\$")


def searches(definition: str) -> Iterator[tuple[str, str]]:
    """Yield the id and the whole search of each data source; one that extends another starts with that one's.

    A token in a search has the default of its input, or else is `*`. The time range is left to who runs the searches.

    Raises:
        ValueError: If this is no dashboard, or it has no search.
    """
    if "<!DOCTYPE" in definition:
        raise ValueError("the definition has a document type, as no dashboard has")
    try:
        view = json.loads(ElementTree.fromstring(definition).findtext("definition") or "")
        sources = {str(name): source["options"] for name, source in view["dataSources"].items()}
        values = dict(_defaults(view.get("inputs", {})))
        found = {name: _whole(name, sources) for name in sources}
    except (ElementTree.ParseError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the definition is no dashboard whose searches are whole") from error
    if not found:
        raise ValueError("the definition has no search")
    for name, search in found.items():
        yield name, TOKEN.sub(lambda token: values.get(token[1], "*"), search)


def _whole(name: str, sources: Mapping[str, Any]) -> str:
    """Return the search of a data source; RecursionError if it extends itself."""
    options = sources[name]
    query = options["query"].strip()
    return f"{_whole(options['extend'], sources)} {query}" if "extend" in options else query


def _defaults(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the tokens that inputs set, each with its default; a time range sets two."""
    for one in inputs.values():
        token, value = one["options"]["token"], str(one["options"].get("defaultValue", "*"))
        yield token, value
        yield from zip((f"{token}.earliest", f"{token}.latest"), value.split(","), strict=False)
