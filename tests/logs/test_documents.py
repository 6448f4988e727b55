"""JSON that is not one record a line, damaged and hostile."""

from __future__ import annotations

import pytest

from splreplay.logs.formats.json import documents
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvent

CUT = "the log ends within it: what was whole before is kept"


def cut(content: str, block: int = 7) -> list[str | tuple[str, str]]:
    """Return the records of a text whose blocks end anywhere, and what is wrong."""
    log = Log("log", b"")
    encoded = content.encode()
    log.blocks = iter([encoded[start : start + block] for start in range(0, len(encoded), block)])
    return [
        (item.place, item.reason) if isinstance(item, BadEvent) else item.decode() for item in documents.records(log)
    ]


A, B = '{"a": "[{\\"}"}', '{"b": [{"c": {}}]}'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"[{A}, {B}]", [A, B]),
        (f"[[{A}], [[{B}]]]", [A, B]),
        (f"{A}{B}\n{A}", [A, B, A]),
        (f"[{A}]\n[{B}]\n", [A, B]),
        (f'{{"took": 1, "hits": {{"x": [{{}}], "hits": [{A}, {B}]}}, "y": {{}}}}', [A, B]),
        (f'{{"results": [{A}]}}{{"results": [{B}]}}', [A, B]),
        ('{"results": ["a"], "b": 1}', ['{"results": ["a"], "b": 1}']),
        (f'{{"a": {{"hits": {{"hits": [{A}]}}}}}}', [f'{{"a": {{"hits": {{"hits": [{A}]}}}}}}']),
        (f'[{{"hits": {{"hits": [{A}]}}}}]', [f'{{"hits": {{"hits": [{A}]}}}}']),
        ("[]", []),
        (f"[{A}, {B[:-4]}", [A, ("record 2", CUT)]),
        (f"[{A}, {A[:9]}", [A, ("record 2", CUT)]),
        (f"[{A}, ", [A, ("record 2", CUT)]),
        (f"[{A}]}}[{B}]", [A, ("record 2", "} closes nothing: what follows is lost")]),
        (f"[{A}}}, {B}]", [A, ("record 2", "} closes nothing: what follows is lost")]),
        (f"{A} and so on", [A, ("record 2", "what follows is not JSON")]),
        ("[" * 300, [("record 1", "its brackets nest deeper than 200: what follows is lost")]),
    ],
)
def test_records_are_cut_by_their_brackets(content, expected):
    """Wherever a block ends; what is whole before damage is kept, and what is lost is said."""
    assert [expected] * 3 == [cut(content, block) for block in (1, 7, 1000)]


def test_a_record_that_does_not_end_fills_no_memory(monkeypatch):
    """It may be as large as an event, no larger."""
    monkeypatch.setattr("splreplay.logs.opening.MAX_EVENT_BYTES", 2 << 20)
    lost = ("record 2", "it is larger than 2 MB: what follows is lost")
    assert ["{}", lost] == cut('{}{"a": "' + "x" * (3 << 20), 1 << 16)
