"""What events are wrapped in: the answer of a search, or of a tool that adds what it found.

Elastic: `{"hits": {"hits": [{"_source": …}]}}`, and the `_source` alone, as elasticdump writes it; `fields`, and the CSV of Kibana,
have names with dots (`winlog.event_id`) in the place of objects, and `fields` has each value in a list. Splunk: `{"result": …}`
a line, or `{"results": […]}`. Chainsaw (hunt): `{"document": {"data": …}}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from splreplay.logs.formats.json.forms.text import Record, at

# Where the records of one answer stand.
MANY = (("hits", "hits"), ("results",))
# Where the record in an envelope stands.
ONE = (("_source",), ("fields",), ("result",), ("document", "data"))
# What the names with dots begin with.
DOTTED = "winlog."


def opened(record: Record) -> Iterator[Any]:
    """Yield what is in an envelope; nothing, where a record is none."""
    if any(name.startswith(DOTTED) for name in record):
        yield _nested(record)
        return
    for path in MANY:
        inner = at(record, *path)
        if isinstance(inner, list):
            yield from inner
    for path in ONE:
        inner = at(record, *path)
        if isinstance(inner, dict):
            yield inner


def _nested(record: Record) -> dict[str, Any]:
    """Return the objects that names with dots stand for; a name that would go through a value is left out."""
    nested: dict[str, Any] = {}
    for name, value in record.items():
        *objects, key = name.split(".")
        inner: Any = nested
        for step in objects:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner.setdefault(key, value[0] if isinstance(value, list) and len(value) == 1 else value)
    return nested
