"""What attackers write wherever they can: command lines, names of users and hosts, even of fields."""

from __future__ import annotations

from splreplay.sql.values import Value
from tests.report.pages import FINDING

# {url} is the address that a page would request if it obeyed one of these; each would also leave a mark in the page.
MARK = "document.documentElement.setAttribute('data-ran','yes')"
PAYLOADS = {
    "script": "<script>{mark};fetch('{url}script')</script>",
    "image": '<img src="{url}image" onerror="{mark}">',
    "attribute": '"><svg onload="{mark}"><image href=\'{url}attribute\'/></svg>',
    "single quote": "' onmouseover='{mark}' style='background:url({url}quote)",
    "end of style": "</style><style>@import url('{url}style');body{{background:url({url}background)}}</style>",
    "end of title": "</title></head><body onload=\"{mark}\"><iframe src='{url}frame'></iframe>",
    "base": "<base href='{url}'><link rel=stylesheet href='{url}link'><link rel=icon href='{url}icon'>",
    "refresh": "<meta http-equiv=refresh content='0;url={url}refresh'>",
    "anchor": "<a href=\"javascript:{mark}\" ping='{url}ping'>click</a>",
    "comment": "<!--><img src='{url}comment'>-->",
    "template": "{{{{ 7*7 }}}}{{% raw %}}${{7*7}}",
    "entity": "&lt;script&gt;&#60;script>&amp;",
    "controls": "a\0b\x1b[31m\r\n\t\x7f\x9bc",
    "bidi": "photo\u202egnp.exe \u2066x\u2069 \u200b",
    "surrogate": "a\ud800b\udfff",
    "megabyte": "A" * 1_000_000 + "the end",
}


def payloads(url: str) -> dict[str, str]:
    """Return the payloads, by what they try."""
    return {name: text.format(mark=MARK, url=url) for name, text in PAYLOADS.items()}


def findings(url: str) -> list[dict[str, Value]]:
    """Return a finding for each payload, which has it in every field, and in the name of one."""
    return [
        {name: text for name in FINDING if name not in ("_time", "risk_score")}
        | {"_time": str(1_750_000_060 + number), "risk_score": "50", f"field {text[:200]}": text, "many": [text] * 3}
        for number, text in enumerate(payloads(url).values())
    ]
