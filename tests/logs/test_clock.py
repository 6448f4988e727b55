"""Times that are not what they are taken for are told of, once a log."""

from __future__ import annotations

import json

import pytest

from tests.logs.conftest import Loaded, event
from tests.logs.evtx_writer import write_evtx

TIME = "2025-06-17T08:00:00.1234567Z"
LATE = "the UtcTime of its Sysmon events is 7 hours after their time, which is what was taken: it may be a local one"
EARLY = (
    "the UtcTime of its Sysmon events is 5.5 hours before their time, which is what was taken: it may be a local one"
)


def xml(*utc: str, event_id: str = "1", provider: str = "Microsoft-Windows-Sysmon") -> bytes:
    """Write an event at TIME for each UtcTime."""
    return "\n".join(event({"UtcTime": time}, event_id=event_id, provider=provider) for time in utc).encode()


def plain(utc: str) -> bytes:
    """Write the same as JSON."""
    record = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "SystemTime": TIME, "UtcTime": utc}
    return json.dumps(record).encode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (xml("2025-06-17 15:00:00.100"), LATE),
        (xml(*["2025-06-17 15:00:00.100"] * 50), LATE),
        (xml("2025-06-17 02:30:00.100"), EARLY),
        (plain("2025-06-17 15:00:00.100"), LATE),
        (b"[" + plain("2025-06-17 15:00:00.100") + b"]", LATE),
        (write_evtx(xml("2025-06-17 15:00:00.100").decode()), LATE),
        (xml("2025-06-17 15:00:00.100", event_id="3"), LATE),
        (xml("2025-06-17 08:00:00.100"), ""),
        (xml("2025-06-17 08:20:00.100"), ""),
        (xml("2025-06-17 15:00:00.100", provider="Another"), ""),
        (xml("-"), ""),
        (xml("2025-06-17 08:00:00.100") + xml("2025-06-12 08:00:00.100", event_id="3"), ""),
        (xml(*["2025-06-17 08:00:00.100"] * 3, "2025-06-17 15:00:00.100"), ""),
    ],
)
def test_a_log_whose_times_are_hours_from_sysmon_s_own_is_told_of(tmp_path, content, told):
    """By how much, and which was taken; connections count only where there is nothing else, and one odd event does not."""
    path = tmp_path / "log"
    path.write_bytes(content)
    log = Loaded(path, fields=("Image",))
    assert ([1750147200.1234567], told) == (sorted(set(log.values("time"))), log.report.files[0].warning)


def test_a_cache_tells_it_again(tmp_path):
    """It is kept with the table."""
    path = tmp_path / "log"
    path.write_bytes(xml("2025-06-17 15:00:00.100"))
    logs = [Loaded(path, fields=("Image",), cache=tmp_path / "cache") for _ in range(2)]
    assert [LATE, LATE] == [log.report.files[0].warning for log in logs]
