"""Windows event XML: one <Event …>…</Event> after another.

`exact` reads one event at a time, with lxml. `fast` reads a block of events at once, by the `shapes` that it has learned.
"""

from __future__ import annotations

import re

from splreplay.logs.formats.xml.exact import read as read_exactly
from splreplay.logs.formats.xml.fast import read

__all__ = ["EXPECTED", "NAME", "read", "read_exactly", "recognises"]

NAME = "xml"
EXPECTED = "expected is one <Event …>…</Event> after another, without a prefix such as <e:Event>"
# Where its beginning is lost, an event has a tag all the same; so may a value in JSON.
BEGINNING = re.compile(rb"\s*(?:<|[^\s{].*?<(?:\w+:)?Event[\s>])", re.DOTALL)


def recognises(head: bytes) -> bool:
    """Tell whether a log begins with a tag or has one of an event."""
    return BEGINNING.match(head) is not None
