"""The fast reader of JSON lines gives what the exact one gives, and does not need it for usual lines."""

from __future__ import annotations

import gzip
import json
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from splreplay.app import App
from splreplay.logs.formats.json import exact, fast
from splreplay.logs.report import BadEvents
from splreplay.planning import plan
from tests.conftest import REPO
from tests.logs.fuzz import FIELDS, outcome
from tests.logs.json_forms import FAST as FORMS
from tests.logs.json_forms import json_lines

pytestmark = pytest.mark.slow

RECORDINGS = sorted((REPO / "tests" / "recordings").glob("*.xml"))
READ = plan(App(REPO), App(REPO).scheduled.search).fields.names
REAL = sorted((REPO.parent / "shared" / "data").glob("*.xml*"))


@cache
def content(path) -> bytes:
    """Return a recording's bytes, uncompressed."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@cache
def recorded(form, path) -> bytes:
    """Return a recording as lines of a form."""
    return json_lines(form, content(path))


@pytest.fixture
def taken(monkeypatch):
    """The pieces whose values are extracted from all lines at once."""
    pieces = []
    values_of = fast.values_of
    monkeypatch.setattr(fast, "values_of", lambda piece, form: pieces.append(piece) or values_of(piece, form))
    return pieces


@pytest.fixture
def exact_lines(monkeypatch):
    """The lines for which the fast reader asks the exact one."""
    asked = []
    rows = exact.rows

    def counted(numbered):
        for number, line in numbered:
            asked.append(line)
            yield from rows([(number, line)])

    monkeypatch.setattr(exact, "rows", counted)
    return asked


def same(path, fields=FIELDS) -> tuple:
    """Return what both readers make of some fields of a log, having checked that it is the same."""
    expected = outcome(exact.read, path, fields)
    assert expected == outcome(fast.read, path, fields)
    return expected


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", [*RECORDINGS, *REAL], ids=lambda path: path.name)
def test_a_recording_is_read_the_same(tmp_path, monkeypatch, path, form):
    """Every row of every recording, real ones too, in each form."""
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", 300_000)
    log = tmp_path / "log"
    log.write_bytes(recorded(form, path))
    rows, bad, error = same(log)
    assert (True, BadEvents(), "") == (len(rows) > 0, bad, error)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", [path for path in REAL if path.suffix == ".gz"], ids=lambda path: path.name)
def test_most_real_events_need_no_exact_reader(tmp_path, exact_lines, path, form):
    """One event in forty is left to it."""
    log = tmp_path / "log"
    log.write_bytes(recorded(form, path))
    # Not all fields: of two that differ only in case, DuckDB takes one, and an event with the other is read exactly.
    rows, _, _ = outcome(fast.read, log, READ)
    assert len(exact_lines) < len(rows) / 40


def test_lines_too_short_for_events_are_read_one_by_one(tmp_path, taken):
    """A value takes memory in each line, so many short lines would take far more memory than they have bytes."""
    path = tmp_path / "log"
    path.write_bytes(b"\n" * 5000 + b"{}\n" * 2000 + EVENT.encode() + b"\n")
    rows, bad, _ = same(path)
    assert (1, 2000, []) == (len(rows), bad.count, taken)


def test_a_line_longer_than_a_block_hides_no_short_ones(tmp_path, monkeypatch, taken):
    """It makes the average line long enough, but the short ones are no fewer."""
    monkeypatch.setattr("splreplay.logs.opening.BLOCK_BYTES", 10_000)
    path = tmp_path / "log"
    path.write_bytes(EVENT.replace('"x"', f'"{"x" * 200_000}"').encode() + b"\n" + b"{}\n" * 2000)
    rows, bad, _ = same(path)
    assert (1, 2000, []) == (len(rows), bad.count, taken)


PLAIN = {
    "EventID": "1",
    "Provider": "Microsoft-Windows-Sysmon",
    "SystemTime": "2025-06-17T08:00:00.1234567Z",
    "Computer": "h",
    "Image": r"C:\a.exe",
    "CommandLine": "x",
    "User": "u",
}
USUAL = [json.dumps(PLAIN | {"CommandLine": f"line {number}"}) for number in range(20)]
EVENT = json.dumps(PLAIN)
BEAT = json.dumps(
    {
        "@timestamp": "2025-06-17T08:00:00.123Z",
        "winlog": {
            "provider_name": "Microsoft-Windows-Sysmon",
            "event_id": 1,
            "computer_name": "h",
            "keywords": ["a"],
            "event_data": {"Image": r"C:\a.exe", "CommandLine": "x", "User": "u"},
        },
    }
)


def test_a_usual_line_needs_no_exact_reader(tmp_path, exact_lines):
    """Whole numbers, words, spaces, escapes, nested values and line ends of either kind are usual."""
    values = [1, -5, 0, True, False, None, "", '\n"\\/\t\u00e9😀', "if (a) { b }", "{7c1e4a52}"]
    lines = [
        json.dumps(PLAIN | {"CommandLine": value, "n": 10**18, "o": {"p": {"q": 1}, "r": 2}, "q": ["r"]})
        for value in values
    ]
    path = tmp_path / "log"
    path.write_text("\r\n".join([*lines, *lines, EVENT, ""]), encoding="utf-8", newline="")
    rows, _, _ = same(path)
    exact_lines.clear()
    outcome(fast.read, path)
    assert (2 * len(values) + 1, []) == (len(rows), exact_lines)


# All fields that the lines below name, and one that none names: planning a query for every field takes twice as long.
NAMED = ("UtcTime", "ProcessId", "Image", "CommandLine", "User", "Hashes", "Protocol")
UNUSUAL = [
    # Values
    ('"x"', "1.50"),
    ('"x"', "1e5"),
    ('"x"', "-0"),
    ('"x"', "-0.0"),
    ('"x"', "12"),
    ('"x"', "-12"),
    ('"x"', "9223372036854775808"),
    ('"x"', "-99999999999999999999"),
    ('"x"', "123456789012345678901234567890123456789"),
    ('"x"', "007"),
    ('"x"', "0x1c4"),
    ('"x"', "NaN"),
    ('"x"', "nan"),
    ('"x"', "-Infinity"),
    ('"x"', "inf"),
    ('"x"', "null"),
    ('"x"', "nul"),
    ('"x"', "true"),
    ('"x"', "[]"),
    ('"x"', '["a", "b"]'),
    ('"x"', '["a", 1.5]'),
    ('"x"', "[1, 2]"),
    ('"x"', '{"a": 1}'),
    ('"x"', "{}"),
    ('"x"', r'"{\"a\": 1}"'),
    ('"x"', r'"[]"'),
    ('"x"', r'"\u0000"'),
    ('"x"', r'"\ud800"'),
    ('"x"', r'"\udc00\ud800"'),
    ('"x"', r'"\ud83d\ude00"'),
    ('"x"', r'"\x"'),
    ('"x"', r'"\/\b\f\n\r\t\u00e9"'),
    ('"x"', '"\t"'),
    ('"x"', '"\0"'),
    ('"x"', '"\x7f\u2028\ufeff\ufffe"'),
    ('"x"', r'"a\", b"'),
    ('"x"', r'"a\": b"'),
    ('"x"', '"a ,} , ] }"'),
    ('"x"', "'x'"),
    ('"x"', '"x" /* a */'),
    ('"x"', '"x", "CommandLine": "y"'),
    ('"x"', '"x", "commandline": "y"'),
    ('"x"', '"x", "a": 1.5'),
    ('"x"', '"x", "a": nan'),
    ('"x"', '"x", "a": Infinity'),
    ('"x"', '"x", "a": [1, nan]'),
    ('"x"', '"x", "a": ["b", nan]'),
    ('"x"', '"x", "a": ["b", 1, nan]'),
    ('"x"', '"x", "a": ["b", 1,]'),
    ('"x"', '"x", "a": ["b",]'),
    ('"x"', '"x", "a": ["b" , ]'),
    ('"x"', '"x", "a": {"b": 1,}'),
    ('"x"', '"x", "a": {"b": 1, }'),
    ('"x"', '"x", "a": {"b": 1,  }'),
    ('"x"', '"x", "a": {"b": 1,\t}'),
    ('"x"', '"x", "a": {"b": "c",}'),
    ('"x"', '"x", "a": {"b": "c", }'),
    ('"x"', '"x", "a": {"b": "c",  }'),
    ('"x"', '"x", "a": {"b": "c",\t}'),
    ('"x"', '"x", "a": {"b": "c" }'),
    ('"x"', '"x", "a":-1'),
    ('"x"', '"x", "a" :1'),
    ('"x"', '"x" ,"a"\t:\t1'),
    ('"x"', '"x", "a": ' + "[" * 5000 + "]" * 5000),
    ('"x"', '"x", "a": ' + '{"b":' * 5000 + "1" + "}" * 5000),
    ('"x"', f'"{"x" * 100_000}"'),
    # Keys
    ('"Image"', r'"\u0049mage"'),
    ('"Image"', '"IMAGE"'),
    ('"User"', '"UtcTime"'),
    ('"User"', '"ProcessID"'),
    ('"User"', r'"\u0050rocessID"'),
    ('"User"', '"ProcessID": "1", "ProcessId"'),
    ('"User"', '"ProcessId": null, "ProcessID"'),
    ('"winlog"', r'"winlo\u0067"'),
    ('"Image": ', r'"winlo\u0067": {"event_id": 2}, "Image": '),
    ('"Image"', '"winlog"'),
    ('"Image": ', '"winlog": null, "Image": '),
    ('"Image": ', '"winlog": {"event_id": 2}, "Image": '),
    ('"event_data"', '"eventdata"'),
    ('"event_data": ', '"event_data": [], "b": '),
    # System
    ('"EventID": "1"', '"EventID": 1'),
    ('"EventID": "1"', '"EventID": " 1 "'),
    ('"EventID": "1"', '"EventID": 1.0'),
    ('"EventID": "1"', '"EventID": 65536'),
    ('"EventID": "1"', '"EventID": -1'),
    ('"EventID": "1"', '"EventID": ""'),
    ('"EventID": "1"', '"EventID": true'),
    ('"EventID": "1", ', ""),
    ('"Computer": "h"', '"HostName": "h"'),
    ('"Computer": "h"', '"Computer": "", "Hostname": "h"'),
    ('"Computer": "h"', '"Computer": null, "Hostname": "h"'),
    ('"Computer": "h", ', ""),
    ('"Provider": ', '"SourceName": "", "ProviderName": "a", "Provider": '),
    ('"Provider": ', '"SourceName": "a", "Provider": '),
    ('"Provider": "Microsoft-Windows-Sysmon"', '"Provider": {"Name": "a"}'),
    ('"Provider": "Microsoft-Windows-Sysmon"', '"Channel": "Microsoft-Windows-Sysmon/Operational"'),
    ('"Provider": "Microsoft-Windows-Sysmon"', '"UtcTime": null'),
    ('"Provider": "Microsoft-Windows-Sysmon"', '"UtcTime": ""'),
    ('"Provider": "Microsoft-Windows-Sysmon", ', ""),
    ('"provider_name": "Microsoft-Windows-Sysmon"', '"channel": "Microsoft-Windows-Sysmon/Operational"'),
    ('"event_id": 1, ', ""),
    # The time
    ("08:00:00.123", "08:00:00"),
    ("08:00:00.1234567Z", "08:00:00.Z"),
    ("08:00:00.123Z", "08:00:00.Z"),
    ("08:00:00.123", "24:00:00.123"),
    ("2025-06-17T", "2025-06-17 "),
    ("2025-06-17", "1999-06-17"),
    ('"SystemTime": ', '"EventTime": "2025-06-17 10:00:00", "SystemTime": '),
    ('"SystemTime": ', '"EventTime": "", "SystemTime": '),
    ('"SystemTime": ', '"EventTime": "x", "SystemTime": '),
    ('"SystemTime": "2025', '"TimeCreated": "2025'),
    ('"SystemTime": "2025', '"SystemTime": "", "UtcTime": "2025'),
    ('"SystemTime": "2025', '"a": "2025'),
    # Lines
    ('{"', '{ "'),
    ('{"', ' {"'),
    ('{"', '\ufeff{"'),
    ('{"', '\ufeff\ufeff{"'),
    ('{"', '\0 \ufeff\0{"'),
    ('{"', '\ufeff\n{"'),
    ('"u"}', '"u"}\0'),
    ('"u"}', '"u",}'),
    ('"u"}', '"u", }'),
    ('"u"}', '"u",  }'),
    ('{"', '[{"'),
    ('{"', '{"a": "b"}{"'),
    ('{"', '{"a": \n"b", "'),
    ('{"', '\n\n \n{"'),
    ('{"', ""),
]


@pytest.mark.parametrize(
    "event, old, new", [(event, old, new) for old, new in UNUSUAL for event in (EVENT, BEAT) if old in event]
)
def test_an_unusual_line_is_read_the_same(tmp_path, event, old, new):
    """It is so among usual lines, before and after, and if it comes first."""
    unusual = event.replace(old, new, 1)
    for lines in ([*USUAL[:5], unusual, *USUAL[5:], event, unusual], [unusual, BEAT, unusual, *USUAL]):
        path = tmp_path / "log"
        path.write_text("\n".join(lines), encoding="utf-8", newline="")
        same(path, NAMED)


USUAL_OBJECTS = [
    '{"Image": "i", "User": "w"}',
    '{"o": {"Image": "i"}}',
    '{"p": {"q": 1}, "r": 2}',
    '{"p": 1, "r": 2}',
    '[{"a": 1}, {"b": 1}], "c": 1, "Hashes": "i"',
]


def nested(inner: str) -> str:
    """Return an event whose own keys are around an object, `o`."""
    return EVENT[:-1] + f', "o": {inner}, "Image2": "b", "User": "v"' + "}"


@pytest.mark.parametrize(
    "line",
    [
        nested('{"Image": "i", "User": "w"}'),
        nested('{"Image": "i""User": "w"}'),
        nested('"i""User": "w"'),
        nested('1"User": "w"'),
        nested('"Image": "i"'),
        nested('["i", "User": "w"]'),
        nested('["Image": "i"]'),
        nested('[{"Image": "i", "User": "w"}]'),
        nested('[1, {"Image": "i", "User": "w"}]'),
        nested('[[1, {"Image": "i", "User": "w"}]]'),
        nested('{{"Image": "i", "User": "w"}}'),
        nested('{"Image": {"Image": "i", "User": "w"}, "User": "x"}'),
        nested('{, "Image": "i"}'),
        nested('{"p": {"q": 1}, "r": 2}'),
        nested('{"p": 1"q": 1}'),
        nested('{"p": 1, "r": 2}'),
        nested('{"p": [1, "r": 2]}'),
        nested('{"p": {"q": 1, "r": 2}}'),
        nested('{"p": {"q": [{}, "r": 2}]}}'),
        nested('{"p": {"q": [{}]}, "r": 2}'),
        nested('[{"a": 1}, {"b": 1}], "c": 1, "Hashes": "i"'),
        nested('[{"a": [{"b": 1}], "c": 1, "Hashes": "i"}]'),
        nested('{"Image": "i", "User":  "w"}'),
        nested('{"Image": "i","User":"w"}'),
        nested('{"Image" : "i", "User"\t: "w"}'),
        nested('{"Image": "i", "Image": "j", "User": "w"}'),
        nested('{"Image": "i"}, "User": "first"'),
        nested('{"Image": "i", "User": }'),
        nested('{"Image": "i", "User": '),
        nested("{}"),
        EVENT.replace('"1", "Provider', '"1""Provider'),
        EVENT.replace('"1", "Provider', '"1"\n, "Provider'),
        EVENT.replace(', "CommandLine": "x"', ""),
        EVENT[: EVENT.index('"CommandLine"')],
        EVENT[: EVENT.index("CommandLine")],
    ],
)
def test_what_stood_between_two_values_before_means_the_same_only_where_it_stood(tmp_path, line):
    """The same keys are in other objects, in arrays, twice, without a comma; the line comes before or after it is learned."""
    usual = [EVENT, *map(nested, USUAL_OBJECTS)]
    path = tmp_path / "log"
    for lines in ([*usual, line, *usual, line], [line, *usual, line, *usual]):
        path.write_text("\n".join(lines), encoding="utf-8", newline="")
        rows, _, _ = same(path, NAMED)
        assert len(rows) >= 2 * len(usual)


@pytest.mark.parametrize("count", [3, 15, 16, 17, 2050])
def test_more_forms_of_lines_than_are_learned_are_read_the_same(tmp_path, exact_lines, count):
    """Each line has its own key, first, in the middle or last, and comes twice; long keys are not learned."""
    keys = [f"k{number}" if number % 3 else f"k{number}" * 20 for number in range(count)]
    lines = [json.dumps({f"a{key}": 1} | PLAIN | {key: 2, "User": "v", f"b{key}": 3}) for key in keys]
    path = tmp_path / "log"
    path.write_text("\n".join([*lines, *lines, EVENT, ""]), encoding="utf-8")
    rows, _, _ = same(path)
    exact_lines.clear()
    outcome(fast.read, path)
    assert (2 * count + 1, []) == (len(rows), exact_lines)


def test_lines_of_other_spacing_need_no_exact_reader(tmp_path, exact_lines):
    """What was learned from one is the beginning of what the other has between two values."""
    lines = [json.dumps(PLAIN, separators=(",", separator)) for separator in (":", ": ")]
    path = tmp_path / "log"
    path.write_text("\n".join([*lines, *reversed(lines), *lines, ""]), encoding="utf-8")
    rows, _, _ = same(path)
    exact_lines.clear()
    outcome(fast.read, path)
    assert (6, []) == (len(rows), exact_lines)


FLAT = {"EventID": "1", "Computer": "h", "SystemTime": "2025-06-17T08:00:00Z", "UtcTime": "2025-06-17 08:00:00"}
PROVIDERS = [
    {},
    {"SourceName": "a"},
    {"Provider": "b"},
    {"ProviderName": "c", "SourceName": None},
    {"Provider": "d", "SourceName": "e"},
]


@pytest.mark.parametrize("first", range(len(PROVIDERS)))
def test_lines_that_name_their_provider_otherwise_are_read_the_same(tmp_path, first):
    """It is so whatever the first line of a block calls it, and if that names none but the next lines do."""
    path = tmp_path / "log"
    turned = PROVIDERS[first:] + PROVIDERS[:first]
    path.write_text("".join(json.dumps(FLAT | provider) + "\n" for provider in turned * 3), encoding="utf-8")
    rows, bad, _ = same(path)
    assert (15, BadEvents()) == (len(rows), bad)


@pytest.mark.parametrize("raw", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_bytes_that_are_no_utf_8_are_read_the_same(tmp_path, raw):
    """They are in a value, in a key, or between them, in a line among others, which are kept."""
    path = tmp_path / "log"
    for old, new in ((b'"x"', b'"@"'), (b'"Image"', b'"Image@"'), (b'"x"', b'"x"@'), (b'"x"', b'"x", "a@": "@"')):
        unusual = EVENT.encode().replace(old, new.replace(b"@", raw))
        path.write_bytes(b"\n".join([*(line.encode() for line in USUAL), unusual]))
        rows, bad, _ = same(path)
        assert 21 == len(rows) + bad.count


PUT = [b"", b"\xff", *(bytes([char]) for char in b',:"{}[]\\ 0-.en\n\t')]
MUTATION = st.tuples(st.floats(0, 1), st.integers(0, 3), st.sampled_from(PUT))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(range(len(REAL) or 1)),
    st.sampled_from(FORMS),
    st.floats(0, 1),
    st.lists(MUTATION, min_size=1, max_size=4),
)
def test_a_mutated_recording_is_read_the_same(tmp_path, shared_data, which, form, start, mutations):
    """Twenty events from anywhere in a real recording, a few bytes cut, put in or replaced."""
    events = content(REAL[which]).split(b"</Event>")
    first = int(start * (len(events) - 1))
    lines = json_lines(form, b"".join(event + b"</Event>" for event in events[first : first + 20][:-1]))
    for place, cut, put in mutations:
        at = int(place * len(lines))
        lines = lines[:at] + put + lines[at + cut :]
    path = tmp_path / "log"
    path.write_bytes(lines or b"{")
    same(path)
