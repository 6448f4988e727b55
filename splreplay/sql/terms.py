r"""What a bare word or a phrase means in SQL: that the text of an event has it, between breakers.

Splunk cuts events at breakers, and a word is found where it stands between two of them or at an edge. TERM(x) is found between
major breakers alone, CASE(x) with its case. `*` stands for any text without a major breaker.

Source: segmenters.conf.spec, [<SegmenterName>], MAJOR and MINOR, without the breakers of several characters (%20, --); Search
Manual, "Use CASE() and TERM() to match phrases". That `*` ends at a major breaker is inferred.
"""

from __future__ import annotations

import re

from splreplay.spl.predicate import Term
from splreplay.sql.values import literal

MAJOR = "[]<>(){}|!;,'\"*\n\r \t&?+"
MINOR = r"/:=@.-$#%\_"


def term_sql(term: Term, raw: str) -> str:
    """Return SQL that is true or false, never NULL, for whether the text *raw* has a term."""
    breakers = MAJOR if term.directive == "TERM" else MAJOR + MINOR
    text = term.value
    pattern = f"{_class(MAJOR, '^')}*".join(map(re.escape, text.split("*")))
    # An edge that is a breaker itself, or a wildcard, may stand beside anything.
    before = "" if text[:1] in breakers else f"(?:^|{_class(breakers)})"
    behind = "" if text[-1:] in breakers else f"(?:$|{_class(breakers)})"
    options = "c" if term.directive == "CASE" else "i"
    return f"coalesce(regexp_matches({raw}, {literal(f'{before}{pattern}{behind}')}, '{options}'), false)"


def _class(characters: str, negation: str = "") -> str:
    return f"[{negation}{re.escape(characters)}]"
