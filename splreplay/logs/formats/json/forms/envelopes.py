"""What events are wrapped in: the answer of a search, or of a tool that adds what it found.

Elastic: `{"hits": {"hits": [{"_source": …}]}}`, and the `_source` alone, as elasticdump writes it. Splunk: `{"result": …}`
a line, or `{"results": […]}`. Chainsaw (hunt): `{"document": {"data": …}}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from splreplay.logs.formats.json.forms.text import Record, at

# Where the records of one answer stand.
MANY = (("hits", "hits"), ("results",))
# Where the record in an envelope stands.
ONE = (("_source",), ("result",), ("document", "data"))


def opened(record: Record) -> Iterator[Any]:
    """Yield what is in an envelope; nothing, where a record is none."""
    for path in MANY:
        inner = at(record, *path)
        if isinstance(inner, list):
            yield from inner
    for path in ONE:
        inner = at(record, *path)
        if isinstance(inner, dict):
            yield inner
