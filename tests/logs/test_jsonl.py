"""JSON lines: three shippers' forms of the same events, and lines that are not events."""

from __future__ import annotations

import json

import pytest

from splreplay.cim import FIELDS
from tests.conftest import REPO
from tests.logs.conftest import COMMON, Loaded

RECORDINGS = REPO / "tests" / "recordings"
LINE = "CommandLine"
PLAIN = {"EventID": 1, "Provider": "Example", "SystemTime": "2025-06-17T08:00:00Z"}


@pytest.mark.parametrize(
    "form, seconds",
    [
        ("nxlog", [1750151042.0, 1750151047.0, 1750150685.0]),
        ("winlogbeat", [1750151042.484, 1750151047.0, 1750150685.01]),
        ("plain", [1750151042.4840004, 1750151047.0000005, 1750150685.0100007]),
    ],
)
def test_each_form_gives_the_rows_of_the_xml(form, seconds):
    """Only the fraction of the time differs, which NXLog cuts to seconds and Winlogbeat to milliseconds, and
    EventType, for which NXLog writes its own value.
    """
    json_log = Loaded(RECORDINGS / f"installutil_attack.{form}.jsonl")
    xml_log = Loaded(RECORDINGS / "installutil_attack.xml")
    other = "channel" if form == "plain" else "EventType"
    columns = [name for name in (*COMMON, *FIELDS) if name not in ("time", other) and "/" not in name]
    rows, xml_rows = json_log.select(*columns), xml_log.select(*columns)
    assert (3, 3) == (len(rows), sum(row in xml_rows for row in rows))
    assert seconds == [pytest.approx(time, abs=1e-6) for time in json_log.values("time")]


def lines(*records: object) -> str:
    """Write records as JSON lines."""
    return "\n".join(json.dumps(record) for record in records)


@pytest.mark.parametrize(
    "value, text",
    [
        ("a\nb", "a\nb"),
        ("", ""),
        (None, None),
        (True, "true"),
        (False, "false"),
        (9223372036854775808, "9223372036854775808"),
        (1.5, "1.5"),
        ("0x1c4", "0x1c4"),
        ("a\ud800b", "a\ufffdb"),
        ("\0", "\0"),
    ],
)
def test_a_value_is_shown_as_windows_writes_it(loaded, value, text):
    """Everything is text; null is absent; a lone surrogate hides no event."""
    assert [text] == loaded(lines({**PLAIN, LINE: value}), LINE).values(LINE)


def test_keys_that_differ_in_case_are_two(loaded):
    """NXLog's ProcessID is the logger's, ProcessId the event's."""
    log = loaded(lines({**PLAIN, "ProcessID": 4, "ProcessId": "7"}), "ProcessId", "ProcessID")
    assert [("7", "4")] == log.select("ProcessId", "ProcessID")


def test_a_key_may_come_late(loaded):
    """A field that no earlier line has is read."""
    assert [None] * 300 + ["a"] == loaded(lines(*[PLAIN] * 300, {**PLAIN, LINE: "a"}), LINE).values(LINE)


@pytest.mark.parametrize(
    "times",
    [
        {"EventTime": "2025-06-17 08:00:00"},
        {"EventTime": "2025-06-17T10:00:00.000000+02:00"},
        {
            "EventTime": "2025-06-17 04:00:00",
            "EventReceivedTime": "2025-06-17 04:00:02",
            "@timestamp": "2025-06-17T08:00:05.100Z",
        },
        {
            "EventTime": "2025-06-17 13:30:00",
            "EventReceivedTime": "2025-06-17 13:30:59",
            "@timestamp": "2025-06-17T08:01:00.100Z",
        },
        {"TimeCreated": "2025-06-17T08:00:00Z", "UtcTime": "2025-06-16 01:00:00.000"},
        {"@timestamp": "2025-06-17T08:00:00Z", "UtcTime": "2025-06-16 01:00:00.000"},
        {"UtcTime": "2025-06-17 08:00:00.000"},
    ],
)
def test_the_time_is_the_event_s_own(loaded, times):
    """Local time is corrected by what a relay adds; Sysmon's UtcTime is the last resort."""
    assert [1750147200.0] == loaded(lines({"EventID": 3, "Provider": "Example", **times})).values("time")


@pytest.mark.parametrize(
    "keys, provider",
    [
        ({"SourceName": "Example"}, "Example"),
        ({"Provider": "Example", "UtcTime": "-"}, "Example"),
        ({"Channel": "Microsoft-Windows-Sysmon/Operational"}, "Microsoft-Windows-Sysmon"),
        ({"UtcTime": "-"}, "Microsoft-Windows-Sysmon"),
        ({"Channel": "Security"}, "Microsoft-Windows-Eventlog"),
        ({"Channel": "Security", "EventID": 4624}, "Microsoft-Windows-Security-Auditing"),
        ({"Channel": "System"}, ""),
    ],
)
def test_the_provider_is_named_or_implied_by_the_channel_or_sysmon_s_field(loaded, keys, provider):
    """An event without a known provider is kept, without a name."""
    log = loaded(lines({"EventID": 1, "SystemTime": "2025-06-17T08:00:00Z", **keys}))
    assert [provider] == log.values("provider")


@pytest.mark.parametrize(
    "line, reason",
    [
        ('{"EventID": 1', "this is not JSON: "),
        ('{"a":' * 100_000, "this is not JSON: "),
        ("1", "this is JSON, but no object"),
        ("{}", "no form that replay knows: JSON whose records have no keys"),
        ('{"EventID": "x", "SystemTime": "2025-06-17T08:00:00Z"}', "EventID is 'x'"),
        ('{"winlog": {"event_id": 1, "event_data": []}}', "it has no @timestamp"),
    ],
)
def test_a_bad_line_is_located_and_the_good_ones_around_it_are_kept(loaded, line, reason):
    """Blank lines are not events, but count as lines."""
    log = loaded(lines({**PLAIN, LINE: "a"}) + "\n\n" + line + "\r\n" + lines({**PLAIN, LINE: "b"}), LINE)
    [(place, told)] = log.bad()
    assert (["a", "b"], "line 3", reason) == (log.values(LINE), place, told[: len(reason)])


def test_a_pid_that_windows_spells_otherwise(loaded):
    """Event 5156 alone spells its PID ProcessID."""
    winlog = {
        "provider_name": "Microsoft-Windows-Security-Auditing",
        "event_id": 5156,
        "event_data": {"ProcessID": "7316"},
    }
    log = loaded(lines({"@timestamp": "2025-06-17T08:00:00Z", "winlog": winlog}))
    assert [("7316", None)] == log.select("ProcessID", "ProcessId")


@pytest.mark.parametrize(
    "before, after", [("\ufeff", ""), ("\0", ""), ("", "\0\0"), ("\0 \ufeff \0", "\0\r"), ("", " \0\t")]
)
def test_what_surrounds_a_line_costs_no_event(loaded, before, after):
    """It may be the byte order mark of a file appended to another, or the zeros of a file that was not filled."""
    line = lines({**PLAIN, LINE: "b"})
    log = loaded("\n".join([lines({**PLAIN, LINE: "a"}), before + line + after, lines({**PLAIN, LINE: "c"})]), LINE)
    assert ([*"abc"], []) == (log.values(LINE), log.bad())


@pytest.mark.parametrize("line", ["\ufeff", "\0\0", "\ufeff\0 ", "\f"])
def test_a_line_of_padding_is_blank(loaded, line):
    """It is not an event, and not a bad one."""
    log = loaded("\n".join([lines({**PLAIN, LINE: "a"}), line, lines({**PLAIN, LINE: "b"})]), LINE)
    assert ([*"ab"], []) == (log.values(LINE), log.bad())
