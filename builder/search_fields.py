r"""Which fields a search outputs, read from its text alone.

The rule: the fields of its last `table` or `stats` (of stats the names after `as` and `by`, and aggregates
without a name) and, where `rbaenrich` follows, what rbaenrich adds. Any other command, the filter macro among
them, counts as adding none.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path

# What rbaenrich adds to every result: the command's own list, read by path as bin/ is no package.
_FIELDS = Path(__file__).parent.parent / "bin" / "installutil_rba_fields.py"
RBAENRICH_FIELDS = frozenset[str](runpy.run_path(str(_FIELDS))["ANNOTATION"])

# Text that may hold | or brackets of its own: a quoted string, a macro call.
_OPAQUE = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')
_SUBSEARCH = re.compile(r"\[[^\[\]]*\]")


def output_fields(search: str) -> frozenset[str]:
    """Return the names of the fields that *search* outputs; none where it has neither table nor stats."""
    fields: frozenset[str] = frozenset()
    for command in _commands(search):
        name, *words = re.split(r"[\s,]+", command.strip(" ,"))
        if name.lower() == "table":
            fields = frozenset(words)
        elif name.lower() == "stats":
            text = re.sub(r"\S+ as (?=\S)", "", " ".join(words), flags=re.IGNORECASE)
            fields = frozenset(re.sub(r"\bby ", "", text, flags=re.IGNORECASE).split())
        elif name == "rbaenrich":
            fields = fields.union(RBAENRICH_FIELDS)
    return fields


def _commands(search: str) -> list[str]:
    """Return the commands of the outermost pipeline, in order, without their subsearches."""
    text = _OPAQUE.sub(lambda match: re.sub(r"[|\[\]]", " ", match.group()), search)
    while inner := _SUBSEARCH.search(text):
        text = text[: inner.start()] + text[inner.end() :]
    return [command.strip() for command in text.split("|") if command.strip()]
