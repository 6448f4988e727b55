"""Whether the times of a log are what they are taken for: Sysmon writes the time of an event once more, in UTC, as UtcTime."""

from __future__ import annotations

from collections.abc import Iterator

from splreplay.errors import DataError
from splreplay.logs.events import SYSMON, Columns, UnreadableEventError, epoch
from splreplay.logs.formats import Format
from splreplay.logs.names import Wanted
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvents

CONNECTION = 3
# So much of a log is looked at: of .evtx, the header of the file and a chunk.
SAMPLE_BYTES = 4096 + 65536
# Less is no other zone, but how long a connection was open, or an event on its way.
APART_S = 1800


def apart(log: Log, format_: Format, head: bytes) -> str:
    """Return what is said where the UtcTime of the first events of Sysmon is hours from their times, or "".

    Args:
        log: The log, for its name.
        format_: Its format.
        head: Its first block.
    """
    differences = list(_differences(Log(log.path, head[:SAMPLE_BYTES]), format_))
    # The UtcTime of a connection may be days before its event in real logs.
    known = sorted(apart_s for number, apart_s in differences if number != CONNECTION) or sorted(
        apart_s for _, apart_s in differences
    )
    difference = known[len(known) // 2] if known else 0
    if abs(difference) < APART_S:
        return ""
    way = "after" if difference > 0 else "before"
    hours = f"{round(abs(difference) / 900) / 4:g} hours"
    return (
        f"the UtcTime of its Sysmon events is {hours} {way} their time, which is what was taken: it may be a local one"
    )


def _differences(sample: Log, format_: Format) -> Iterator[tuple[int, float]]:
    """Yield the number of each event of Sysmon, and by how many seconds its UtcTime is later than its time."""
    try:
        for item in format_.read_exactly(sample, Columns(Wanted(("UtcTime",)))):
            if isinstance(item, BadEvents):
                continue
            providers, numbers, times, *_, clocks = (column.to_pylist() for column in item.columns)
            for provider, number, time, clock in zip(providers, numbers, times, clocks, strict=True):
                if provider == SYSMON and clock:
                    try:
                        yield number, epoch(clock) - time
                    except UnreadableEventError:
                        continue
    except DataError:  # which the whole log raises again
        return
